"""Pairs of schemas with proven verdicts, in whole contracts: at each place of their direction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .contracts import Json, contract, gate, operation

PAIRS = json.loads((Path(__file__).parent / "schemas" / "handed_over.json").read_text(encoding="utf-8"))
TEXTS = {"type": "array", "items": {"type": "string"}}
OTHERS: list[tuple[str, str, Json, Json]] = [
    ("parameter: optional becomes required", "parameter",
     {"required": False, "schema": {"type": "string"}}, {"required": True, "schema": {"type": "string"}}),
    ("parameter: default changed", "parameter",
     {"schema": {"type": "integer", "default": 50}}, {"schema": {"type": "integer", "default": 20}}),
    ("parameter: explode changed", "parameter",
     {"explode": True, "schema": TEXTS}, {"explode": False, "schema": TEXTS}),
    ("header: response header no longer required", "header",
     {"required": True, "schema": {"type": "string"}}, {"required": False, "schema": {"type": "string"}}),
]  # fmt: skip


def in_body(schema: Json) -> Json:
    return operation(requestBody={"content": {"application/json": {"schema": schema}}})


def in_parameter(schema: Json) -> Json:
    content = {"application/json": {"schema": schema}}
    return operation(parameters=[{"name": "filter", "in": "query", "content": content}])


def in_response(schema: Json) -> Json:
    content = {"application/json": {"schema": schema}}
    return operation(responses={"200": {"description": "It.", "content": content}})


def in_header(schema: Json) -> Json:
    header = {"content": {"application/json": {"schema": schema}}}
    return operation(responses={"204": {"description": "Done.", "headers": {"X-It": header}}})


PLACES = {"request": (in_body, in_parameter), "response": (in_response, in_header)}


def cases() -> Iterator[object]:
    for pair in PAIRS:
        for place in PLACES[pair["direction"]]:
            old, new = (contract(paths=place(pair[which])) for which in ("old", "new"))
            yield pytest.param(old, new, pair["verdict"], id=f"{pair['name']} {place.__name__}")
    for name, kind, before, after in OTHERS:
        old, new = (contract(paths=around(kind, given)) for given in (before, after))
        yield pytest.param(old, new, "breaking", id=name)


def around(kind: str, given: Json) -> Json:
    if kind == "parameter":
        return operation(parameters=[{"name": "it", "in": "query", **given}])
    return operation(responses={"204": {"description": "Done.", "headers": {"X-It": given}}})


@pytest.mark.parametrize(("old", "new", "verdict"), list(cases()))
def test_the_command_gives_the_proven_verdict(old: Json, new: Json, verdict: str, tmp_path: Path) -> None:
    checked = gate(tmp_path, old, new)
    assert ("breaking" if checked.errors else "safe") == verdict, checked.output
    assert "schema-undecided" not in checked.rules
    new["info"]["version"] = "1.1.0"
    assert gate(tmp_path, old, new).code == (verdict == "breaking")

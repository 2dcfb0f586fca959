"""How much work a hostile contract is: it grows with the contract, not with the square of it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from tickbox_contract.gate.rules import run

from .counting import calls_of
from .test_valid import changed


def requirements(number: int) -> dict[str, Any]:
    """Security schemes, and as many wrong names of them."""
    names = {f"scheme{i:05d}": {"type": "http", "scheme": "basic"} for i in range(number)}
    return {"components/securitySchemes": names, "security": [{f"schema{i:05d}": []} for i in range(number)]}


def discriminators(number: int) -> dict[str, Any]:
    """Schemas with a discriminator, each with the same alternatives, which are as many."""
    alternatives = [{"$ref": f"#/components/schemas/L{i}"} for i in range(number)]
    one = {"allOf": [{"$ref": "#/components/schemas/B"}], "discriminator": {"propertyName": "k"}}
    leaf = {"type": "object", "properties": {"k": {"type": "string"}}}
    leaves = {f"components/schemas/L{i}": leaf for i in range(number)}
    return {**leaves, "components/schemas/B": {"oneOf": alternatives}} | {
        f"components/schemas/D{i}": one for i in range(number)
    }


def work(changes: dict[str, Any], function: str) -> int:
    raw = json.dumps(changed(changes)).encode()
    return calls_of(partial(run, raw, file="contract.json", stages=["valid"]))[f"tickbox_contract.{function}"]


@pytest.mark.unmeasured
def test_twice_as_many_wrong_names_are_not_four_times_the_work() -> None:
    alike = "openapi.spelling._likeness"
    assert work(requirements(200), alike) <= 2 * work(requirements(100), alike)


@pytest.mark.unmeasured
def test_only_so_many_properties_of_discriminators_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickbox_contract.gate.keywords.MOST_PARTS", 100)
    assert work(discriminators(20), "openapi.document.Document.parts") < 600


@pytest.mark.unmeasured
def test_a_schema_with_very_many_parts_is_written_for_itself_only() -> None:
    assert work(discriminators(401), "gate.json_schemas.JsonSchemas._schema") < 10 * 401


@pytest.mark.unmeasured
def test_only_so_many_unknown_keywords_are_compared_with_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickbox_contract.gate.keywords._MOST_HINTS", 10)
    raw = json.dumps(changed({"components/schemas/B": {f"keyword{i}": 1 for i in range(1_000)}}, "3.1.1")).encode()
    calls = calls_of(partial(run, raw, file="contract.json", stages=["valid"]))
    assert calls["tickbox_contract.openapi.spelling.meant"] == 10

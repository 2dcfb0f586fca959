"""A schema that breaks clients at several places is reported at each of them, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .contracts import Json, checked, contract, gate, operation

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
REF = {"$ref": "#/components/schemas/X"}
JSON, RETURNED = "application/json", "response-schema"


def a_map(**properties: Any) -> Json:
    return {"type": "object", "properties": properties}


def sending(schema: Json, **components: Json) -> Json:
    paths = operation(requestBody={"content": {JSON: {"schema": schema}}})
    return contract(paths=paths, components={"schemas": components})


def returning(schema: Json, **components: Json) -> Json:
    responses = {"200": {"description": "It.", "content": {JSON: {"schema": schema}}}}
    return contract(paths=operation(responses=responses), components={"schemas": components})


def texts(folder: Path, old: Json, new: Json, rule: str) -> set[str]:
    found = [each.text.partition(": ")[2] for each in gate(folder, old, new).found if each.rule == rule]
    assert len(found) == len(set(found))
    return set(found)


SHORT, WORD = {**TEXT, "maxLength": 3}, {**TEXT, "enum": ["a", "b"]}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(a_map(a=TEXT, b=TEXT), a_map(a=NUMBER, b=NUMBER), {'`{a: ""}`', '`{b: ""}`'}, id="properties"),
        pytest.param(
            a_map(a=a_map(b=TEXT, c=TEXT)), a_map(a=a_map(b=NUMBER, c=NUMBER)),
            {'`{a: {b: ""}}`', '`{a: {c: ""}}`'}, id="properties of a property",
        ),
        pytest.param(
            {"type": "array", "items": a_map(a=TEXT, b=TEXT)}, {"type": "array", "items": a_map(a=NUMBER, b=NUMBER)},
            {'`[{a: ""}]`', '`[{b: ""}]`'}, id="items",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": a_map(a=TEXT, b=TEXT)},
            {"type": "object", "additionalProperties": a_map(a=NUMBER, b=NUMBER)},
            {'`{other: {a: ""}}`', '`{other: {b: ""}}`'}, id="values of a map",
        ),
        pytest.param(
            a_map(a=TEXT, b=TEXT, c=TEXT), {**a_map(a=TEXT, b=TEXT, c=NUMBER), "required": ["a", "b"]},
            {"an object without `a`", "an object without `b`", '`{c: ""}`'}, id="required names",
        ),
        pytest.param(
            {"anyOf": [a_map(a=TEXT, b=TEXT), NUMBER]}, {"anyOf": [a_map(a=NUMBER, b=NUMBER), NUMBER]},
            {'`{a: ""}`', '`{b: ""}`'}, id="alternatives",
        ),
        pytest.param(
            {"allOf": [a_map(a=TEXT), a_map(b=TEXT)]}, {"allOf": [a_map(a=NUMBER), a_map(b=NUMBER)]},
            {'`{a: ""}`', '`{b: ""}`'}, id="parts",
        ),
        pytest.param(
            {**a_map(a=TEXT, b=TEXT), "required": ["a"]}, {**a_map(a=NUMBER, b=NUMBER), "required": ["a"]},
            {'`{a: ""}`', '`{b: ""}`'}, id="no value is accepted by both",
        ),
    ],
)  # fmt: skip
def test_every_place_that_rejects_what_was_accepted_is_reported(
    old: Json, new: Json, expected: set[str], tmp_path: Path
) -> None:
    found = texts(tmp_path, sending(old), sending(new), "body-schema")
    assert {text.removesuffix(" is now rejected") for text in found} == expected


@pytest.mark.parametrize("required", [["a", "b"], ["b"], []])
def test_every_place_that_returns_more_is_reported(required: list[str], tmp_path: Path) -> None:
    old = {**a_map(a=TEXT, b=TEXT, c=WORD), "required": ["a", "b"]}
    new = {**a_map(a=TEXT, b=TEXT, c=TEXT), **({"required": required} if required else {})}
    found = texts(tmp_path, returning(old), returning(new), RETURNED)
    lacking = {f"an object without `{name}` may now be returned" for name in {"a", "b"} - {*required}}
    assert {text for text in found if "without" in text} == lacking
    assert len(found) == len(lacking) + 1


def test_a_name_that_may_be_missing_is_reported_beside_one_that_must_not_be(tmp_path: Path) -> None:
    """No object is one of both schemas: the release is closed, and the new one requires another name."""
    old = {**a_map(a=TEXT), "required": ["a"], "additionalProperties": False}
    new = {**a_map(a=TEXT, b=TEXT), "required": ["b"], "additionalProperties": False}
    found = texts(
        tmp_path, returning({"type": "array", "items": old}), returning({"type": "array", "items": new}), RETURNED
    )
    assert found == {
        "the property `b` in `[0]` may now be returned", "an object without `a` in `[0]` may now be returned",
    }  # fmt: skip


def test_a_part_that_breaks_alone_is_not_reported_where_the_rest_excludes_it(tmp_path: Path) -> None:
    """`a` may be longer in one part, and must not in the other one, in both contracts."""
    old, new = (
        {"allOf": [a_map(a={**TEXT, "maxLength": most}, b=each), a_map(a=SHORT)]}
        for most, each in ((3, TEXT), (9, {"oneOf": [TEXT, NUMBER]}))
    )
    found = texts(tmp_path, returning(old), returning(new), RETURNED)
    assert found == {"`{b: 0}` may now be returned"}


def test_two_schemas_that_share_a_part_report_its_breaks_once_with_both_operations(tmp_path: Path) -> None:
    def root(inner: Json) -> Json:
        content = {JSON: {"schema": {"type": "object", "properties": {"x": REF, "y": inner}}}}
        paths = operation(requestBody={"content": content})
        paths |= operation("/dogs", operationId="dogs", requestBody={"content": content})
        return contract(paths=paths, components={"schemas": {"X": a_map(a=inner, b=inner)}})

    done = gate(tmp_path, root(TEXT), root(NUMBER))
    breaks = [each.text for each in done.found if each.rule == "body-schema"]
    assert len(breaks) == 4
    assert all(text.startswith("pets, dogs: ") for text in breaks if "x: " in text)


def test_a_break_that_is_ignored_does_not_hide_the_next_one(tmp_path: Path) -> None:
    for name, root in (("old", sending(a_map(a=TEXT, b=TEXT))), ("new", sending(a_map(a=NUMBER, b=NUMBER)))):
        (tmp_path / f"{name}.json").write_text(json.dumps(root))
    pointer = "/paths/~1pets/post/requestBody/content/application~1json/schema/properties/a"
    ignore = {"rule": "body-schema", "pointer": pointer, "reason": "Nobody sends it."}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in ignore.items())
    (tmp_path / "gate.toml").write_text(f"[[ignore]]\n{lines}\n")
    files = "--contract", str(tmp_path / "new.json"), "--against", str(tmp_path / "old.json")
    done = checked("gate", "compatible", *files)
    assert [each.text for each in done.found if each.rule == "body-schema"] == ['pets: `{b: ""}` is now rejected']


def test_a_schema_that_contains_itself_is_walked_through_once(tmp_path: Path) -> None:
    def root(inner: Json) -> Json:
        return sending(REF, X=a_map(a=inner, b=inner, c=REF, d={"type": "array", "items": REF}))

    found = texts(tmp_path, root(TEXT), root(NUMBER), "body-schema")
    assert {text.removesuffix(" is now rejected") for text in found} == {'`{a: ""}`', '`{b: ""}`'}


def test_a_reference_that_leads_nowhere_leaves_the_rest_to_be_compared(tmp_path: Path) -> None:
    """What it leads to is needed for a whole value."""

    def root(inner: Json) -> Json:
        lost = {"$ref": "#/components/schemas/Lost"}
        return sending({**a_map(a=a_map(b=inner, c=lost)), "required": ["a"]}, X=TEXT)

    assert "schema-undecided" in gate(tmp_path, root(TEXT), root(NUMBER)).errors


def test_a_property_after_its_sunset_demands_no_break(tmp_path: Path) -> None:
    ended = {**TEXT, "deprecated": True, "x-sunset": "2020-01-01"}
    done = gate(tmp_path, returning(a_map(a=ended, b=TEXT)), returning(a_map(b=TEXT)))
    assert [(each.rule, each.severity) for each in done.found if each.rule != "version-step"] == [
        ("property-retired", "notice")
    ]

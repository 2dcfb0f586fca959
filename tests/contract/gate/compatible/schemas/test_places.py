"""A break is reported where the contracts say it, and in a short sentence."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tickbox_contract.gate.compatible.schemas import Broken, Direction

from .documents import AT, compared

OBJECT = {"type": "object"}


class Case(NamedTuple):
    """Two schemas, and what is said: the places are below those of the schemas."""

    old: Any
    new: Any
    what: str
    pointer: tuple[str | int, ...]
    old_pointer: tuple[str | int, ...]
    direction: Direction = "request"


def holding(inner: Any, **more: Any) -> Any:
    return {"type": "object", "properties": {"a": {"type": "array", "items": inner}}, **more}


CASES = {
    "longest text": Case(
        {"type": "string", "maxLength": 9}, {"type": "string", "maxLength": 1},
        "a text of 2 characters is now rejected", ("maxLength",), ("maxLength",),
    ),
    "shortest text": Case(
        {"type": "string"}, {"type": "string", "minLength": 1},
        "a text of 0 characters is now rejected", ("minLength",), (),
    ),
    "one character": Case(
        {"type": "string", "minLength": 1}, {"type": "string", "minLength": 2},
        "a text of 1 character is now rejected", ("minLength",), ("minLength",),
    ),
    "items": Case(
        {"type": "array", "items": {}}, {"type": "array", "items": {}, "minItems": 1},
        "a list of 0 items is now rejected", ("minItems",), (),
    ),
    "properties": Case(
        OBJECT, {**OBJECT, "maxProperties": 1},
        "an object with 2 properties is now rejected", ("maxProperties",), (),
    ),
    "required": Case(
        OBJECT, {**OBJECT, "required": ["a"]},
        "an object without `a` is now rejected", ("required",), (),
    ),
    "no longer required": Case(
        {**OBJECT, "required": ["a"]}, OBJECT,
        "an object without `a` may now be returned", (), ("required",), "response",
    ),
    "closed": Case(
        {**OBJECT, "properties": {"a": {"type": "string"}}}, {**OBJECT, "additionalProperties": False},
        "the property `a` is now rejected", ("additionalProperties",), (),
    ),
    "hidden": Case(
        {**OBJECT, "properties": {"a": {}}}, {**OBJECT, "properties": {"a": {"readOnly": True}}},
        "the property `a` is now rejected", ("properties", "a"), (),
    ),
    "undeclared": Case(
        {"properties": {"b": {}}}, {"properties": {"a": {"type": "string"}, "b": {}}},
        "`{a: 0}` is now rejected; the schema that allows it did not declare it",
        ("properties", "a", "type"), (),
    ),
    "an enum": Case(
        {"type": "string", "enum": ["cash"]}, {"type": "string", "enum": ["cash", "card"]},
        "`card` may now be returned", ("enum",), ("enum",), "response",
    ),
    "a word that YAML knows": Case(
        {"type": "string", "enum": ["yes"]}, {"type": "string", "enum": ["no"]},
        '`"yes"` is now rejected', ("enum",), ("enum",),
    ),
    "null": Case(
        {"type": "string", "nullable": True}, {"type": "string"},
        "`null` is now rejected", ("type",), ("type",),
    ),
    "inside": Case(
        holding({"type": "string"}), holding({"type": "string", "maxLength": 3}),
        "a text of 4 characters in `a[0]` is now rejected",
        ("properties", "a", "items", "maxLength"), ("properties", "a", "items"),
    ),
    "a value inside": Case(
        holding({"type": "string"}), holding({"type": "string", "nullable": True}),
        "`{a: [null]}` may now be returned",
        ("properties", "a", "items", "type"), ("properties", "a", "items", "type"), "response",
    ),
    "a part": Case(
        {"allOf": [{"type": "string"}, {"maxLength": 5}]}, {"allOf": [{"type": "string"}, {"maxLength": 4}]},
        "a text of 5 characters is now rejected", ("allOf", 1, "maxLength"), ("allOf", 1, "maxLength"),
    ),
    "an alternative": Case(
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "integer"}]},
        "a text of 3 characters is now rejected", ("anyOf", 0, "maxLength"), (),
    ),
    "no alternative": Case(
        {"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "boolean"}, {"type": "integer"}]},
        '`""` is now rejected', ("anyOf",), ("anyOf",),
    ),
    "the alternative of the same kind": Case(
        {"anyOf": [{"properties": {"k": {"enum": ["a"]}}, "required": ["k", "a"]}, {"type": "string"}]},
        {"anyOf": [{"properties": {"k": {"enum": ["a"]}}, "required": ["k"]}, {"type": "string"}]},
        "an object without `a` may now be returned", ("anyOf", 0, "required"), ("anyOf", 0, "required"), "response",
    ),
    "the alternative that fits further": Case(
        {"anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "string"}]},
        {"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}, {"type": "string"}]},
        '`{a: ""}` is now rejected',
        ("anyOf", 0, "properties", "a", "type"), ("anyOf", 0, "properties", "a", "type"),
    ),
    "two alternatives": Case(
        {"oneOf": [{"type": "string"}]}, {"oneOf": [{"type": "string"}, {"maxLength": 9}]},
        '`""` is now rejected', ("oneOf",), ("oneOf",),
    ),
    "not": Case(
        {"type": "string"}, {"type": "string", "not": {"enum": ["a"]}},
        "`a` is now rejected", ("not",), (),
    ),
    "equal items": Case(
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "a list with equal items is now rejected", ("uniqueItems",), (),
    ),
    "a range": Case(
        {"type": "integer"}, {"type": "integer", "format": "int32"},
        "`-2147483649` is now rejected", ("format",), (),
    ),
    "nothing fits": Case(
        {"type": "string"}, {"not": {}},
        '`""` is now rejected', ("not",), (),
    ),
    "a map": Case(
        {**OBJECT, "additionalProperties": {"type": "integer"}},
        {**OBJECT, "additionalProperties": {"type": "boolean"}},
        "`{other: 0}` is now rejected", ("additionalProperties", "type"), ("additionalProperties", "type"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_a_break_has_places_and_a_sentence(case: Case) -> None:
    found = compared(case.old, case.new, case.direction)
    assert isinstance(found, Broken)
    places = (found.pointer[len(AT) :], found.old_pointer[len(AT) :])
    assert (found.what, *places) == (case.what, case.pointer, case.old_pointer)


def test_a_component_is_reported_where_it_is_written() -> None:
    schemas = {"Root": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}, "Item": {"type": "string"}}
    found = compared({"schemas": schemas}, {"schemas": {**schemas, "Item": {"type": "integer"}}})
    assert isinstance(found, Broken)
    assert found.pointer == found.old_pointer == ("components", "schemas", "Item", "type")


def test_a_discriminator_is_reported_at_its_union() -> None:
    union = {"oneOf": [{"$ref": "#/components/schemas/Cat"}], "discriminator": {"propertyName": "kind"}}
    cat = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    renamed = {**union, "discriminator": {"propertyName": "kind", "mapping": {"tom": "Cat"}}}
    found = compared({"schemas": {"Root": union, "Cat": cat}}, {"schemas": {"Root": renamed, "Cat": cat}}, "response")
    assert isinstance(found, Broken)
    assert found.what == "`{kind: tom}` may now be returned"


def test_a_part_that_is_named_twice_is_looked_at_once() -> None:
    parts = {"allOf": [{"$ref": "#/components/schemas/Part"}] * 2}
    found = compared({"schemas": {"Root": parts, "Part": {"type": "string", "maxLength": 2}}}, {"maxLength": 1})
    assert isinstance(found, Broken)
    assert found.old_pointer == ("components", "schemas", "Part", "maxLength")


def test_a_long_value_is_cut() -> None:
    found = compared({"enum": ["x" * 200]}, {"enum": ["y"]})
    assert isinstance(found, Broken)
    assert found.what == f"`{'x' * 80}...` is now rejected"

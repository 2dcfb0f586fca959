"""The gate follows references as the engine does, and reports what cannot be followed; it never hangs on it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tickbox_contract.gate.rules import run
from tickbox_contract.openapi.objects import fragment
from tickbox_contract.openapi.rules import Stage


def ref(pointer: str) -> dict[str, str]:
    return {"$ref": pointer}


def found(
    schemas: dict[str, Any], schema: Any = None, *, stage: Stage = "valid", types: Any = None
) -> set[tuple[str, str]]:
    """What breaks rules of *stage* in a document whose only response is of *schema*: rule and message."""
    content = {"application/json": {"schema": schema or ref("#/components/schemas/A")}}
    root = {
        "openapi": "3.0.4",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "content": content}}}}},
        "components": {"schemas": schemas, "x-types": types or {}},
    }
    report = run(json.dumps(root).encode(), file="contract.json", stages=[stage])
    assert report.skipped == ()
    return {(finding.rule.rule_id, finding.message) for finding in report.findings}


@pytest.mark.parametrize(
    ("schemas", "message"),
    [
        ({"A": ref("#/components/schemas/A")}, "#/components/schemas/A leads back to itself"),
        ({"A": ref("#/components/schemas/B"), "B": ref("#/components/schemas/A")},
         "#/components/schemas/A leads back to itself"),
        ({"A": {"items": ref("#/components/schemas/A/items")}}, "#/components/schemas/A/items leads back to itself"),
        ({"A": {"items": ref("#/components/schemas/A/nothing")}}, "#/components/schemas/A/nothing leads nowhere"),
        ({"A": ref("#/info")}, "#/info is not one of the schemas, which this place needs"),
        ({"A": ref("#/components")}, "#/components is not one of the schemas, which this place needs"),
        ({"A": ref("#A")}, "#A is not a JSON pointer"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_a_finding(schemas: dict[str, Any], message: str) -> None:
    assert ("resolving-ref", message) in found(schemas)


def test_a_property_that_parts_of_a_response_describe_by_halves_is_a_finding_for_the_engine() -> None:
    halves: list[dict[str, Any]] = [{"properties": {"n": {"properties": {name: {}}}}} for name in "ab"]
    message = "several parts declare properties of 'n': let one of them declare all"
    assert ("servable-schema", message) in found({"A": {"allOf": halves}}, stage="style")
    assert found({"A": {"allOf": halves}}) == set()
    assert "servable-schema" not in dict(found({"A": {"allOf": [halves[0], halves[0]]}}, stage="style"))
    assert ("resolving-ref", "#/b leads nowhere") in found({"A": {"allOf": [*halves, ref("#/b")]}})


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"allOf": [ref("#/components/schemas/A")]}},
        {"A": {"anyOf": [ref("#/components/schemas/B")]}, "B": {"not": ref("#/components/schemas/A")}},
        {"A": {"oneOf": [{"allOf": [ref("#/components/schemas/A")]}]}},
    ],
)
def test_a_schema_that_is_a_part_of_itself_is_a_finding(schemas: dict[str, Any]) -> None:
    assert ("possible-schema", "this schema has itself among its parts") in found(schemas)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"$ref": {"type": "string"}, "a": ref("#/components/schemas/A")}},
        {"type": "object", "properties": {"a": {"type": "object", "example": ref("#/nowhere")}}},
        {"type": "object", "properties": {"example": ref("#/components/x-types/5%25~1day")}},
        {"enum": [ref("#/nowhere")]},
        {"type": "array", "items": ref("#/components/schemas/A")},
        {
            "type": "object",
            "additionalProperties": ref("#/paths/~1a/get/responses/200/content/application~1json/schema"),
        },
    ],
)
def test_what_is_right_is_not_a_finding(schema: dict[str, Any]) -> None:
    assert found({"A": schema}, types={"5%/day": {"type": "integer"}}) == set()


def test_an_example_is_held_against_what_any_pointer_leads_to() -> None:
    order = {"type": "object", "properties": {"id": {"type": "integer"}}}
    held = {
        "type": "object",
        "properties": {"id": ref("#/components/schemas/Order/properties/id")},
        "example": {"id": "x"},
    }
    assert found({"A": held, "Order": order, "id": {"type": "string"}}) == {
        ("fitting-example", "/id: This must be an integer.")
    }


def test_an_example_of_a_base_is_held_against_what_its_discriminator_selects() -> None:
    base = {"type": "object", "properties": {"kind": {"type": "string"}}, "discriminator": {"propertyName": "kind"}}
    cat = {"allOf": [ref("#/components/schemas/A"), {"type": "object", "properties": {"lives": {"type": "integer"}}}]}
    good, bad = {**base, "example": {"kind": "Cat", "lives": 9}}, {**base, "example": {"kind": "Dog", "lives": 9}}
    assert found({"A": good, "Cat": cat}) == set()
    ((rule_id, message),) = found({"A": bad, "Cat": cat})
    assert (rule_id, message.rpartition(": /kind")[2]) == ("fitting-example", ": This must be one of: A, Cat.")


def test_a_target_in_an_extension_has_the_form_of_what_it_is_used_as() -> None:
    assert found({"A": ref("#/components/x-types/a")}, types={"a": {"type": "text"}}) == {
        ("well-formed", "type: This must be one of: array, boolean, integer, number, object, string.")
    }


def test_a_finding_is_at_the_line_of_the_reference() -> None:
    text = f"""\
openapi: 3.0.4
info: {{title: t, version: '1'}}
paths:
  /a:
    get:
      responses:
        '200': {{description: d}}
        '404':
          $ref: '{fragment(("components", "responses", "No"))}'
"""
    (finding,) = run(text.encode(), file="contract.yaml", stages=["valid"]).findings
    assert (finding.rule.rule_id, finding.line) == ("resolving-ref", 9)

"""A `$ref` is a JSON pointer, where OpenAPI has a Reference Object; what cannot be followed is named with its place."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.objects import METHODS, fragment, reference_to
from tickbox_contract.openapi.references import References, UnresolvedReferenceError
from tickbox_contract.openapi.schemas import SchemaCompiler

ODD: dict[str, Any] = {
    "a/b": {"n": 1},
    "m~n": {"n": 2},
    "~1": {"n": 3},
    "50%": {"n": 4},
    "": {"n": 5},
    "ü": {"n": 6},
    '"': {"n": 7},
    "list": [{"n": 8}, {"n": 9}],
    "0": {"n": 10},
    "text": "x",
}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("#/a~1b", 1), ("#/m~0n", 2), ("#/~01", 3), ("#/50%25", 4), ("#/", 5), ("#/%C3%BC", 6), ("#/ü", 6),
        ("#/%22", 7), ("#/list/0", 8), ("#/list/1", 9), ("#/0", 10), ("#/a%7E1b", 1),
    ],
)  # fmt: skip
def test_a_pointer_is_decoded_as_a_fragment_and_then_unescaped(reference: str, found: int) -> None:
    assert References(ODD).find(reference).node == {"n": found}


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("#/nope", "#/nope leads nowhere"),
        ("#/list/2", "#/list/2 leads nowhere"),
        ("#/list/01", "#/list/01 leads nowhere"),
        ("#/list/-1", "#/list/-1 leads nowhere"),
        ("#/list/-", "#/list/- leads nowhere"),
        ("#/list/\u0661", "#/list/\u0661 leads nowhere"),
        ("#/list/x", "#/list/x leads nowhere"),
        ("#/text/0", "#/text/0 leads nowhere"),
        ("#/a~1b/", "#/a~1b/ leads nowhere"),
        ("#/text", "#/text does not lead to an object"),
        ("#/list", "#/list does not lead to an object"),
        ("#anchor", "#anchor is not a JSON pointer"),
        ("#/m~n", "#/m~n is not a JSON pointer"),
        ("#/%FF", "#/%FF is not a JSON pointer"),
        ("other.yaml#/a", "other.yaml#/a leads out of the document"),
        ("https://a.example/b", "https://a.example/b leads out of the document"),
        ("Pet", "Pet leads out of the document"),
        ("", " leads out of the document"),
    ],
)
def test_what_is_not_there_is_named(reference: str, message: str) -> None:
    with pytest.raises(UnresolvedReferenceError) as caught:
        References(ODD).find(reference)
    assert str(caught.value) == message


def test_a_reference_that_was_looked_up_before_keeps_nothing_of_who_asked() -> None:
    references = References({"a": {}})
    errors: list[UnresolvedReferenceError] = []
    for _ in range(2):
        try:
            references.find("#/b")
        except UnresolvedReferenceError as error:
            errors.append(error)
    first, second = errors
    assert (str(first), first.why) == (str(second), second.why)
    assert first is not second  # one that is raised again has the frames of both


def test_the_root_is_an_object_as_any_other() -> None:
    assert References(ODD).find("#").node is ODD


@pytest.mark.parametrize("name", ODD)
def test_a_reference_to_any_place_leads_there(name: str) -> None:
    root = {name: {"n": 1}}
    assert References(root).find(reference_to((name,))).node is root[name]


OK = {"description": "d"}


def document(components: dict[str, Any] | None = None, **paths: Any) -> Document:
    """A document with the paths /<name>, whose form is right."""
    root = {
        "openapi": "3.0.4",
        "info": {"title": "t", "version": "1"},
        "paths": {f"/{name}": item for name, item in paths.items()},
        "components": components or {},
    }
    return Document.parse(json.dumps(root).encode())


def broken(components: dict[str, Any] | None = None, **paths: Any) -> list[str]:
    found = document(components, **paths).references.broken
    return [f"{message} (at {fragment(pointer)})" for pointer, message, _ in found]


def ref(pointer: str) -> dict[str, str]:
    return {"$ref": pointer}


def get(schema: Any, **more: Any) -> dict[str, Any]:
    """A path with a GET that returns *schema*."""
    return {"get": {"responses": {"200": {**OK, "content": {"application/json": {"schema": schema}}}}, **more}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"$ref": {"type": "string"}}},
        {"type": "object", "properties": {"$ref": ref("#/components/schemas/Real")}},
        {"type": "object", "example": ref("#/nowhere")},
        {"type": "object", "default": ref("#/nowhere")},
        {"enum": [ref("#/nowhere")]},
        {"type": "object", "x-note": ref("#/nowhere"), "x-list": [ref("other.yaml")]},
        {"type": "object", "properties": {"example": {"type": "object", "example": {"deep": [ref("#/nowhere")]}}}},
    ],
)
def test_what_only_looks_like_a_reference_is_data(schema: dict[str, Any]) -> None:
    assert broken({"schemas": {"Real": {"type": "string"}, "A": schema}}, a=get(schema)) == []


def test_examples_and_links_hold_data() -> None:
    media = {
        "schema": {"type": "object"},
        "examples": {"one": {"value": ref("#/nowhere")}, "two": ref("#/components/examples/Real")},
    }
    link = {"operationId": "a", "parameters": {"x": ref("#/nowhere")}, "requestBody": ref("#/nowhere")}
    item = {"get": {"responses": {"200": {**OK, "content": {"application/json": media}, "links": {"l": link}}}}}
    assert broken({"examples": {"Real": {"value": ref("#/nowhere")}}}, a=item) == []


@pytest.mark.parametrize("name", ["example", "default", "enum", "value", "x-a", "properties", "schema", "responses"])
def test_a_name_that_somebody_chose_is_not_a_word_of_openapis(name: str) -> None:
    schema = {"type": "object", "properties": {name: ref("#/nowhere")}}
    found = broken({"schemas": {name: ref("#/nowhere")}}, a=get(schema))
    here = "#/paths/~1a/get/responses/200/content/application~1json/schema"
    assert found == [
        f"#/nowhere leads nowhere (at {here}/properties/{name})",
        f"#/nowhere leads nowhere (at #/components/schemas/{name})",
    ]


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ({"parameters": {"A": ref("#/components/parameters/A")}}, "#/components/parameters/A leads back to itself"),
        ({"schemas": {"A": ref("#/components/schemas/B"), "B": ref("#/components/schemas/A")}},
         "#/components/schemas/B leads back to itself"),
        ({"responses": {"A": ref("#/components/responses/B"), "B": ref("#/components/responses/A")}},
         "#/components/responses/B leads back to itself"),
        ({"headers": {"A": ref("#/components/headers/A")}}, "#/components/headers/A leads back to itself"),
        ({"requestBodies": {"A": ref("#/components/requestBodies/A")}},
         "#/components/requestBodies/A leads back to itself"),
        ({"examples": {"A": ref("#/components/examples/A")}}, "#/components/examples/A leads back to itself"),
        ({"x-paths": {"A": ref("#/components/x-paths/A")},
          "callbacks": {"C": {"{$url}": ref("#/components/x-paths/A")}}},
         "#/components/x-paths/A leads back to itself"),
        ({"schemas": {"A": {"allOf": [ref("#/components/schemas/A")]}}},
         "#/components/schemas/A has itself among its parts"),
        ({"schemas": {"A": {"oneOf": [ref("#/components/schemas/B")]}, "B": {"not": ref("#/components/schemas/A")}}},
         "#/components/schemas/A has itself among its parts"),
        ({"schemas": {"A": {"anyOf": [{"allOf": [ref("#/components/schemas/A/anyOf/0")]}]}}},
         "#/components/schemas/A/anyOf/0 has itself among its parts"),
        ({"schemas": {"A": ref("#/components/parameters/P")},
          "parameters": {"P": {"name": "p", "in": "query", "schema": {}}}},
         "#/components/parameters/P is not one of the schemas, which this place needs"),
        ({"schemas": {"A": ref("#/info")}}, "#/info is not one of the schemas, which this place needs"),
        ({"schemas": {"A": ref("#/components/schemas")}},
         "#/components/schemas is not one of the schemas, which this place needs"),
    ],
)  # fmt: skip
def test_what_never_ends_or_is_of_another_kind_is_named(components: dict[str, Any], message: str) -> None:
    assert any(line.startswith(f"{message} (at #/") for line in broken(components)), broken(components)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"next": ref("#/components/schemas/A")}},
        {"type": "array", "items": ref("#/components/schemas/A")},
        {"type": "object", "additionalProperties": ref("#/components/schemas/A")},
        {"allOf": [{"type": "object", "properties": {"next": {"oneOf": [ref("#/components/schemas/A")]}}}]},
    ],
)
def test_a_schema_may_have_itself_in_another_value(schema: dict[str, Any]) -> None:
    assert broken({"schemas": {"A": schema}}) == []


def test_a_chain_longer_than_the_interpreters_stack_is_followed() -> None:
    names = [f"A{number}" for number in range(5000)]
    chain: dict[str, Any] = {
        name: {"allOf": [ref(f"#/components/schemas/{following}")]} for name, following in itertools.pairwise(names)
    }
    chain[names[-1]] = {"type": "string"}
    assert broken({"schemas": chain}) == []
    root = {
        "components": {"schemas": {name: ref(f"#/components/schemas/A{n + 1}") for n, name in enumerate(names[:-1])}}
    }
    root["components"]["schemas"][names[-1]] = {"type": "string"}
    compiled = SchemaCompiler(root).compile(ref("#/components/schemas/A0"), direction="request")
    assert (compiled.is_valid("x"), compiled.is_valid(1)) == (True, False)


def test_what_a_reference_leads_to_in_an_extension_is_followed_in_turn() -> None:
    item = get({"type": "string"}, parameters=[ref("#/components/x-shared/page")])
    shared = {"page": {"name": "page", "in": "query", "schema": ref("#/nowhere")}}
    assert broken({"x-shared": shared}, a=item) == ["#/nowhere leads nowhere (at #/components/x-shared/page/schema)"]


@pytest.mark.parametrize("method", METHODS)
def test_every_place_of_an_operation_is_looked_at(method: str) -> None:
    node = {
        "parameters": [ref("#/p")],
        "requestBody": {"content": {"a/b": {"schema": ref("#/s"), "examples": {"e": ref("#/e")}}}},
        "responses": {
            "200": {**OK, "headers": {"H": {"schema": {"items": ref("#/h")}}}, "links": {"l": ref("#/l")}},
            "default": ref("#/r"),
        },
        "callbacks": {"c": {"{$url}": {"post": {"responses": {"200": ref("#/c")}}}}, "d": ref("#/d")},
    }
    found = broken(a={method: node, "parameters": [ref("#/q")]})
    assert {line.partition(" ")[0] for line in found} == {f"#/{name}" for name in "psehlrcdq"}


def test_a_place_is_written_as_a_pointer() -> None:
    assert fragment(("paths", "/a~b", "get", 0)) == "#/paths/~1a~0b/get/0"


@pytest.mark.parametrize(
    ("reference", "good", "bad"),
    [
        ("#/components/schemas/Order/properties/id", 1, "a"),
        ("#/components/schemas/Order/properties/tags/items", "a", 1),
        ("#/components/schemas/a.b-c_d", True, 1),
        ("#/components/schemas/Mixed/allOf/1", {"x": 1}, {"x": "a"}),
        ("#/paths/~1orders~1%7Bid%7D/get/responses/200/content/application~1json/schema", [1], ["a"]),
        ("#/components/x-types/5%25~1day", 5, "a"),
    ],
)
def test_a_schema_may_be_anywhere(reference: str, good: Any, bad: Any) -> None:
    """`#/components/schemas/Order/properties/id` was a component called `id`, where there was one."""
    numbers = {"type": "array", "items": {"type": "integer"}}
    components = {
        "schemas": {
            "id": {"type": "string"},
            "Order": {
                "type": "object",
                "properties": {"id": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}},
            },
            "a.b-c_d": {"type": "boolean"},
            "Mixed": {"allOf": [{}, {"type": "object", "properties": {"x": {"type": "integer"}}}]},
        },
        "x-types": {"5%/day": {"type": "integer"}},
    }
    root = document(components, **{"orders/{id}": get(numbers)}).root
    for schema in (ref(reference), {"allOf": [ref(reference)]}):
        compiled = SchemaCompiler(root).compile(schema, direction="request")
        assert (compiled.is_valid(good), compiled.is_valid(bad)) == (True, False)


def test_names_that_are_alike_once_they_are_written_safely_are_kept_apart() -> None:
    root = {"components": {"x-t": {"a/b": {"type": "integer"}, "a b": {"type": "string"}}}}
    both = {"properties": {"x": ref("#/components/x-t/a~1b"), "y": ref("#/components/x-t/a%20b")}}
    compiled = SchemaCompiler(root).compile(both, direction="request")
    assert compiled.is_valid({"x": 1, "y": "a"})
    assert not compiled.is_valid({"x": "a"})
    assert not compiled.is_valid({"y": 1})

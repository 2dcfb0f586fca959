"""Schemas that are composed, and what a discriminator selects."""

from typing import Any

from tickbox_contract.responses import Response, ok

from .rows import Node, Trial, body, refused, rejects, responds, served, takes

COMPOSITION = "Composition and Inheritance (Polymorphism)"
DISCRIMINATOR = "Discriminator Object"
SCHEMA = "Schema Object"


def ref(name: str) -> Node:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(**named: Any) -> dict[str, Any]:
    """The components of a row."""
    return {"components": {"schemas": named}}


def returns(value: Any, schema: Node, **named: Any) -> dict[str, Any]:
    """The fields of a row whose handler returns *value* where *schema* is declared."""

    def response() -> Response:
        return ok(value)

    return responds(response, content={"application/json": {"schema": schema}}) | schemas(**named)


def halved(name: str) -> Node:
    """A schema whose property `n` is a list of objects with *name*."""
    return {"properties": {"n": {"type": "array", "items": {"properties": {name: {}}}}}}


NAMED: Node = {"type": "object", "required": ["id", "name"], "properties": {"name": {"type": "string"}}}
FIXED: Node = {"type": "object", "properties": {"id": {"type": "integer", "readOnly": True}}}
SECRET: Node = {"type": "object", "properties": {"secret": {"type": "string", "writeOnly": True}}}
PET: Node = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"type": "string"}},
    "discriminator": {"propertyName": "kind"},
}
CAT: Node = {"allOf": [ref("Pet"), {"type": "object", "properties": {"lives": {"type": "integer"}}}]}
TOM = {"kind": "Cat", "lives": 9}
CIRCLE: Node = {
    "type": "object",
    "required": ["r"],
    "properties": {"form": {"type": "string"}, "r": {"type": "number"}},
}
SQUARE: Node = {
    "type": "object",
    "required": ["a"],
    "properties": {"form": {"type": "string"}, "a": {"type": "number"}},
}
UNION: Node = {
    "oneOf": [ref("Circle"), ref("Square")],
    "discriminator": {"propertyName": "form", "mapping": {"round": "#/components/schemas/Circle"}},
}
DIVIDED = "several parts declare properties of 'n': let one of them declare all"
SERVED, BROKEN = Trial(), Trial(status=500)

ROWS = (
    served("readOnly: not in requests, and not required there", SCHEMA, takes({"name": "a"}),
           rejects({"name": "a", "id": 1}, "#/id read-only"),
           **body({**NAMED, "properties": {**NAMED["properties"], **FIXED["properties"]}})),
    served("readOnly in one part of an allOf, required in another", COMPOSITION, takes({"name": "a"}),
           rejects({"name": "a", "id": 1}, "#/id read-only"), rejects({}, "#/name required"),
           **body({"allOf": [ref("Fixed"), ref("Named")]}), **schemas(Fixed=FIXED, Named=NAMED)),
    served("readOnly in one part of an allOf: required in responses", COMPOSITION, BROKEN,
           **returns({"name": "a"}, {"allOf": [ref("Fixed"), ref("Named")]}, Fixed=FIXED, Named=NAMED)),
    served("writeOnly in one part of an allOf, required in another", COMPOSITION, SERVED,
           **returns({}, {"allOf": [ref("Secret"), {"required": ["secret"]}]}, Secret=SECRET)),
    served("readOnly behind a $ref", SCHEMA, takes({"name": "a"}), rejects({"name": "a", "id": 1}, "#/id read-only"),
           **body({**NAMED, "properties": {"id": ref("Id"), "name": {"type": "string"}}}),
           **schemas(Id={"type": "integer", "readOnly": True})),
    served("an allOf with a bare object stays closed in responses", COMPOSITION, BROKEN,
           **returns({"a": 1, "b": 2}, {"allOf": [{"type": "object"}, ref("A")]},
                     A={"type": "object", "properties": {"a": {}}})),
    served("an object without properties is free in responses", SCHEMA, SERVED,
           **returns({"a": 1}, {"allOf": [{"type": "object"}]})),
    served("discriminator of a base: a response has the properties of the derived schema", DISCRIMINATOR, SERVED,
           **returns(TOM, ref("Pet"), Pet=PET, Cat=CAT)),
    served("discriminator of a base: a value that selects nothing in a response", DISCRIMINATOR, BROKEN,
           **returns({**TOM, "kind": "Bird"}, ref("Pet"), Pet=PET, Cat=CAT)),
    served("discriminator of a base: a request is checked by the schema that it selects", DISCRIMINATOR, takes(TOM),
           takes({"kind": "Pet"}), rejects({**TOM, "lives": "9"}, "#/lives type"),
           rejects({**TOM, "kind": "Bird"}, "#/kind enum"), rejects({"lives": 9}, "#/kind required"),
           **body(ref("Pet")), **schemas(Pet=PET, Cat=CAT)),
    served("discriminator beside oneOf, with and without mapping", DISCRIMINATOR, takes({"form": "round", "r": 1}),
           takes({"form": "Square", "a": 1}), rejects({"form": "Square", "r": 1}, "#/a required"),
           rejects({"form": "oval"}, "#/form enum"), **body(UNION), **schemas(Circle=CIRCLE, Square=SQUARE)),
    refused("discriminator beside an inline alternative", DISCRIMINATOR,
            "the discriminator 'form' is beside an inline schema in oneOf",
            **body({**UNION, "oneOf": [ref("Circle"), SQUARE]}), **schemas(Circle=CIRCLE)),
    refused("discriminator with a mapping to another alternative", DISCRIMINATOR,
            "maps 'round' to a schema that is not in its oneOf",
            **body({**UNION, "oneOf": [ref("Square")]}), **schemas(Circle=CIRCLE, Square=SQUARE)),
    refused("discriminator with a mapping to another file", DISCRIMINATOR, "maps 'round' to nothing",
            **body({**UNION, "discriminator": {"propertyName": "form", "mapping": {"round": "circle.yaml"}}}),
            **schemas(Circle=CIRCLE, Square=SQUARE)),
    refused("discriminator of a property that is readOnly", DISCRIMINATOR, "the discriminator 'kind' is readOnly in",
            **body(ref("Pet")),
            **schemas(Pet={**PET, "properties": {"kind": {"type": "string", "readOnly": True}}}, Cat=CAT)),
    refused("discriminator of a property that is not a text", DISCRIMINATOR, "the discriminator 'kind' is never",
            **body(ref("Pet")), **schemas(Pet={**PET, "properties": {"kind": {"type": "integer"}}}, Cat=CAT)),
    refused("a response's property that several parts of an allOf describe in part", COMPOSITION, DIVIDED,
            **returns({}, {"allOf": [halved("a"), halved("b")]})),
    refused("a response's property that an alternative describes further", COMPOSITION, DIVIDED,
            **returns({}, {**halved("a"), "oneOf": [halved("b")]})),
    refused("a response's property that the selected schema of a discriminator describes further", DISCRIMINATOR,
            DIVIDED,
            **returns({}, {**UNION, **halved("a")}, Square=SQUARE, Circle={"allOf": [CIRCLE, halved("b")]})),
    served("a response's property that alternatives describe in two ways, or parts in one", COMPOSITION,
           Trial(content=b'{"n":[{"b":1}],"m":{"c":1}}'),
           **returns({"n": [{"b": 1}], "m": {"c": 1}}, {
               "allOf": [{"properties": {"m": ref("M")}}, {"properties": {"m": {"allOf": [ref("M")]}}}],
               "oneOf": [halved("a"), halved("b")],
           }, M={"properties": {"c": {}, "ms": {"type": "array", "items": ref("Ms")}}},
               Ms={"type": "array", "items": ref("Ms")})),
    refused("discriminators of two bases", DISCRIMINATOR, "is derived from several schemas with a discriminator",
            **body(ref("C")), **schemas(A=PET, B=PET, C={"allOf": [ref("A"), ref("B")]})),
    refused("a chain of 1,100 compositions", COMPOSITION, "act: its schemas are nested too deep",
            **body(ref("C0")), **schemas(**{f"C{n}": {"allOf": [ref(f"C{n + 1}")]} for n in range(1100)}, C1100={})),
    refused("a schema that is a part of itself", COMPOSITION, "this schema has itself among its parts",
            **body(ref("A")), **schemas(A={"allOf": [ref("A")]})),
    served("a schema that has itself in a property", SCHEMA, takes({"next": {"next": {}}}),
           rejects({"next": {"next": 1}}, "#/next/next type"), **body(ref("A")),
           **schemas(A={"type": "object", "properties": {"next": ref("A")}})),
)  # fmt: skip

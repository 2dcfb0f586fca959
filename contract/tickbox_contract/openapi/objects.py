"""The objects that a document consists of, and the fields in which OpenAPI 3.0 lets each have others.

Only these are objects of OpenAPI: everything in an example, a default, an enum or an extension is data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Pointer = tuple[str | int, ...]
"""The steps from the root of the document to a place in it."""

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
COMPOSITES = ("allOf", "anyOf", "oneOf")

_Form = Literal["one", "list", "names", "fields"]
"""How a field has objects: one, a list, under chosen names, or under names beside extensions (`x-`)."""

SCHEMAS_IN: Mapping[str, _Form] = {
    "properties": "names", "items": "one", "additionalProperties": "one", "not": "one",
    **dict.fromkeys(COMPOSITES, "list"),
    # of OpenAPI 3.1 alone
    **dict.fromkeys(("$defs", "patternProperties", "dependentSchemas"), "names"), "prefixItems": "list",
    **dict.fromkeys(
        ("if", "then", "else", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"), "one"
    ),
}  # fmt: skip
"""The keywords that hold schemas. A document of OpenAPI 3.0 that has one of 3.1 does not have the required form."""

_PARAMETER: Mapping[str, tuple[_Form, str]] = {
    "schema": ("one", "schemas"), "content": ("names", "media types"), "examples": ("names", "examples"),
}  # fmt: skip
_HELD: Mapping[str, Mapping[str, tuple[_Form, str]]] = {
    "document": {
        "paths": ("fields", "path items"), "components": ("one", "components"),
        "webhooks": ("names", "path items"),  # of OpenAPI 3.1
    },
    "components": {
        "pathItems": ("names", "path items"),  # of OpenAPI 3.1
        **{kind: ("names", kind)
        for kind in (
            "schemas", "responses", "parameters", "examples", "requestBodies", "headers", "securitySchemes", "links",
            "callbacks",
        )},
    },
    "path items": {"parameters": ("list", "parameters"), **dict.fromkeys(METHODS, ("one", "operations"))},
    "operations": {
        "parameters": ("list", "parameters"), "requestBody": ("one", "requestBodies"),
        "responses": ("fields", "responses"), "callbacks": ("names", "callbacks"),
    },
    "parameters": _PARAMETER,
    "headers": _PARAMETER,
    "requestBodies": {"content": ("names", "media types")},
    "responses": {
        "headers": ("names", "headers"), "content": ("names", "media types"), "links": ("names", "links"),
    },
    "media types": {
        "schema": ("one", "schemas"), "examples": ("names", "examples"), "encoding": ("names", "encodings"),
    },
    "encodings": {"headers": ("names", "headers")},
    "schemas": {key: (form, "schemas") for key, form in SCHEMAS_IN.items()},
}  # fmt: skip
_NO_REFERENCES = frozenset({"document", "components", "operations", "media types", "encodings"})
"""Kinds of objects that cannot be replaced by a Reference Object."""


class Place(NamedTuple):
    """An object of the document, and its kind: a kind of component, or another word."""

    pointer: Pointer
    kind: str
    node: Mapping[str, Any]

    @property
    def reference(self) -> str | None:
        """The `$ref`, if the object is a reference."""
        reference = self.node.get("$ref")
        return reference if isinstance(reference, str) and self.kind not in _NO_REFERENCES else None


def fragment(pointer: Pointer) -> str:
    """*pointer* as in a `$ref` (RFC 6901, section 6), for messages: nothing is percent-encoded."""
    return "".join(("#", *(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in pointer)))


def reference_to(pointer: Pointer) -> str:
    """A `$ref` to *pointer*."""
    return fragment(pointer).replace("%", "%25")


def within(place: Place, *, siblings: bool = False) -> Iterator[Place]:
    """*place* and everything in it, without what references lead to; see `held_by` for *siblings*."""
    open_places = [place]
    while open_places:
        place = open_places.pop()
        yield place
        open_places += reversed(held_by(place, siblings=siblings))


def held_by(place: Place, *, siblings: bool = False) -> list[Place]:
    """The objects directly in that of *place*. A reference has none, except a schema with *siblings* (OpenAPI 3.1)."""
    pointer, kind, node = place
    if place.reference is not None and not (siblings and kind == "schemas"):
        return []
    if kind == "callbacks":
        return [Place((*pointer, key), "path items", value) for key, value in _objects(node, "fields")]
    found = []
    for key, (form, held) in _HELD.get(kind, {}).items():
        value = node.get(key)
        if form == "one":
            found += [Place((*pointer, key), held, value)] if isinstance(value, dict) else []
        else:
            found += [Place((*pointer, key, name), held, inner) for name, inner in _objects(value, form)]
    return found


def _objects(value: Any, form: _Form) -> Iterator[tuple[str | int, dict[str, Any]]]:  # JSON
    if form == "list":
        pairs: Any = enumerate(value) if isinstance(value, list) else ()
    else:
        pairs = value.items() if isinstance(value, dict) else ()
    for name, inner in pairs:
        if isinstance(inner, dict) and not (form == "fields" and name.startswith("x-")):
            yield name, inner


def is_larger(value: Any, most: int) -> bool:  # JSON
    """Whether *value* has more than *most* members, with those of its members."""
    waiting = [value] if isinstance(value, dict | list) else []
    while waiting and most >= 0:
        held = waiting.pop()
        most -= len(held)
        waiting += [
            each for each in (held.values() if isinstance(held, dict) else held) if isinstance(each, dict | list)
        ]
    return most < 0

"""The form that OpenAPI prescribes for a document, by its published schemas.

The engine serves only documents of the form of OpenAPI 3.0. The gate reads 3.1, too; of a document with faults it goes
on with the sound part.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs
import orjson

from .form_errors import FormErrors, FormFault
from .objects import Place, Pointer, held_by, is_larger
from .published import published_schema
from .references import References
from .rules import MOST_HITS, and_more

_NAMES = {
    "schemas": "Schema", "responses": "Response", "parameters": "Parameter", "examples": "Example",
    "requestBodies": "RequestBody", "headers": "Header", "securitySchemes": "SecurityScheme", "links": "Link",
    "callbacks": "Callback", "path items": "PathItem",
    "components": "Components", "operations": "Operation", "media types": "MediaType", "encodings": "Encoding",
}  # fmt: skip
"""The names in the published schema of the kinds of objects."""
_NAMES_3_1 = {
    "schemas": "schema", "responses": "response", "parameters": "parameter", "examples": "example",
    "requestBodies": "request-body", "headers": "header", "securitySchemes": "security-scheme", "links": "link",
    "callbacks": "callbacks", "path items": "path-item",
    "components": "components", "operations": "operation", "media types": "media-type", "encodings": "encoding",
}  # fmt: skip
_ALWAYS_WRITTEN = frozenset({"components", "operations", "media types", "encodings"})
"""The kinds that a reference cannot be written instead of."""
_EMPTY: Mapping[str, Any] = {
    **{kind: {} for kind in (*_ALWAYS_WRITTEN, "path items")}, "operations": {"responses": {"default": {"$ref": "#"}}},
}  # fmt: skip
"""The least that is valid of the kinds for which OpenAPI 3.0 has no Reference Object."""
_COMPONENT = 2
"""The step of a pointer that has the name of a component."""
_COMPONENT_NAME = re.compile(r"[a-zA-Z0-9._-]+", re.ASCII)
_LARGE = 20_000
"""How many values an object may have for all its errors to be collected: that takes the square of their number."""
_Choose = Callable[[str], jsonschema_rs.Validator]
"""The validator of a kind of objects."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def form_faults(references: References, *, broadly: bool = False, most: int = MOST_HITS) -> Iterator[FormFault]:
    """The faults in the form of a document, and of what references lead to outside of OpenAPI's own places.

    *broadly*, it may be of OpenAPI 3.1, and whether a pattern is a regular expression is not a matter of form.
    Only the first *most* faults are looked for; if there are more, the last one says so.
    """
    old = functools.partial(_validator, any_pattern=broadly)
    is_new = references.is_3_1 and broadly
    choose: _Choose = _validator_3_1 if is_new else old
    version = "3.1" if is_new else "3.0"
    wholes = [Place((), "document", references.root), *references.elsewhere]
    if all(choose(each.kind).is_valid(each.node) for each in wholes):
        return
    number = 0
    for number, fault in enumerate(_faults(references, choose, version), start=1):
        if number > most:
            yield FormFault(fault.pointer, and_more(most))
            return
        yield fault
    if not number:  # what the published schema says of several objects together
        for each in wholes:
            yield from _faults_of(choose(each.kind), each.node, FormErrors(each.node, each.pointer, version))


def _faults(references: References, choose: _Choose, version: str) -> Iterator[FormFault]:
    """The faults of each object by itself: a validator collects all errors of what it checks before the first is seen.

    What is inside of something wrong is not looked at.
    """
    wrong: set[Pointer] = set()
    for place in references.places:
        pointer, kind, _ = place
        if any(pointer[:length] in wrong for length in range(1, len(pointer) + 1)) or _is_unnamed(place, references):
            continue
        inner = held_by(place, siblings=references.is_3_1)
        alone = _alone(place, inner)
        may_refer = kind not in {"document", *_ALWAYS_WRITTEN}
        for fault in _faults_of(choose(kind), alone, FormErrors(alone, pointer, version, may_refer=may_refer)):
            wrong.add(fault.pointer)
            yield fault


def _is_unnamed(place: Place, references: References) -> bool:
    """Whether *place* is in a component with a name that OpenAPI 3.0 does not allow: its schema does not look at it."""
    pointer = place.pointer
    is_component = pointer[:1] == ("components",) and len(pointer) > _COMPONENT
    return is_component and not references.is_3_1 and not _COMPONENT_NAME.fullmatch(str(pointer[_COMPONENT]))


def _alone(place: Place, inner: Sequence[Place]) -> Any:  # JSON
    """The object of *place*, with a valid one instead of each that is in it, and without extensions.

    Extensions may be large: the further files of a contract are one.
    """
    depth = len(place.pointer)
    alone: dict[str, Any] = {key: value for key, value in place.node.items() if not key.startswith("x-")}
    for each in inner:
        key, *name = each.pointer[depth:]
        if not name:
            alone[str(key)] = _instead(each, unique=False)
            continue
        if alone[str(key)] is place.node[str(key)]:
            alone[str(key)] = alone[str(key)].copy()
        alone[str(key)][name[0]] = _instead(each, unique=key == "parameters")
    return alone


def _instead(place: Place, *, unique: bool) -> Any:  # JSON
    if place.kind in _EMPTY:
        return _EMPTY[place.kind]
    return {"$ref": f"#{hash(orjson.dumps(place.node, option=orjson.OPT_SORT_KEYS)) if unique else ''}"}


def _faults_of(validator: jsonschema_rs.Validator, node: Any, errors: FormErrors) -> Iterator[FormFault]:
    """The faults of *node*; of a large one only the first, and that there are more."""
    if validator.is_valid(node):
        return
    if not is_larger(node, _LARGE):
        yield from errors.faults(list(validator.iter_errors(node)))
        return
    try:
        validator.validate(node)
    except jsonschema_rs.ValidationError as first:
        yield errors.faults([first])[0]
        yield FormFault(errors.above, and_more(1))


@functools.cache
def _validator(kind: str, *, any_pattern: bool) -> jsonschema_rs.Validator:
    """The validator of a whole document, or of an object of *kind* or, where it can be one, a reference to one."""
    published = published_schema()
    formats: dict[str, Callable[[str], bool]] = {"regex": lambda _: True} if any_pattern else {}
    if kind == "document":
        return jsonschema_rs.validator_for(published, formats=formats)
    either = [{"$ref": f"#/definitions/{name}"} for name in (_NAMES[kind], "Reference")]
    return jsonschema_rs.validator_for({
        "$schema": published["$schema"], "definitions": published["definitions"],
        **(either[0] if kind in _EMPTY else {"oneOf": either}),
    }, formats=formats)  # fmt: skip


@functools.cache
def _validator_3_1(kind: str) -> jsonschema_rs.Validator:
    """As `_validator`, for OpenAPI 3.1, whose published schema leaves the form of schemas to their dialect."""
    published = published_schema("3.1")
    definitions = published["$defs"]
    definitions["link"]["properties"] |= {  # the published schema differs from the text (3.1.1, "Link Object")
        "parameters": {"type": "object"},
        "server": {"$ref": "#/$defs/server"},
    }
    definitions["callbacks"]["patternProperties"] = {"^x-": True}  # there, the published schema forbids extensions
    definitions["schema"] |= {
        "$ref": _DIALECT,
        "properties": {
            "discriminator": {
                "type": "object",
                "required": ["propertyName"],
                "properties": {
                    "propertyName": {"type": "string"},
                    "mapping": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "externalDocs": {"$ref": "#/$defs/external-documentation"},
        },
    }
    if kind != "document":
        name = _NAMES_3_1[kind]
        name = name if name == "schema" or kind in _ALWAYS_WRITTEN else f"{name}-or-reference"
        published = {"$schema": published["$schema"], "$defs": definitions, "$ref": f"#/$defs/{name}"}
    return jsonschema_rs.validator_for(published, validate_formats=False)

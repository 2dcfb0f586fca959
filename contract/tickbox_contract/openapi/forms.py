"""The form that OpenAPI prescribes for a document, by its published schemas.

The engine serves only documents of the form of OpenAPI 3.0. The gate reads 3.1, too; of a document with faults it goes
on with the sound part.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from itertools import chain, islice
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from .faults import schema_faults
from .objects import Pointer
from .references import References
from .rules import MOST_HITS, and_more

_NAMES = {
    "schemas": "Schema", "responses": "Response", "parameters": "Parameter", "examples": "Example",
    "requestBodies": "RequestBody", "headers": "Header", "securitySchemes": "SecurityScheme", "links": "Link",
    "callbacks": "Callback", "path items": "PathItem",
}  # fmt: skip
"""The names in the published schema of the kinds of objects that a `$ref` may lead to."""
_NAMES_3_1 = {
    "schemas": "schema", "responses": "response", "parameters": "parameter", "examples": "example",
    "requestBodies": "request-body", "headers": "header", "securitySchemes": "security-scheme", "links": "link",
    "callbacks": "callbacks", "path items": "path-item",
}  # fmt: skip
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


_REQUIRED = "This property is required."
_NO_REFERENCE = "$ref: OpenAPI allows no reference here."


class FormFault(NamedTuple):
    """A place that does not have the required form, and why."""

    pointer: Pointer
    message: str


def form_faults(references: References, *, broadly: bool = False, most: int = MOST_HITS) -> Iterator[FormFault]:
    """The faults in the form of a document, and of what references lead to outside of OpenAPI's own places.

    *broadly*, it may be of OpenAPI 3.1, and whether a pattern is a regular expression is not a matter of form.
    Only the first *most* errors of the validators are looked at; if there are more, the last fault says so.
    """
    old = functools.partial(_validator, any_pattern=broadly)
    choose: Callable[[str | None], jsonschema_rs.Validator] = _validator_3_1 if references.is_3_1 and broadly else old
    whole = ((error, ()) for error in choose(None).iter_errors(references.root))
    parts = ((error, p.pointer) for p in references.elsewhere for error in choose(p.kind).iter_errors(p.node))
    found: list[tuple[jsonschema_rs.ValidationError, Pointer]] = list(islice(chain(whole, parts), most + 1))
    faults = [fault for error, above in _without_consequences(found[:most]) for fault in _innermost(error, above)]
    references_where_none_may_be = {fault.pointer[:-1] for fault in faults if fault.message == _NO_REFERENCE}
    for fault in faults:
        if fault.pointer[:-1] not in references_where_none_may_be or not fault.message.endswith(_REQUIRED):
            yield fault
    for error, above in found[most:]:
        yield FormFault((*above, *error.instance_path), and_more(most))


def _without_consequences(
    found: list[tuple[jsonschema_rs.ValidationError, Pointer]],
) -> Iterator[tuple[jsonschema_rs.ValidationError, Pointer]]:
    """*found*, without properties that count as unknown only because something in the same object is wrong.

    In JSON Schema 2020-12, a subschema that fails knows no properties.
    """
    wrong: set[Pointer] = set()
    for error, above in found:
        place = (*above, *error.instance_path)
        if not isinstance(error.kind, Kind.UnevaluatedProperties):
            wrong.update(place[:length] for length in range(len(place) + 1))
    for error, above in found:
        place = (*above, *error.instance_path)
        match error.kind:
            case Kind.UnevaluatedProperties(unexpected=names) if place in wrong and _names_3_1().issuperset(names):
                continue
            case _:
                yield error, above


@functools.cache
def _names_3_1() -> frozenset[str]:
    """All names of properties in the objects of OpenAPI 3.1."""
    names: set[str] = set()
    waiting: list[Any] = [published_schema("3.1")]
    while waiting:
        node = waiting.pop()
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        names |= node["properties"].keys() if isinstance(node, dict) and "properties" in node else set()
    return frozenset(names)


def published_schema(version: str = "3.0") -> dict[str, Any]:
    """The schema of OpenAPI documents that the OpenAPI Initiative publishes (Apache-2.0)."""
    source = resources.files(__package__) / f"openapi-{version}.schema.json"
    schema: dict[str, Any] = json.loads(source.read_bytes())
    return schema


@functools.cache
def _validator(kind: str | None, *, any_pattern: bool) -> jsonschema_rs.Validator:
    """The validator of a whole document, or of an object of *kind* or a reference to one."""
    published = published_schema()
    formats: dict[str, Callable[[str], bool]] = {"regex": lambda _: True} if any_pattern else {}
    if kind is None:
        return jsonschema_rs.validator_for(published, formats=formats)
    either = [{"$ref": f"#/definitions/{name}"} for name in (_NAMES[kind], "Reference")]
    return jsonschema_rs.validator_for({
        "$schema": published["$schema"], "definitions": published["definitions"],
        **(either[0] if kind == "path items" else {"oneOf": either}),
    }, formats=formats)  # fmt: skip


@functools.cache
def _validator_3_1(kind: str | None) -> jsonschema_rs.Validator:
    """As `_validator`, for OpenAPI 3.1, whose published schema leaves the form of schemas to their dialect."""
    published = published_schema("3.1")
    definitions = published["$defs"]
    definitions["link"]["properties"] |= {  # the published schema differs from the text (3.1.1, "Link Object")
        "parameters": {"type": "object"},
        "server": {"$ref": "#/$defs/server"},
    }
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
    if kind is not None:
        name = _NAMES_3_1[kind]
        name = name if name == "schema" else f"{name}-or-reference"
        published = {"$schema": published["$schema"], "$defs": definitions, "$ref": f"#/$defs/{name}"}
    return jsonschema_rs.validator_for(published, validate_formats=False)


def _innermost(error: jsonschema_rs.ValidationError, above: Pointer) -> Iterator[FormFault]:
    """The fault of the alternative that was meant, if all of several alternatives fail."""
    if isinstance(error.kind, Kind.OneOfNotValid | Kind.AnyOf):
        meant = [branch for branch in error.kind.context if not _is_about(branch, Kind.Required, "$ref")]
        if len(meant) > 1:
            meant = [branch for branch in meant if not _is_about(branch, Kind.Enum)]
        if len(meant) == 1:
            for inner in meant[0]:
                yield from _innermost(inner, above)
            return
    place = (*above, *error.instance_path)
    match error.kind:
        case Kind.Required(property=name):
            yield FormFault((*place, name), f"{name}: {_REQUIRED}")
        case Kind.PropertyNames(error=inner):
            name = str(inner.instance)
            yield FormFault((*place, name), f"{name}: A name has only letters, digits, dots, hyphens and underscores.")
        case Kind.AdditionalProperties(unexpected=names) | Kind.UnevaluatedProperties(unexpected=names):
            what = "A path begins with a slash." if place == ("paths",) else "There is no such property here."
            for name in names:
                yield FormFault((*place, name), _NO_REFERENCE if name == "$ref" else f"{name}: {what}")
        case _:
            yield from (FormFault(place, _named(place, fault.detail)) for fault in schema_faults([error]))


def _named(place: Pointer, detail: str) -> str:
    """*detail* after the last name in *place*, and the index in its list if it has one."""
    steps = [str(step) for step in place]
    if place and isinstance(place[-1], int):
        return f"{'/'.join(steps[-2:])}: {detail}"
    return f"{steps[-1]}: {detail}" if steps else detail


def _is_about(errors: Iterable[jsonschema_rs.ValidationError], kind: type, name: str | None = None) -> bool:
    return any(isinstance(e.kind, kind) and (name is None or getattr(e.kind, "property", None) == name) for e in errors)

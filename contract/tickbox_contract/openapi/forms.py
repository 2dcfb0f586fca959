"""The form that OpenAPI 3.0 prescribes for a document, by its published schema. Engine and gate rely on it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Any, NamedTuple

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from .faults import schema_faults
from .objects import Pointer
from .references import References

_NAMES = {
    "schemas": "Schema", "responses": "Response", "parameters": "Parameter", "examples": "Example",
    "requestBodies": "RequestBody", "headers": "Header", "securitySchemes": "SecurityScheme", "links": "Link",
    "callbacks": "Callback", "path items": "PathItem",
}  # fmt: skip
"""The names in the published schema of the kinds of objects that a `$ref` may lead to."""


class FormFault(NamedTuple):
    """A place that does not have the required form, and why."""

    pointer: Pointer
    message: str


def form_faults(references: References) -> Iterator[FormFault]:
    """All faults in the form of a document, and of what references lead to outside of OpenAPI's own places."""
    for error in _validator(None).iter_errors(references.root):
        yield from _innermost(error, ())
    for place in references.elsewhere:
        for error in _validator(place.kind).iter_errors(place.node):
            yield from _innermost(error, place.pointer)


def published_schema() -> dict[str, Any]:
    """The schema of OpenAPI 3.0 documents that the OpenAPI Initiative publishes (Apache-2.0)."""
    schema: dict[str, Any] = json.loads((resources.files(__package__) / "openapi-3.0.schema.json").read_bytes())
    return schema


@functools.cache
def _validator(kind: str | None) -> jsonschema_rs.Validator:
    """The validator of a whole document, or of an object of *kind* or a reference to one."""
    published = published_schema()
    if kind is None:
        return jsonschema_rs.validator_for(published)
    either = [{"$ref": f"#/definitions/{name}"} for name in (_NAMES[kind], "Reference")]
    return jsonschema_rs.validator_for({
        "$schema": published["$schema"], "definitions": published["definitions"],
        **(either[0] if kind == "path items" else {"oneOf": either}),
    })  # fmt: skip


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
            yield FormFault((*place, name), f"{name}: This property is required.")
        case Kind.AdditionalProperties(unexpected=names):
            what = "A path begins with a slash." if place == ("paths",) else "There is no such property here."
            yield from (FormFault((*place, name), f"{name}: {what}") for name in names)
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

"""From a JSON Schema validation error to a fault a client can act on.

Messages are built from the error's kind and the schema's own limits, never from the validator's text, which
quotes the input without bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from .answers import Fault

MAX_FAULTS = 50
"""How many faults one document lists; what is beyond is left out."""

MAX_NAME_CHARS = 64
"""How much of a name that the client made up is repeated in a fault."""

MAX_DEPTH = 32
"""How many steps of a path a pointer repeats."""

_TYPE_NAMES = {"null": "null", "object": "an object", "array": "an array", "string": "a string"}


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer as a URI fragment (RFC 6901, sections 3 and 6); long names and deep paths are cut."""
    tokens = [shorten(str(step)).replace("~", "~0").replace("/", "~1") for step in islice(path, MAX_DEPTH + 1)]
    if len(tokens) > MAX_DEPTH:
        tokens[MAX_DEPTH] = "…"
    return "".join(("#", *(f"/{token}" for token in tokens)))


def schema_faults(errors: Iterable[ValidationError]) -> list[Fault]:
    """The faults behind *errors* with pointers into the body, at most MAX_FAULTS of them."""
    return list(islice(_flatten(errors), MAX_FAULTS))


def shorten(name: str) -> str:
    """*name*, made up by the client, as far as it is repeated in a fault."""
    return name if len(name) <= MAX_NAME_CHARS else name[:MAX_NAME_CHARS] + "…"


def _flatten(errors: Iterable[ValidationError]) -> Iterator[Fault]:
    for error in errors:
        path = error.instance_path
        match error.kind:
            case Kind.Required(property=name):
                yield Fault("This property is required.", "required", place=pointer([*path, name]))
            case Kind.AdditionalProperties(unexpected=names) | Kind.UnevaluatedProperties(unexpected=names):
                for name in names:
                    yield Fault("There is no such property here.", "unknown", place=pointer([*path, name]))
            case kind:
                code, detail = _describe(kind)
                yield Fault(detail, code, place=pointer(path))


def _describe(kind: Any) -> tuple[str, str]:  # one of some thirty unrelated classes
    for cls, code, text in _TABLE:
        if isinstance(kind, cls):
            return code, text(kind)
    return "invalid", "This value does not fit its schema."


def counted(count: int, noun: str) -> str:
    """`1 item`, `2 items`, `2 properties`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


def _type_detail(kind: Any) -> str:
    wanted = [_TYPE_NAMES.get(name, f"a {name}" if name != "integer" else "an integer") for name in kind.types]
    return f"This must be {' or '.join(wanted)}."


_TABLE: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (Kind.Type, "type", _type_detail),
    (Kind.Enum, "enum", lambda kind: f"This must be one of: {', '.join(map(str, kind.options))}."),
    (Kind.Constant, "const", lambda kind: f"This must be {kind.expected_value}."),
    (Kind.Format, "format", lambda kind: f"This is not a valid {kind.format}."),
    (Kind.Pattern, "pattern", lambda kind: f"This must match {kind.pattern}"),
    (Kind.MinLength, "min-length", lambda kind: f"This must have at least {counted(kind.limit, 'character')}."),
    (Kind.MaxLength, "max-length", lambda kind: f"This must have at most {counted(kind.limit, 'character')}."),
    (Kind.Minimum, "minimum", lambda kind: f"This must be {kind.limit} or more."),
    (Kind.Maximum, "maximum", lambda kind: f"This must be {kind.limit} or less."),
    (Kind.ExclusiveMinimum, "minimum", lambda kind: f"This must be more than {kind.limit}."),
    (Kind.ExclusiveMaximum, "maximum", lambda kind: f"This must be less than {kind.limit}."),
    (Kind.MultipleOf, "multiple-of", lambda kind: f"This must be a multiple of {kind.multiple_of}."),
    (Kind.MinItems, "min-items", lambda kind: f"This must have at least {counted(kind.limit, 'item')}."),
    (Kind.MaxItems, "max-items", lambda kind: f"This must have at most {counted(kind.limit, 'item')}."),
    (Kind.UniqueItems, "unique-items", lambda _: "The items must differ from each other."),
    (Kind.MinProperties, "min-properties", lambda kind: f"This must have at least {counted(kind.limit, 'property')}."),
    (Kind.MaxProperties, "max-properties", lambda kind: f"This must have at most {counted(kind.limit, 'property')}."),
    (Kind.FalseSchema, "read-only", lambda _: "This property cannot be set."),
)

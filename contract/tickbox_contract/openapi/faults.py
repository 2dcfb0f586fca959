"""Turns validation errors of JSON Schema into faults that a client can act on.

Messages are built from the kind of the error and the limits in the schema, never from the validator's text, which
quotes the input without a limit. A failed `pattern` is explained by the sentence beside it in the contract
(`x-pattern-says`), never by the regular expression. A value gets one fault, the most helpful one (`one_each`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from jsonschema_rs import ValidationErrorKind as Kind

from tickbox_contract.responses import Fault

from .schemas import Failure

MAX_FAULTS = 50
"""How many faults one problem document lists; further ones are left out."""

_MAX_ERRORS = 4 * MAX_FAULTS
"""How many errors of the validator are read: a value has a few at most, and one of them is kept."""

MAX_NAME_CHARS = 64
"""How many characters of a name that the client invented a fault repeats."""

MAX_DEPTH = 32
"""How many steps of a path a pointer repeats."""

PATTERN_SAYS = "x-pattern-says"
"""The keyword beside a `pattern` in the contract: the sentence for a value that does not match."""

_CUT = "…"
"""Marks a name or a path that is not repeated in full."""

_TYPE_NAMES = {"null": "null", "object": "an object", "array": "an array", "string": "a string"}


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer as a URI fragment (RFC 6901, sections 3 and 6); long names and deep paths are cut."""
    tokens = [shorten(str(step)).replace("~", "~0").replace("/", "~1") for step in islice(path, MAX_DEPTH + 1)]
    if len(tokens) > MAX_DEPTH:
        tokens[MAX_DEPTH] = _CUT
    return "".join(("#", *(f"/{token}" for token in tokens)))


def schema_faults(errors: Iterable[Failure], sentences: Mapping[str, str] | None = None) -> list[Fault]:
    """The faults for *errors*, with pointers into the body: one for each value, at most MAX_FAULTS.

    *sentences* has a text for each pattern that the contract explains (see `pattern_sentences`).
    """
    return one_each(islice(_flatten(errors, sentences or {}), _MAX_ERRORS))


def one_each(faults: Iterable[Fault]) -> list[Fault]:
    """The most helpful of *faults* for each place, in the order of the places; at most MAX_FAULTS.

    Places that were cut may belong to different values, so all their faults are kept.
    """
    kept: dict[object, Fault] = {}
    for number, fault in enumerate(faults):
        key: object = number if _CUT in fault.place else (fault.kind, fault.place)
        if key not in kept or _rank(fault) < _rank(kept[key]):
            kept[key] = fault
    return list(islice(kept.values(), MAX_FAULTS))


def pattern_sentences(schemas: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The `x-pattern-says` of each pattern in *schemas*. A pattern has one meaning, wherever it is used."""
    return dict(_explained(schemas))


def conflicting_sentences(schemas: Iterable[Mapping[str, Any]]) -> list[str]:
    """The patterns that *schemas* explain with different sentences."""
    found: dict[str, set[str]] = {}
    for pattern, sentence in _explained(schemas):
        found.setdefault(pattern, set()).add(sentence)
    return [pattern for pattern, sentences in found.items() if len(sentences) > 1]


def _explained(schemas: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for schema in schemas:
        pattern, sentence = schema.get("pattern"), schema.get(PATTERN_SAYS)
        if isinstance(pattern, str) and isinstance(sentence, str):
            yield pattern, sentence


def shorten(name: str) -> str:
    """*name*, which the client invented, as far as a fault repeats it."""
    return name if len(name) <= MAX_NAME_CHARS else name[:MAX_NAME_CHARS] + _CUT


def _flatten(errors: Iterable[Failure], sentences: Mapping[str, str]) -> Iterator[Fault]:
    for error in errors:
        path = error.instance_path
        match error.kind:
            case Kind.Required(property=name):
                yield Fault("This property is required.", "required", place=pointer([*path, name]))
            case Kind.AdditionalProperties(unexpected=names) | Kind.UnevaluatedProperties(unexpected=names):
                for name in names:
                    yield Fault("There is no such property here.", "unknown", place=pointer([*path, name]))
            case Kind.FalseSchema() if error.schema_path[-1:] == ["additionalProperties"]:
                # The validator reports this for a closed object that declares no properties.
                yield Fault("This object accepts no properties.", "unknown", place=pointer(path))
            case Kind.Pattern(pattern=pattern):
                yield Fault(sentences.get(pattern, _NO_SENTENCE), "pattern", place=pointer(path))
            case kind:
                code, detail = _describe(kind)
                yield Fault(detail, code, place=pointer(path))


def _describe(kind: Any) -> tuple[str, str]:  # one of some thirty unrelated classes
    for cls, code, text in _TABLE:
        if isinstance(kind, cls):
            return code, text(kind)
    return "invalid", "This value does not fit its schema."


def _rank(fault: Fault) -> int:
    """How helpful *fault* is, the lowest most: a wrong type is more helpful to know than a wrong length."""
    return _RANKS.get(fault.code, 0)


def counted(count: int, noun: str) -> str:
    """`1 item`, `2 items`, `2 properties`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun[:-1]}ies" if noun.endswith("y") else f"{count} {noun}s"


def type_detail(types: Iterable[str]) -> str:
    """The sentence for a value that has none of *types*."""
    names = sorted(types, key=lambda name: name == "null")
    wanted = [_TYPE_NAMES.get(name, f"a {name}" if name != "integer" else "an integer") for name in names]
    return f"This must be {' or '.join(wanted)}."


def _written(value: Any) -> str:  # JSON
    """A value of the contract as a client writes it; a text without quotes."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def enum_detail(options: Sequence[Any]) -> str:
    """The sentence for a value that is none of *options*."""
    if len(options) == 1:
        return f"This must be {_written(options[0])}."
    return f"This must be one of: {', '.join(map(_written, options))}."


def _format_detail(kind: Any) -> str:
    return f"This must be {_FORMAT_NAMES.get(kind.format, f'a valid {kind.format}')}."


_NO_SENTENCE = "This does not match the required pattern."

_FORMAT_NAMES = {
    "byte": "base64",
    "date": "a date that exists, YYYY-MM-DD, such as 2026-01-31",
    "date-time": "a date and a time with an offset, such as 2026-01-31T09:30:00Z",
    "email": "an e-mail address",
    "hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "regex": "a regular expression",
    "uri": "a URI",
    "uuid": "a UUID",
}

_TABLE: tuple[tuple[type, str, Callable[[Any], str]], ...] = (
    (Kind.Type, "type", lambda kind: type_detail(kind.types)),
    (Kind.Enum, "enum", lambda kind: enum_detail(kind.options)),
    (Kind.Constant, "const", lambda kind: f"This must be {_written(kind.expected_value)}."),
    (Kind.Format, "format", _format_detail),
    (Kind.MinLength, "min-length", lambda kind: f"This must have at least {counted(kind.limit, 'character')}."),
    (Kind.MaxLength, "max-length", lambda kind: f"This must have at most {counted(kind.limit, 'character')}."),
    (Kind.Minimum, "minimum", lambda kind: f"This must be {kind.limit} or more."),
    (Kind.Maximum, "maximum", lambda kind: f"This must be {kind.limit} or less."),
    (Kind.ExclusiveMinimum, "minimum", lambda kind: f"This must be more than {kind.limit}."),
    (Kind.ExclusiveMaximum, "maximum", lambda kind: f"This must be less than {kind.limit}."),
    (Kind.MultipleOf, "multiple-of", lambda kind: f"This must be a multiple of {kind.multiple_of}."),
    (Kind.MinItems, "min-items", lambda kind: f"This must have at least {counted(kind.limit, 'item')}."),
    (Kind.MaxItems, "max-items", lambda kind: f"This must have at most {counted(kind.limit, 'item')}."),
    (Kind.UniqueItems, "unique-items", lambda _: "The items must be unique."),
    (Kind.MinProperties, "min-properties", lambda kind: f"This must have at least {counted(kind.limit, 'property')}."),
    (Kind.MaxProperties, "max-properties", lambda kind: f"This must have at most {counted(kind.limit, 'property')}."),
    (Kind.FalseSchema, "read-only", lambda _: "This property is read-only. Leave it out."),
    (Kind.AnyOf, "any-of", lambda _: "This matches none of the forms that are allowed here."),
    (Kind.OneOfNotValid, "one-of", lambda _: "This matches none of the forms that are allowed here."),
    (Kind.OneOfMultipleValid, "one-of", lambda _: "This matches more than one of the forms that are allowed here."),
    (Kind.Not, "not", lambda _: "This form is not allowed here."),
)

_MOST_HELPFUL = ("read-only", "unknown", "required", "type", "nul", "const", "enum", "format", "max-length")
_LEAST_HELPFUL = ("pattern", "any-of", "one-of", "not", "invalid")
_RANKS = {
    **{code: place - len(_MOST_HELPFUL) for place, code in enumerate(_MOST_HELPFUL)},
    **{code: place + 1 for place, code in enumerate(_LEAST_HELPFUL)},
}
"""The rank of each code; 0 for a bound. A format is more helpful than a length, which it often implies: a date with a
time is too long. A length is more helpful than a pattern, for the same reason."""

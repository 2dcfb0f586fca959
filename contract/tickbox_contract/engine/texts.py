"""Text to JSON values: percent-encoding, query strings and cookies, and the readers of each JSON type.

Text becomes a value strictly by the schema's type: `1_0`, `+1`, ` 1` and full-width digits are not integers, `True` is
not a boolean.

A schema may imply its type: by an `enum`, a composition, or a keyword for numbers. Then there are several readers. The
first whose value fits the schema is used, in the order of `JSON_TYPES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

Reader = Callable[[str], Any]
"""Turns a text into a JSON value. Raises NotOfTypeError."""

JSON_TYPES = ("boolean", "integer", "number", "string", "array", "object")
_ABOUT_NUMBERS = frozenset({"minimum", "maximum", "multipleOf"})

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class MalformedTextError(ValueError):
    """Text that is not percent-encoded UTF-8, or contains a NUL."""


class NotOfTypeError(ValueError):
    """Text that is not of the schema's JSON type. Its message names the right type."""


def decode(text: str) -> str:
    """*text* with its percent-encoding undone (RFC 3986, section 2.1). Raises MalformedTextError."""
    if not text.isascii():
        raise MalformedTextError
    if "%" in text:
        if _BAD_PERCENT.search(text):
            raise MalformedTextError
        try:
            text = unquote_to_bytes(text).decode()
        except UnicodeDecodeError as error:
            raise MalformedTextError from error
    if "\0" in text:
        raise MalformedTextError
    return text


def decode_query(text: str) -> str:
    """*text* of a query, in which a plus sign is a space. Raises MalformedTextError. Source: WHATWG URL, 5.1."""
    return decode(text.replace("+", " "))


def query_texts(query: bytes) -> dict[str, list[str]]:
    """The decoded names of a query string, in order, each with its values still encoded.

    Values stay encoded, because a list is split before its items are decoded (RFC 6570, section 3.2.1). Raises
    MalformedTextError.
    """
    found: dict[str, list[str]] = {}
    if query:
        for pair in query.decode("latin-1").split("&"):
            if pair:
                name, _, value = pair.partition("=")
                found.setdefault(decode_query(name), []).append(value)
    return found


def cookie_texts(header: str) -> dict[str, list[str]]:
    """The names and values of a `Cookie` header (RFC 6265, section 4.2)."""
    found: dict[str, list[str]] = {}
    for pair in header.split(";"):
        name, separator, value = pair.strip().partition("=")
        if separator:
            found.setdefault(name, []).append(value)
    return found


def types_of(schema: Mapping[str, Any], resolve: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> frozenset[str]:
    """The JSON types that a value of *schema* may have; empty if it does not limit types.

    *resolve* follows references, which must not form a circle.
    """
    schema = resolve(schema)
    if "type" in schema:
        return frozenset({schema["type"]})
    if "enum" in schema:
        return frozenset(map(_type_of, schema["enum"])) - {"null"}
    found: frozenset[str] = frozenset()
    for part in schema.get("allOf", ()):
        found = _common(found, types_of(part, resolve))
    for key in ("anyOf", "oneOf"):
        parts = [types_of(part, resolve) for part in schema.get(key, ())]
        if all(parts):
            found = _common(found, frozenset().union(*parts))
    if not found and not _ABOUT_NUMBERS.isdisjoint(schema):
        return frozenset({"integer", "number"})
    return found


def _common(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The types that both allow; an empty one allows all."""
    if not one or not other:
        return one | other
    integers = {"integer"} if one | other >= {"integer", "number"} else set()
    return (one & other) | integers


def _type_of(value: Any) -> str:  # JSON
    return next(name for cls, name in _TYPE_OF if isinstance(value, cls))


_TYPE_OF: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),  # before int, its base class
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
    (type(None), "null"),
)


def reader_of(types: frozenset[str], *, fits: Callable[[Any], bool]) -> Reader:
    """The reader of one scalar of one of *types*; of text if there are none. *fits* checks a value."""
    readers = [_READERS[name] for name in JSON_TYPES if name in types] or [str]
    return readers[0] if len(readers) == 1 else _first_that_fits(readers, fits)


def _first_that_fits(readers: list[Reader], fits: Callable[[Any], bool]) -> Reader:
    def read(text: str) -> Any:  # JSON
        values = []
        for reader in readers:
            try:
                value = reader(text)
            except NotOfTypeError:
                continue
            if fits(value):
                return value
            values.append(value)
        # The schema says what is wrong, if anything is: a `minimum` alone accepts any text.
        return values[0] if values else text

    return read


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise NotOfTypeError("an integer")
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise NotOfTypeError("a number")
    return float(text)


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise NotOfTypeError("true or false")
    return text == "true"


_READERS: Mapping[str, Reader] = {
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "string": str,
}

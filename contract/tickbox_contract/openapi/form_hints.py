"""How to write what was meant: the second sentence about a value of the wrong form."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from .objects import Pointer
from .spelling import meant

_NULL_IN_QUOTES = " Write null in quotes."
_NO_NULL = " OpenAPI 3.0 has no type null: write `nullable: true` beside another type."


def enum_hint(options: Collection[Any], value: Any) -> str:
    """The one of *options* that may be meant by *value*."""
    if value is None and "null" in options:
        return _NULL_IN_QUOTES
    if value == "null" and "string" in options:
        return _NO_NULL
    texts = [option for option in options if isinstance(option, str)]
    if not isinstance(value, str):
        return ""
    begun = [text for text in texts if len(value) > 1 and text.startswith(value.lower())]
    near = begun[0] if len(begun) == 1 else meant(value, texts)
    return f" {near} may be meant." if near else ""


def type_hint(types: Collection[str], value: Any, place: Pointer) -> str:
    """How to write *value* so that it has one of *types*, if it only looks otherwise."""
    if place[-1:] in (("type",), ("required",)) and (hint := _hint_of_schemas(types, value, str(place[-1]))):
        return hint
    if isinstance(value, int | float) and "string" in types:
        return " Write it in quotes."
    if isinstance(value, str) and "boolean" in types:
        return " Write true or false, without quotes."
    if isinstance(value, str) and {"integer", "number"} & set(types):
        return " Write it without quotes." if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) else ""
    return " Write it in brackets." if "array" in types and value is not None else ""


def _hint_of_schemas(types: Collection[str], value: Any, key: str) -> str:
    """How to write `type` and `required` of a schema, which differ from what they look like elsewhere."""
    if key == "type" and value is None:
        return _NULL_IN_QUOTES if "array" in types else _NO_NULL
    if key == "type" and isinstance(value, list):
        return " OpenAPI 3.0 knows one type, and `nullable: true` beside it."
    if key == "required" and isinstance(value, bool) and "array" in types:
        return " List the names of the required properties, beside `properties`."
    return ""

"""Meanings written as JSON Schema 2020-12, and the validators that check a witness."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from tickbox_contract.openapi.formats import FORMATS

from .meanings import Meaning
from .verdicts import JSON


class Validators:
    """Checks values with jsonschema-rs."""

    def __init__(self) -> None:
        self._compiled: dict[Meaning, jsonschema_rs.Draft202012Validator] = {}

    def accepts(self, meaning: Meaning, value: JSON) -> bool:
        """Whether *value* fits *meaning*. Raises jsonschema_rs.ValidationError if the schema is not a schema."""
        if meaning not in self._compiled:
            self._compiled[meaning] = jsonschema_rs.Draft202012Validator(
                json_schema(meaning), formats=dict(FORMATS), validate_formats=True
            )
        return self._compiled[meaning].is_valid(value)


def json_schema(meaning: Meaning) -> dict[str, Any]:
    """*meaning* as JSON Schema 2020-12, with what it refers to under `$defs`."""
    names: dict[Meaning, str] = {}
    definitions: dict[str, Any] = {}
    root = _written(meaning, names)
    waiting = list(names)
    while waiting:
        named = waiting.pop()
        before = len(names)
        definitions[names[named]] = _written(named, names)
        waiting += list(names)[before:]
    return {**root, "$defs": definitions} if definitions else root


def _written(meaning: Meaning, names: dict[Meaning, str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in meaning.keywords.items():
        if key == "type" and not value:
            out["not"] = {}
        elif key == "range":
            out.setdefault("allOf", []).append({"minimum": value[0], "maximum": value[1]})
        elif key == "allOf":
            out.setdefault("allOf", []).extend(_inner(value, names))
        elif key in {"type", "required"}:
            out[key] = list(value)
        else:
            out[key] = _inner(value, names)
    return out


def _inner(value: Any, names: dict[Meaning, str]) -> Any:  # JSON, with meanings in it
    if isinstance(value, Meaning):
        if not value.is_named:
            return _written(value, names)
        name = names.setdefault(value, str(len(names)))
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(value, tuple):
        return [_inner(each, names) for each in value]
    if isinstance(value, dict) and all(isinstance(each, Meaning) for each in value.values()):
        return {name: _inner(each, names) for name, each in value.items()}
    return value

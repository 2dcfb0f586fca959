"""Meanings written as JSON Schema 2020-12, and the validators that check a witness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import jsonschema_rs

from tickbox_contract.openapi.formats import FORMATS

from .meanings import Keywords, Meaning
from .meanings import meaning as reduced
from .verdicts import JSON

_HOLDING = frozenset({
    "properties", "patternProperties", "additionalProperties", "propertyNames", "dependentSchemas", "prefixItems",
    "items", "contains", "minContains", "maxContains", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
})  # fmt: skip
"""Keywords that hold other schemas, and are followed one by one."""
_UNDIVIDED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
"""Those that are not: they depend on all others."""
_COUNTS: dict[str, Callable[[int], bool]] = {
    "anyOf": lambda fitting: fitting > 0,
    "oneOf": lambda fitting: fitting == 1,
}
"""How many schemas a value must fit."""


class Validators:
    """Checks values with jsonschema-rs.

    A compiled schema has everything in it that it leads to. So only a witness is checked in this way (`confirms`).
    While one is searched, compiled are only the keywords of each schema that hold no others (`accepts`).
    """

    def __init__(self) -> None:
        self._whole: dict[Meaning, jsonschema_rs.Draft202012Validator] = {}
        self._own: dict[Meaning, jsonschema_rs.Draft202012Validator] = {}

    def confirms(self, meaning: Meaning, value: JSON) -> bool:
        """Whether *value* fits *meaning*. Raises jsonschema_rs.ValidationError if the schema is not a schema."""
        if meaning not in self._whole:
            self._whole[meaning] = _compiled(json_schema(meaning))
        return self._whole[meaning].is_valid(value)

    def accepts(self, meaning: Meaning, value: JSON) -> bool:
        """Whether *value* fits *meaning*, in the same way, with less memory and more time."""
        if not _UNDIVIDED.isdisjoint(meaning.keywords):
            return self.confirms(meaning, value)
        if meaning not in self._own:
            own = reduced(meaning.pointer, **{k: v for k, v in meaning.keywords.items() if k not in _HOLDING})
            self._own[meaning] = _compiled(json_schema(own))
        return self._own[meaning].is_valid(value) and self._accepts_parts(meaning, value)

    def _accepts_parts(self, meaning: Meaning, value: JSON) -> bool:
        keywords = meaning.keywords
        return (
            all(self.accepts(inner, part) for _, inner, part in parts_of_value(meaning, value))
            and all(self.accepts(inner, value) for inner in self.applied(meaning, value))
            and all(
                wanted(sum(self.accepts(each, value) for each in keywords[keyword]))
                for keyword, wanted in _COUNTS.items()
                if keyword in keywords
            )
            and not ("not" in keywords and self.accepts(keywords["not"], value))
            and self._accepts_names(keywords, value)
            and self._accepts_contained(keywords, value)
        )

    def _accepts_names(self, keywords: Keywords, value: JSON) -> bool:
        if "propertyNames" not in keywords or not isinstance(value, dict):
            return True
        return all(self.accepts(keywords["propertyNames"], name) for name in value)

    def _accepts_contained(self, keywords: Keywords, value: JSON) -> bool:
        if "contains" not in keywords or not isinstance(value, list):
            return True
        fitting = sum(self.accepts(keywords["contains"], each) for each in value)
        return bool(keywords.get("minContains", 1) <= fitting <= keywords.get("maxContains", fitting))

    def applied(self, meaning: Meaning, value: JSON) -> Iterator[Meaning]:
        """The schemas inside *meaning* that *value* itself must fit."""
        keywords = meaning.keywords
        yield from keywords.get("allOf", ())
        if "if" in keywords:
            then = "then" if self.accepts(keywords["if"], value) else "else"
            yield from (keywords[key] for key in (then,) if key in keywords)
        if isinstance(value, dict):
            yield from (inner for name, inner in keywords.get("dependentSchemas", {}).items() if name in value)


def parts_of_value(meaning: Meaning, value: JSON) -> Iterator[tuple[str | int, Meaning, JSON]]:
    """The schemas inside *meaning* that apply to parts of *value*, each with the step to the part."""
    keywords = meaning.keywords
    if isinstance(value, dict):
        for name, part in value.items():
            inner = [keywords["properties"][name]] if name in keywords.get("properties", ()) else []
            inner += [each for p, each in keywords.get("patternProperties", {}).items() if _pattern(p).is_valid(name)]
            rest = () if inner else (keywords.get("additionalProperties"),)
            yield from ((name, each, part) for each in (*inner, *rest) if each is not None)
    elif isinstance(value, list):
        prefix = keywords.get("prefixItems", ())
        for number, part in enumerate(value):
            each = prefix[number] if number < len(prefix) else keywords.get("items")
            if each is not None:
                yield number, each, part


@lru_cache(maxsize=10_000)
def _pattern(pattern: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern})


def _compiled(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema, formats=dict(FORMATS), validate_formats=True)


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

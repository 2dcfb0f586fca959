"""What of schemas is more than any validator can check: a few lines can unfold to it, or a pattern is too long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tickbox_contract.openapi.objects import COMPOSITES, Place, Pointer
from tickbox_contract.openapi.references import References

_COMPOSED = frozenset({*COMPOSITES, "not", "$ref"})
_MOST_PARTS = 20_000
_MOST_LEVELS = 300
"""Schemas of 31 published contracts have at most 565 parts, and 13 levels of them."""


MOST_CHARACTERS = 100_000
"""Of a pattern. Compiling one takes some 300 bytes a character, several times."""


class _Size(NamedTuple):
    """How many parts a schema has, with those of its parts, and how many levels of them."""

    parts: int = 1
    levels: int = 1


_ONE = _Size()


def boundless_schema(references: References) -> Pointer | None:
    """The place of a schema that is composed of more schemas than a contract can have; None if there is none."""
    sizes: dict[int, _Size] = {}
    for place in references.places:
        if place.kind == "schemas" and id(place.node) not in sizes and not _COMPOSED.isdisjoint(place.node):
            found = _measure(references, place, sizes)
            if found is not None:
                return found
    return None


def boundless_pattern(references: References) -> Pointer | None:
    """The place of a schema with a pattern that is too long to be compiled; None if there is none."""
    schemas = (place for place in references.places if place.kind == "schemas")
    return next((place.pointer for place in schemas if _has_long_pattern(place.node)), None)


def _has_long_pattern(schema: Mapping[str, Any]) -> bool:
    pattern, named = schema.get("pattern"), schema.get("patternProperties")
    patterns = [pattern, *(named if isinstance(named, Mapping) else ())]
    return any(isinstance(each, str) and len(each) > MOST_CHARACTERS for each in patterns)


def _measure(references: References, outermost: Place, sizes: dict[int, _Size]) -> Pointer | None:
    """Add the sizes of *outermost* and its parts to *sizes*; a part that leads back to itself counts once."""
    waiting = [outermost]
    parts: dict[int, list[Place]] = {}
    while waiting:
        place = waiting[-1]
        key = id(place.node)
        if key not in sizes:
            sizes[key] = _ONE
            parts[key] = references.parts_of(place)
            waiting += [part for part in parts[key] if id(part.node) not in sizes]
            continue
        waiting.pop()
        inner = [sizes[id(part.node)] for part in parts.pop(key, ())]
        if inner:
            sizes[key] = _Size(1 + sum(size.parts for size in inner), 1 + max(size.levels for size in inner))
        if sizes[key].parts > _MOST_PARTS or sizes[key].levels > _MOST_LEVELS:
            return place.pointer
    return None

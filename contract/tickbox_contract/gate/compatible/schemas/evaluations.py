"""What a schema looks at in a value that fits it: `unevaluatedItems` and `unevaluatedProperties` are about the rest.

Source: JSON Schema 2020-12, 11.2 and 11.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Literal, NamedTuple

from .meanings import Meaning

_MOST = 64


class Condition(NamedTuple):
    """That a value fits a schema, or has a property; or that it does not."""

    schema: Meaning | str
    holds: bool


class Evaluated(NamedTuple):
    """The properties by name or pattern, or the `first` items and those that fit one of `contained`."""

    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    first: int = 0
    contained: tuple[Meaning, ...] = ()
    is_all: bool = False

    def with_more(self, more: Evaluated) -> Evaluated:
        """What both look at."""
        return Evaluated(
            self.names | more.names,
            self.patterns | more.patterns,
            max(self.first, more.first),
            tuple(dict.fromkeys((*self.contained, *more.contained))),
            self.is_all or more.is_all,
        )


Way = tuple[tuple[Condition, ...], Evaluated]
"""What is looked at in a value for which some conditions hold."""
_NOTHING: list[Way] = [((), Evaluated())]


class _TooManyError(Exception):
    """There are more ways than are followed."""


def evaluations(meaning: Meaning, kind: Literal["array", "object"]) -> list[Way] | None:
    """The ways in which the rest of *meaning* looks at a value that fits it; None if there are too many."""
    read = _items if kind == "array" else _members
    try:
        return _ways(meaning, kind, read(meaning, is_late=False))
    except _TooManyError:
        return None


def _ways(meaning: Meaning, kind: Literal["array", "object"], own: Evaluated | None = None) -> list[Way]:
    if own is None:
        own = (_items if kind == "array" else _members)(meaning, is_late=True)
    keywords = meaning.keywords
    groups = [_ways(each, kind) for each in keywords.get("allOf", ())]
    groups += [[*_held(each, kind), (_not(each), Evaluated())] for each in keywords.get("anyOf", ())]
    if "oneOf" in keywords:
        groups.append([way for each in keywords["oneOf"] for way in _held(each, kind)])
    for name, each in keywords.get("dependentSchemas", {}).items():
        absent = ((Condition(name, holds=False),), Evaluated())
        groups.append([absent, *_if((Condition(name, holds=True),), _ways(each, kind))])
    if "if" in keywords:
        groups.append([*_conditional(meaning, kind)])
    return _combined([[((), own)], *(group for group in groups if any(seen != Evaluated() for _, seen in group))])


def _conditional(meaning: Meaning, kind: Literal["array", "object"]) -> Iterator[Way]:
    tested = meaning.keywords["if"]
    then, other = (_ways(meaning.keywords[k], kind) if k in meaning.keywords else _NOTHING for k in ("then", "else"))
    yield from _combined([_held(tested, kind), then])
    yield from _if(_not(tested), other)


def _held(meaning: Meaning, kind: Literal["array", "object"]) -> list[Way]:
    return _if((Condition(meaning, holds=True),), _ways(meaning, kind))


def _not(meaning: Meaning) -> tuple[Condition, ...]:
    return (Condition(meaning, holds=False),)


def _if(conditions: tuple[Condition, ...], ways: list[Way]) -> list[Way]:
    return [((*conditions, *further), seen) for further, seen in ways]


def _combined(groups: list[list[Way]]) -> list[Way]:
    """The ways of all *groups* together."""
    found = _NOTHING
    for group in groups:
        if len(found) * len(group) > _MOST:
            raise _TooManyError
        found = [((*one, *other), seen.with_more(more)) for (one, seen), (other, more) in product(found, group)]
    return found


def _members(meaning: Meaning, *, is_late: bool) -> Evaluated:
    keywords = meaning.keywords
    is_all = "additionalProperties" in keywords or (is_late and "unevaluatedProperties" in keywords)
    return Evaluated(
        frozenset(keywords.get("properties", ())), frozenset(keywords.get("patternProperties", ())), is_all=is_all
    )


def _items(meaning: Meaning, *, is_late: bool) -> Evaluated:
    keywords = meaning.keywords
    contained = (keywords["contains"],) if "contains" in keywords else ()
    is_all = "items" in keywords or (is_late and "unevaluatedItems" in keywords)
    return Evaluated(first=len(keywords.get("prefixItems", ())), contained=contained, is_all=is_all)

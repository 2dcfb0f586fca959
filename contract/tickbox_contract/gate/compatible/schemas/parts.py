"""The parts of a meaning for one kind of values, each as the ways in which a value fits it and does not.

A *kind* is a type of JSON; whole numbers are numbers. A value fits a meaning if it fits each part.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Literal, NamedTuple

from .evaluations import Evaluated, evaluations
from .meanings import Keywords, Meaning, anything, matching, nothing
from .meanings import meaning as reduced
from .verdicts import JSON

Kind = Literal["null", "boolean", "number", "string", "array", "object"]
KINDS: tuple[Kind, ...] = ("string", "number", "boolean", "object", "array", "null")

_PLAIN: dict[Kind, tuple[str, ...]] = {
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "object": ("minProperties", "maxProperties"),
}


class Claim(NamedTuple):
    """That a value fits a meaning, or does not."""

    meaning: Meaning
    holds: bool


class Fact(NamedTuple):
    """That a value fits one keyword, or does not."""

    keyword: str
    value: Any
    holds: bool


Step = Claim | Fact
Option = tuple[Step, ...]
"""What holds together."""


class Members(NamedTuple):
    """That each property with one of some names has a value that fits `value`.

    The names fit `wanted` and do not fit any of `unwanted`; none of them is one of `known`.
    """

    value: Meaning
    known: frozenset[str] = frozenset()
    wanted: frozenset[Meaning] = frozenset()
    unwanted: frozenset[Meaning] = frozenset()


class Part(NamedTuple):
    """The ways in which a value fits a part of a meaning, and the ways in which it does not."""

    fits: tuple[Option, ...]
    fails: tuple[Option, ...]


_ANYTHING = anything(())
_NEVER = Part((), ((),))
_UNKNOWN = Part(((),), ((),))
"""What is not followed: a value may fit it or not, and must be checked."""


def kind_of(value: JSON) -> Kind:
    """The kind of *value*."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def parts_of(meaning: Meaning, kind: Kind) -> Iterator[Part]:
    """The parts of *meaning* that say something about values of *kind*."""
    keywords = meaning.keywords
    yield from _typed(keywords.get("type"), kind)
    if "enum" in keywords:
        yield _fact("enum", keywords["enum"])
    if "const" in keywords:
        yield _fact("enum", [keywords["const"]])
    for keyword in _PLAIN.get(kind, ()):
        if keyword in keywords:
            yield _fact(keyword, keywords[keyword])
    if kind == "number" and "range" in keywords:
        low, high = keywords["range"]
        yield _fact("minimum", low)
        yield _fact("maximum", high)
    if kind == "array":
        yield from _items(meaning)
    if kind == "object":
        yield from _members(meaning)
    yield from _composed(meaning)


def _fact(keyword: str, value: Any) -> Part:
    return Part(((Fact(keyword, value, holds=True),),), ((Fact(keyword, value, holds=False),),))


def _typed(types: tuple[str, ...] | None, kind: Kind) -> Iterator[Part]:
    if types is None or kind in types:
        return
    if kind == "number" and "integer" in types:
        yield _fact("multipleOf", 1)
    else:
        yield _NEVER


def _items(meaning: Meaning) -> Iterator[Part]:
    keywords = meaning.keywords
    prefix = keywords.get("prefixItems", ())
    for number, inner in enumerate(prefix):
        yield _fact("item", (number, inner))
    if keywords.get("items", _ANYTHING).keywords:
        yield _fact("items", (len(prefix), keywords["items"]))
    if "contains" in keywords:
        least = keywords.get("minContains", 1)
        if least > 0:
            yield _fact("minContains", (least, keywords["contains"]))
        if "maxContains" in keywords:
            yield _fact("maxContains", (keywords["maxContains"], keywords["contains"]))
    if "unevaluatedItems" in keywords:
        yield _unevaluated(meaning, "array")


def _members(meaning: Meaning) -> Iterator[Part]:
    keywords = meaning.keywords
    for name in keywords.get("required", ()):
        yield _fact("required", name)
    properties = keywords.get("properties", {})
    for name, inner in properties.items():
        yield _fact("property", (name, inner))
    patterns = {matching(pattern): inner for pattern, inner in keywords.get("patternProperties", {}).items()}
    for pattern, inner in patterns.items():
        yield _fact("members", Members(inner, wanted=frozenset({pattern})))
    if keywords.get("additionalProperties", _ANYTHING).keywords:
        yield _fact(
            "members", Members(keywords["additionalProperties"], frozenset(properties), unwanted=frozenset(patterns))
        )
    if "propertyNames" in keywords:
        none = Members(nothing(meaning.pointer), unwanted=frozenset({keywords["propertyNames"]}))
        yield _fact("members", none)
    if "unevaluatedProperties" in keywords:
        yield _unevaluated(meaning, "object")
    for name, others in keywords.get("dependentRequired", {}).items():
        for other in others:
            yield _if_present(name, Fact("required", other, holds=True), Fact("required", other, holds=False))
    for name, inner in keywords.get("dependentSchemas", {}).items():
        yield _if_present(name, Claim(inner, holds=True), Claim(inner, holds=False))


def _unevaluated(meaning: Meaning, kind: Literal["array", "object"]) -> Part:
    """What is allowed for items or properties that nothing else in *meaning* looks at: it depends on what it fits."""
    ways = evaluations(meaning, kind)
    if ways is None:
        return _UNKNOWN
    fits, fails = list[Option](), list[Option]()
    for conditions, seen in ways:
        claims = tuple(
            Claim(each.schema, each.holds) if isinstance(each.schema, Meaning) else Fact("required", *each)
            for each in conditions
        )
        if seen.is_all:
            fits.append(claims)
            continue
        fact = _rest_of_items(meaning, seen) if kind == "array" else _rest_of_members(meaning, seen)
        fits.append((*claims, fact))
        fails.append((*claims, fact._replace(holds=False)))
    return Part(tuple(fits), tuple(fails))


def _rest_of_items(meaning: Meaning, seen: Evaluated) -> Fact:
    rest = meaning.keywords["unevaluatedItems"]
    if seen.contained:
        rest = reduced(meaning.pointer, anyOf=(*seen.contained, rest))
    return Fact("items", (seen.first, rest), holds=True)


def _rest_of_members(meaning: Meaning, seen: Evaluated) -> Fact:
    rest = meaning.keywords["unevaluatedProperties"]
    return Fact("members", Members(rest, seen.names, unwanted=frozenset(map(matching, seen.patterns))), holds=True)


def _if_present(name: str, holds: Step, fails: Step) -> Part:
    is_there = Fact("required", name, holds=True)
    return Part(((is_there._replace(holds=False),), (holds,)), ((is_there, fails),))


def _composed(meaning: Meaning) -> Iterator[Part]:
    keywords = meaning.keywords
    for inner in keywords.get("allOf", ()):
        yield Part(((Claim(inner, holds=True),),), ((Claim(inner, holds=False),),))
    if "not" in keywords:
        inner = keywords["not"]
        yield Part(((Claim(inner, holds=False),),), ((Claim(inner, holds=True),),))
    if "anyOf" in keywords:
        yield Part(tuple((Claim(each, holds=True),) for each in keywords["anyOf"]), (_none_of(keywords["anyOf"]),))
    if "oneOf" in keywords:
        yield _exactly_one(keywords["oneOf"])
    if "if" in keywords:
        yield from _conditional(keywords)


def _conditional(keywords: Keywords) -> Iterator[Part]:
    holds, fails = Claim(keywords["if"], holds=True), Claim(keywords["if"], holds=False)
    if "then" in keywords:
        then = keywords["then"]
        yield Part(((fails,), (holds, Claim(then, holds=True))), ((holds, Claim(then, holds=False)),))
    if "else" in keywords:
        other = keywords["else"]
        yield Part(((holds,), (fails, Claim(other, holds=True))), ((fails, Claim(other, holds=False)),))


def _none_of(branches: tuple[Meaning, ...]) -> Option:
    return tuple(Claim(each, holds=False) for each in branches)


def _exactly_one(branches: tuple[Meaning, ...]) -> Part:
    fits = (
        (Claim(each, holds=True), *_none_of((*branches[:number], *branches[number + 1 :])))
        for number, each in enumerate(branches)
    )
    both = ((Claim(one, holds=True), Claim(other, holds=True)) for one, other in combinations(branches, 2))
    return Part(tuple(fits), (_none_of(branches), *both))

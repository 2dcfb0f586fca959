"""Contents: what schemas and media types in both contracts let senders send and readers meet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tickbox_contract.openapi.media_types import essence
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.schemas import Direction

from .breaks import breaks_inside
from .changes import Spot, Witness
from .comparison import Comparison, Pair
from .equality import is_identical
from .schemas import Broken, Covered, Undecided
from .structure import Structure
from .subschemas import Schemas

CALLBACK = "callback-changed"
"""The rule of all that callbacks contain."""
_MAX_WITNESS = 300
_TECHNICAL = frozenset({"", "charset", "boundary", "q"})
_OTHER: Mapping[Direction, Direction] = {"request": "response", "response": "request"}


class Place(NamedTuple):
    """Where schemas are compared: the operation, the direction, and the rule that a break belongs to."""

    pair: Pair | None
    direction: Direction
    rule_id: str


def compare_schemas(comparison: Comparison, place: Place, old: Node, new: Node) -> None:
    """Compare the schemas *old* and *new*, references or not; an absent one is empty."""
    structure = Structure(comparison, place.pair, place.direction)
    structure.compare(old, new)
    _verdict(comparison, place, structure, (old, new))


def _verdict(comparison: Comparison, place: Place, structure: Structure, schemas: tuple[Node, Node]) -> None:
    old, new = schemas
    verdict = comparison.verdict(old, new, place.direction)
    if not isinstance(verdict, Covered):
        _note(comparison, place, verdict, old)
        for inner in breaks_inside(comparison, Schemas(old, new), place.direction):
            _note(comparison, place, inner, old)
    elif not structure.describes:
        reverse = comparison.verdict(old, new, _OTHER[place.direction])
        if not isinstance(reverse, Covered):
            rule_id = "request-widened" if place.direction == "request" else "response-narrowed"
            what = "more is accepted" if place.direction == "request" else "less may be returned"
            comparison.note(rule_id, what, Spot(new.pointer, old.pointer), pair=place.pair)


def _note(comparison: Comparison, place: Place, verdict: Broken | Undecided, old: Node) -> None:
    if isinstance(verdict, Undecided):
        comparison.note("schema-undecided", verdict.why, Spot(verdict.pointer, old.pointer), pair=place.pair)
        return
    rule_id = "undeclared-property" if verdict.is_undeclared else place.rule_id
    where = Spot(verdict.pointer, verdict.old_pointer)
    witness = Witness(_written(verdict.witness), verdict.lacks)
    comparison.note(rule_id, verdict.what, where, pair=place.pair, witness=witness)


def _written(witness: object) -> str:
    text = json.dumps(witness, ensure_ascii=False)
    return text if len(text) <= _MAX_WITNESS else f"{text[:_MAX_WITNESS]}..."


def schema_of(node: Node) -> Node:
    """The schema of a parameter or header: its own, or that of its one content."""
    media = next(iter(node.members("content").values()), None)
    return node.at("schema") if media is None else media.at("schema")


def compare_contents(comparison: Comparison, place: Place, old: Node, new: Node) -> None:
    """Compare the media types of two bodies or responses."""
    before, after = old.members("content"), new.members("content")
    spot, kind = Spot(new.pointer, old.pointer).within("content"), _kind(place)
    label = "callback" if place.rule_id == CALLBACK else kind
    for name in before:
        if not any(_is_kept(name, other, place.direction) for other in after):
            what = f"{name} was removed from the {label}"
            comparison.note(f"{kind}-media-type-removed", what, spot.within(name), pair=place.pair)
    for name in after:
        if not any(_is_kept(name, other, "response") for other in before):
            what = f"{name} was added to the {label}"
            comparison.note(f"{kind}-media-type-added", what, spot.within(name), pair=place.pair)
    for first, second in _same_types(before, after):
        compare_schemas(comparison, place, first.at("schema"), second.at("schema"))
        _encoding(comparison, place, first, second)


def _kind(place: Place) -> str:
    return "body" if place.rule_id == "body-schema" else "response"


def _same_types(before: Mapping[str, Node], after: Mapping[str, Node]) -> Iterator[tuple[Node, Node]]:
    for name, old in before.items():
        for other, new in after.items():
            if _meets(name, other):
                yield old, new


def _covers(media_range: str, name: str) -> bool:
    """Whether *media_range*, such as `application/*`, has *name* in it, which may have further parameters."""
    wide, narrow = essence(media_range), essence(name)
    is_inside = wide in {narrow, "*/*"} or (wide.endswith("/*") and narrow.startswith(wide[:-1]))
    return is_inside and _parameters(media_range) <= _parameters(name)


def _parameters(media_type: str) -> frozenset[tuple[str, str]]:
    """The parameters that select a form, such as `version=1`: of the others any value is sent and accepted."""
    pairs = (each.partition("=") for each in media_type.split(";")[1:])
    named = ((name.strip().lower(), value.strip().strip('"')) for name, _, value in pairs)
    return frozenset(pair for pair in named if pair[0] not in _TECHNICAL)


def _meets(one: str, other: str) -> bool:
    return _covers(one, other) or _covers(other, one)


def _is_kept(name: str, other: str, direction: Direction) -> bool:
    """Whether *other* is enough for those who know *name*: a request may be of each type in a range."""
    return _covers(other, name) if direction == "request" else _meets(name, other)


def _encoding(comparison: Comparison, place: Place, old: Node, new: Node) -> None:
    """How properties of forms are written."""
    before, after = old.members("encoding"), new.members("encoding")
    for name in sorted(before.keys() | after.keys()):
        for key in ("contentType", "style", "explode", "allowReserved"):
            was, now = (each[name].get(key) if name in each else None for each in (before, after))
            if not is_identical(was, now):
                what = f"{key} of the property {name} is {now}, and was {was}"
                spot = Spot(new.pointer, old.pointer).within("encoding", name)
                comparison.note("encoding-changed", what, spot, pair=place.pair)

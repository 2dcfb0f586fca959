"""Values: what the schemas of both contracts let senders send and readers meet."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.schemas import Direction

from .breaks import breaks_inside
from .changes import Spot, Witness
from .comparison import Comparison, Place
from .schemas import Broken, Covered, Undecided
from .structure import Structure
from .subschemas import Schemas

CALLBACK = "callback-changed"
"""The rule of all that callbacks contain."""
_MAX_WITNESS = 300
_OTHER: Mapping[Direction, Direction] = {"request": "response", "response": "request"}


def compare_schemas(comparison: Comparison, place: Place, old: Node, new: Node) -> None:
    """Compare the schemas *old* and *new*, references or not; an absent one is empty."""
    structure = Structure(comparison, place)
    structure.compare(old, new)
    for pair in ((old, new), *structure.written):
        _verdict(comparison, place, structure, pair)


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
            _note_harmless(comparison, place, reverse, Schemas(old, new))


def _note_harmless(comparison: Comparison, place: Place, reverse: Broken | Undecided, schemas: Schemas) -> None:
    """Note that clients can send more, or have to expect less: *reverse* knows an example."""
    is_request = place.direction == "request"
    what = "more is accepted" if is_request else "less may be returned"
    if isinstance(reverse, Broken):
        where = f" in {place.subject}" if place.subject else ""
        what = f"{what}: {'' if is_request else 'no longer '}{reverse.subject}{where}"
    spot = Spot(schemas.new.pointer, schemas.old.pointer)
    comparison.note("request-widened" if is_request else "response-narrowed", what, spot, pair=place.pair)


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

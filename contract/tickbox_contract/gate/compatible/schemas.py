"""Compares two schemas by meaning: whether each value of one is a value of the other.

A request schema must accept every value that the old one accepts. A response schema must describe only values that the
old one describes.
"""

from __future__ import annotations

import jsonschema_rs
from jsonschema_rs import canonical

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.schemas import Direction

from .meanings import Meaning, MeaningReader
from .validators import json_schema
from .verdicts import JSON, Broken, Covered, Undecided, Verdict

__all__ = ["JSON", "Broken", "Covered", "Direction", "Node", "Pointer", "SchemaComparison", "Undecided", "Verdict"]


class SchemaComparison:
    """Compares schemas of an old contract with those of a new one."""

    def __init__(self, old: Contract, new: Contract) -> None:
        self._old = {direction: _reader(old, direction) for direction in ("request", "response")}
        self._new = {direction: _reader(new, direction) for direction in ("request", "response")}

    def compare(self, old: Node, new: Node, *, direction: Direction) -> Verdict:
        """Whether *new* is safe for the clients of *old*. An absent schema is an empty node: everything fits."""
        before, after = self._old[direction].read(old), self._new[direction].read(new)
        covered, covering = (before, after) if direction == "request" else (after, before)
        if _canonical(covering).covers(_canonical(covered)) == canonical.Containment.YES:
            return Covered()
        return Undecided("the two schemas could not be compared", new.pointer)


def _reader(contract: Contract, direction: Direction) -> MeaningReader:
    return MeaningReader(contract.references, contract.compiler.compositions, direction)


def _canonical(meaning: Meaning) -> jsonschema_rs.CanonicalSchema:
    return jsonschema_rs.canonicalize(json_schema(meaning), draft=jsonschema_rs.Draft202012, validate_formats=True)

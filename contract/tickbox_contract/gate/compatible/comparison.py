"""What two contracts are compared with, and the pairs of operations in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.operations import Operation

from .changes import Changes, Spot, Witness
from .schemas import Broken, Direction, Node, Pointer, SchemaComparison, Verdict
from .subschemas import Inner, Parts, Schemas, parts_of

Shape = tuple[str, str]
"""Method and path without the names of its parameters."""

_NAME = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same operation in both contracts. `renamed` has the new names of its path parameters by the old ones."""

    old: Operation
    new: Operation

    @property
    def name(self) -> str:
        """The name in the new contract."""
        return self.new.name

    @property
    def spot(self) -> Spot:
        """The places of both operations."""
        return Spot(self.new.node.pointer, self.old.node.pointer)

    @property
    def renamed(self) -> Mapping[str, str]:
        """The new names of all path parameters, by the old ones, as their places in the path say."""
        return dict(zip(_NAME.findall(self.old.path), _NAME.findall(self.new.path), strict=True))


class Place(NamedTuple):
    """Where schemas are compared: the operation, the direction, and the rule that a break belongs to.

    `subject` is what has the schemas, such as a parameter; empty if it is known without a name.
    """

    pair: Pair | None
    direction: Direction
    rule_id: str
    subject: str = ""


class Comparison:
    """The comparison of two contracts: *old* is the released one. *roles* are those of `x-access`, lowest first."""

    def __init__(self, old: Contract, new: Contract, *, today: date, roles: Sequence[str] = ()) -> None:
        self.old = old
        self.new = new
        self.today = today
        self.roles = roles
        self.changes = Changes()
        self.unchanged_schemas: dict[Direction, set[tuple[Pointer, Pointer]]] = {"request": set(), "response": set()}
        self.retired: set[Pointer] = set()
        """The places of properties that were removed after their date of `x-sunset`."""
        self._schemas = SchemaComparison(old, new, retired=self.retired)
        self._unchanged: set[tuple[Pointer, Pointer]] = set()
        self._verdicts: dict[tuple[Pointer, Pointer, Direction], Verdict] = {}
        self._parts: dict[tuple[Pointer, Pointer, Direction], Parts] = {}
        self.shown: dict[tuple[Pointer, Pointer, Direction, str], Broken] = {}
        """What breaks in parts of values, by their schemas and the name that is missing."""
        self._same = {(each.method, each.path): each for each in new.operations}
        known = {(each.method, each.path) for each in old.operations}
        others = (each for place, each in self._same.items() if place not in known)
        self._alike = {shape(each): each for each in others}

    @property
    def both(self) -> tuple[Contract, Contract]:
        """The old and the new contract."""
        return self.old, self.new

    def verdict(self, old: Node, new: Node, direction: Direction) -> Verdict:
        """What *new* means for clients of *old*; see SchemaComparison."""
        key = old.pointer, new.pointer, direction
        if key not in self._verdicts:
            self._verdicts[key] = self._schemas.compare(old, new, direction=direction)
        return self._verdicts[key]

    def parts(self, schemas: Schemas, direction: Direction) -> Parts:
        """What is inside of *schemas*, whose references are followed."""
        key = schemas.old.pointer, schemas.new.pointer, direction
        if key not in self._parts:
            self._parts[key] = parts_of((self.old, schemas.old), (self.new, schemas.new), direction)
        return self._parts[key]

    def inside(self, trail: Sequence[Inner], direction: Direction, *, lacks: str, is_undeclared: bool) -> Broken | None:
        """What breaks clients at the end of *trail*; see SchemaComparison."""
        return self._schemas.inside(trail, direction=direction, lacks=lacks, is_undeclared=is_undeclared)

    def once(self, old: Node, new: Node, compare: Callable[[], None]) -> None:
        """Call *compare* for the shared places of *old* and *new*, unless it noted nothing the last time."""
        key = old.pointer, new.pointer
        if key not in self._unchanged:
            recorded = self.changes.recorded
            compare()
            if self.changes.recorded == recorded:
                self._unchanged.add(key)

    def counterpart(self, operation: Operation) -> Operation | None:
        """The new operation with the same method at the same path, or else at one with other names of parameters."""
        same = self._same.get((operation.method, operation.path))
        return same or self._alike.get(shape(operation))

    def pairs(self) -> Iterator[Pair]:
        """The operations that are in both."""
        for old in self.old.operations:
            if new := self.counterpart(old):
                yield Pair(old=old, new=new)

    def note(
        self, rule_id: str, what: str, spot: Spot, *, pair: Pair | None = None, witness: Witness | None = None
    ) -> None:
        """Record a change; see Changes."""
        self.changes.add(rule_id, what, spot, operation=pair.name if pair else None, witness=witness)


def shape(operation: Operation) -> Shape:
    """Method and path without the names of its parameters."""
    return operation.method, _NAME.sub("{}", operation.path)

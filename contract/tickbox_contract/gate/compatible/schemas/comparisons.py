"""Compares two schemas by meaning: whether each value of one is a value of the other.

A request schema must accept every value that the old one accepts. A response schema must describe only values that the
old one describes.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import jsonschema_rs

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.schemas import Direction

from .goals import Results, goal_of
from .inside import Inside, Stage, Step
from .meanings import Meaning
from .places import Failure, Places
from .readers import MeaningReader
from .sameness import Sameness
from .search import Budget, OverBudgetError, Search
from .sentences import sentence, subject_of
from .validators import Validators
from .verdicts import JSON, Broken, Covered, Undecided, Verdict

_STEPS = 500_000
_FEWER_STEPS = 100_000
_FRAMES = 10_000


class SchemaComparison:
    """Compares schemas of an old contract with those of a new one.

    *retired* are the places of properties of the old one that may be removed: they are read as if they were not there.
    """

    def __init__(self, old: Contract, new: Contract, *, retired: Collection[Pointer] = frozenset()) -> None:
        self._contracts = old, new
        self._retired = retired, frozenset[Pointer]()
        self._readers: dict[tuple[int, Direction], MeaningReader] = {}
        self._validators = Validators()
        self._sameness = Sameness()
        self._places = Places(self._validators)
        self._budget = Budget()
        self._search, self._checked, self._unadded = (
            Search(self._validators, self._sameness, self._budget, checked=checked, without_added=without_added)
            for checked, without_added in ((False, False), (True, False), (False, True))
        )
        self._inside = Inside(self._search, self._validators, self._places)

    def compare(self, old: Node, new: Node, *, direction: Direction) -> Verdict:
        """Whether *new* is safe for the clients of *old*. An absent schema is an empty node: everything fits."""
        try:
            with _deep():
                return self._compared(old, new, direction)
        except (OverBudgetError, RecursionError):
            return Undecided("the two schemas are too large to be compared", new.pointer)
        except UnresolvedReferenceError as error:
            return Undecided(str(error), new.pointer)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            return Undecided(f"one of the two is not a schema: {str(error).partition(chr(10))[0]}", new.pointer)

    def inside(
        self, trail: Sequence[tuple[Step, tuple[Node, Node]]], *, direction: Direction, lacks: str, is_undeclared: bool
    ) -> Broken | None:
        """What breaks clients in a part of a value, shown with a whole value; None if that is not proved.

        *trail* has the old and the new schema of the whole and of each part on the way, with the step to it. With
        *lacks* the part breaks because it has no property of that name.
        """
        try:
            with _deep():
                return self._shown(trail, direction, lacks, is_undeclared=is_undeclared)
        except (OverBudgetError, RecursionError, UnresolvedReferenceError):
            return None
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            return None

    def _shown(
        self, trail: Sequence[tuple[Step, tuple[Node, Node]]], direction: Direction, lacks: str, *, is_undeclared: bool
    ) -> Broken | None:
        stages: list[Stage] = []
        for step, (old, new) in trail:
            before, after = self._read(0, old, direction), self._read(1, new, direction)
            covered, covering = (before, after) if direction == "request" else (after, before)
            more = stages.pop() if step is None and stages else Stage((), ())
            stages.append(Stage((*more.covered, covered), (*more.covering, covering)))
        self._budget.refill(_FEWER_STEPS)
        path = tuple(step for step, _ in trail if step is not None)
        shown = self._inside.shown(stages, path, lacks)
        return shown and self._of(
            stages[0].covered[0], shown.failure, shown.value, direction, is_undeclared=is_undeclared
        )

    def _compared(self, old: Node, new: Node, direction: Direction) -> Verdict:
        before, after = self._read(0, old, direction), self._read(1, new, direction)
        covered, covering = (before, after) if direction == "request" else (after, before)
        self._sameness.match(before, after)
        goal = goal_of([covered], [covering])
        for search in (self._search, self._checked):
            self._budget.refill(_STEPS)
            found = search.values(goal)
            if found.is_empty:
                return Covered()
            for witness in found.values:
                if self._breaks(covered, covering, witness):
                    return self._broken(covered, covering, witness, direction)
        return Undecided("a proof was not found, nor a value that breaks a client", new.pointer)

    def _read(self, which: int, node: Node, direction: Direction) -> Meaning:
        key = (which, direction)
        if key not in self._readers:
            contract = self._contracts[which]
            compositions, retired = contract.compiler.compositions, self._retired[which]
            self._readers[key] = MeaningReader(contract.references, compositions, direction, retired=retired)
        return self._readers[key].read(node)

    def _breaks(self, covered: Meaning, covering: Meaning, witness: JSON) -> bool:
        return self._validators.confirms(covered, witness) and not self._validators.confirms(covering, witness)

    def _without_added(self, covered: Meaning, covering: Meaning) -> Results:
        """Values that break not only because *covering* declares a property that *covered* does not."""
        self._budget.refill(_FEWER_STEPS)
        try:
            return self._unadded.values(goal_of([covered], [covering]))
        except (OverBudgetError, RecursionError):
            return Results([], is_complete=False)

    def _broken(self, covered: Meaning, covering: Meaning, witness: JSON, direction: Direction) -> Broken:
        """What breaks, with a value that does not only break because of an added property, if there is one."""
        declared = self._without_added(covered, covering)
        chosen = [each for each in declared.values if self._breaks(covered, covering, each)]
        witness = chosen[0] if chosen else witness
        failure = self._places.failure(covering, witness)
        assert failure is not None
        return self._of(covered, failure, witness, direction, is_undeclared=declared.is_empty)

    def _of(
        self, covered: Meaning, failure: Failure, witness: JSON, direction: Direction, *, is_undeclared: bool
    ) -> Broken:
        there, here = failure.pointer, self._places.counterpart(covered, failure, witness)
        old_pointer, pointer = (here, there) if direction == "request" else (there, here)
        subject = subject_of(failure, witness)
        what = sentence(subject, direction, is_undeclared=is_undeclared)
        lacks = failure.subject if failure.keyword == "required" else ""
        return Broken(witness, pointer, old_pointer, what, is_undeclared=is_undeclared, lacks=lacks, subject=subject)


@contextmanager
def _deep() -> Iterator[None]:
    """Let the interpreter follow a value as deep as a search may go; it takes some ten calls for each level."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)

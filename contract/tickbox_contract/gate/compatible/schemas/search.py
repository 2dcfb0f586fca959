"""Searches a value that fits some schemas and does not fit others: finds one, or proves that there is none.

The search follows the structure of values. It looks at one kind of values after the other, divides what must hold into
cells, and searches values of the properties and items of each cell in the same way. Where it cannot be exact, such as
with a format, it finds too much rather than too little: that there is nothing is always a proof, and a value that was
found must be checked.

A schema may contain itself. A value that needs a part for which the same must hold as for the whole does not have to be
looked at: if there is such a value, then the part is a smaller one.

Source: Attouche et al., "Witness Generation for JSON Schema", VLDB 2022.
"""

from __future__ import annotations

from typing import NamedTuple

from .arrays import Arrays
from .cells import Cell, Divider
from .goals import Goal, Results, goal_of, json_key
from .lists import Formats, listed_values
from .meanings import Meaning
from .numbers import Numbers
from .objects import Objects
from .parts import KINDS, Claim, Fact, Kind, Part, kind_of, parts_of
from .sameness import Sameness
from .texts import KNOWN_FORMATS, Texts
from .validators import Validators
from .verdicts import JSON

_MOST_DEPTH = 250


class OverBudgetError(Exception):
    """The search took more steps than it may."""


class Budget:
    """The steps that a search may take."""

    def __init__(self) -> None:
        self._left = 0

    def refill(self, steps: int) -> None:
        """Allow *steps* from now on."""
        self._left = steps

    def spend(self, steps: int) -> None:
        """Take *steps*. Raises OverBudgetError."""
        self._left -= steps
        if self._left < 0:
            raise OverBudgetError


class _Open(NamedTuple):
    """A goal that is being searched, at which depth of the whole value."""

    depth: int
    want: int


class _Known(NamedTuple):
    """What was found. If that is nothing, each value would have a smaller one for one of the goals *around*."""

    results: Results
    around: frozenset[Goal]


class Search:
    """Searches values. Its results are kept, so the same question is answered once.

    With *without_added*, objects fit whatever is said of a name that only schemas which they do not fit declare. Then
    it is not certain that there is nothing. With *checked*, each value is checked when it is found.
    """

    def __init__(
        self,
        validators: Validators,
        sameness: Sameness,
        budget: Budget,
        *,
        without_added: bool = False,
        checked: bool = False,
    ) -> None:
        self._validators = validators
        self._sameness = sameness
        self._budget = budget
        self._without_added = without_added
        self._checked = checked
        self._known: dict[tuple[Goal, int], _Known] = {}
        self._parts: dict[tuple[Meaning, Kind], tuple[Part, ...]] = {}
        self._open: dict[Goal, _Open] = {}
        self._formats = Formats()
        self._depth = 0
        self._around: set[Goal] = set()
        self._divider = Divider(self._parts_of, self._is_impossible, self._are_apart, budget.spend)

    def values(self, goal: Goal, want: int = 1) -> Results:
        """Up to *want* values for *goal*. Raises OverBudgetError."""
        goal = goal_of(map(self._sameness.of, goal.wanted), map(self._sameness.of, goal.unwanted))
        if goal.wanted & goal.unwanted:
            return Results([], is_complete=True)
        known = self._remembered(goal, want)
        if known is not None:
            return known
        if goal in self._open:
            self._around.add(goal)
            return Results([], is_complete=want == 1 and self._is_around(goal))
        if self._depth > _MOST_DEPTH:
            raise OverBudgetError
        self._budget.spend(1 + len(self._around))
        outside, self._around = self._around, set()
        self._open[goal] = _Open(self._depth, want)
        try:
            found = self._found(goal, want)
        finally:
            del self._open[goal]
        self._around = set() if found.values else self._around - {goal}
        self._known[goal, want] = _Known(found, frozenset(self._around))
        self._around |= outside
        return found

    def _remembered(self, goal: Goal, want: int) -> Results | None:
        """What was found before, if it is also certain here.

        That there is no value was perhaps found around other goals: then each value has a smaller one for one of these.
        It is certain as long as they are around, or if nothing was found for them, either.
        """
        known = self._known.get((goal, want))
        if known is None or not known.results.is_empty:
            return known and known.results
        around: set[Goal] = set()
        seen, waiting = {goal}, [*known.around]
        while waiting:
            need = waiting.pop()
            if need in seen:
                continue
            seen.add(need)
            if self._is_around(need):
                around.add(need)
                continue
            other = self._known.get((need, 1))
            if other is None or not other.results.is_empty:
                return None
            waiting += other.around
        self._budget.spend(len(seen) - 1)
        self._known[goal, want] = known._replace(around=frozenset(around))
        self._around |= around
        return known.results

    def _is_around(self, goal: Goal) -> bool:
        """Whether the value that is searched now is a part of one for *goal*."""
        return goal in self._open and self._open[goal].depth < self._depth and self._open[goal].want == 1

    def _found(self, goal: Goal, want: int) -> Results:
        listed = listed_values(goal.wanted)
        if listed is not None and all(map(self._formats.are_known, (*goal.wanted, *goal.unwanted))):
            values = [value for value in listed if self._accepts(goal, value)]
            return Results(values[:want], is_complete=len(values) <= want)
        claims = [Claim(meaning, holds=True) for meaning in _ordered(goal.wanted)]
        claims += [Claim(meaning, holds=False) for meaning in _ordered(goal.unwanted)]
        found: list[JSON] = []
        is_complete = True
        for kind in KINDS:
            for cell in self._divider.cells(kind, claims):
                more = self._in_cell(goal, cell, want - len(found))
                known = {json_key(value) for value in found}
                found += [value for value in more.values if json_key(value) not in known and self._fits(goal, value)]
                is_complete &= more.is_complete
                if len(found) >= want:
                    return Results(found[:want], is_complete=False)
        return Results(found, is_complete=is_complete)

    def _fits(self, goal: Goal, value: JSON) -> bool:
        return not self._checked or self._accepts(goal, value)

    def _accepts(self, goal: Goal, value: JSON) -> bool:
        accepts = self._validators.accepts
        return all(accepts(each, value) for each in goal.wanted) and not any(accepts(m, value) for m in goal.unwanted)

    def _in_cell(self, goal: Goal, cell: Cell, want: int) -> Results:
        """Values of a cell. Where a keyword lists the values, each is checked."""
        listed = [fact.value for fact in cell.facts if fact.keyword == "enum" and fact.holds]
        if cell.kind == "null":
            listed.append([None])
        elif cell.kind == "boolean":
            listed.append([True, False])
        if listed:
            candidates = min(listed, key=len)
            values = [value for value in candidates if kind_of(value) == cell.kind and self._accepts(goal, value)]
            is_known = not any(map(_is_unknown, cell.facts))
            if cell.kind in {"object", "array"}:
                is_known &= all(map(self._formats.are_known, goal.unwanted))
            return Results(values[:want], is_complete=is_known and len(values) <= want)
        excluded = [
            value
            for fact in cell.facts
            if fact.keyword == "enum" and not fact.holds
            for value in fact.value
            if kind_of(value) == cell.kind
        ]
        if cell.kind in {"object", "array"}:
            return self._containers(cell, excluded, want)
        facts = [fact for fact in cell.facts if fact.keyword != "enum"]
        if cell.kind == "number":
            keys = {json_key(value) for value in excluded}
            return Results(*Numbers.of(facts).values(want, lambda value: json_key(value) in keys))
        return Results(
            *Texts.of(facts).values(want, excluded, lambda text: self._accepts(goal, text), self._budget.spend)
        )

    def _containers(self, cell: Cell, excluded: list[JSON], want: int) -> Results:
        self._budget.spend(len(cell.facts))
        shape = self._shape(cell)
        more = want + len(excluded)
        if isinstance(shape, Objects):
            found = shape.values(more, without_added=self._without_added)
        else:
            found = shape.values(more)
        if not excluded:
            return found
        keys = {json_key(value) for value in excluded}
        values = [value for value in found.values if json_key(value) not in keys]
        return Results(values[:want], is_complete=found.is_complete and not self._around)

    def _shape(self, cell: Cell) -> Objects | Arrays:
        """What the facts of a cell say together."""
        made = Objects(self._inner) if cell.kind == "object" else Arrays(self._inner)
        for fact in cell.facts:
            made.add(fact)
        return made

    def _inner(self, goal: Goal, want: int) -> Results:
        """Values of a property or an item."""
        self._depth += 1
        try:
            return self.values(goal, want)
        finally:
            self._depth -= 1

    def _parts_of(self, meaning: Meaning, kind: Kind) -> tuple[Part, ...]:
        key = (meaning, kind)
        if key not in self._parts:
            self._parts[key] = tuple(map(self._sameness.of_part, parts_of(meaning, kind)))
            self._budget.spend(len(self._parts[key]))
        return self._parts[key]

    def _is_impossible(self, cell: Cell, fact: Fact) -> bool:
        """Whether *fact* contradicts what else is known of an object or array."""
        if cell.shape is None and cell.kind in {"object", "array"}:
            cell.shape = self._shape(cell)
        if not isinstance(cell.shape, Objects | Arrays):
            return False
        goals = cell.shape.needs(fact)
        return goals is not None and all(self._inner(goal, 1).is_empty for goal in goals)

    def _are_apart(self, meanings: frozenset[Meaning]) -> bool:
        """Whether no value fits all of *meanings*, whatever is around it: a value that is found relies on this."""
        goal = goal_of(map(self._sameness.of, meanings), ())
        if goal in self._open:
            return False
        outside, self._around = self._around, set()
        is_empty = self.values(goal).is_empty and not self._around
        self._around = outside
        return is_empty


def _is_unknown(fact: Fact) -> bool:
    """Whether a value must lack a format that nobody can check."""
    return fact.keyword == "format" and not fact.holds and fact.value not in KNOWN_FORMATS


def _ordered(meanings: frozenset[Meaning]) -> list[Meaning]:
    return sorted(meanings, key=lambda meaning: (len(meaning.pointer), str(meaning.pointer)))

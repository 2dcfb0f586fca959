"""Everything that holds for a value of one kind, as conjunctions of facts.

A cell is one conjunction. Where a value has several ways to fit a schema, or not to fit it, the cell is divided. Before
that, the ways that are impossible are left out, so that few remain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from .meanings import Meaning
from .parts import Claim, Fact, Kind, Option, Part, Step

_MANY = 24
_CHOICES = frozenset({
    "anyOf", "oneOf", "not", "if", "dependentRequired", "dependentSchemas", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip


class Shape(Protocol):
    """Facts about objects or arrays together."""

    def add(self, fact: Fact) -> None:
        """Let *fact* hold, too."""


class _Choice(NamedTuple):
    """Options of which one holds. `unwanted` is the meaning that the value does not fit if one holds."""

    options: tuple[Option, ...]
    unwanted: Meaning | None


@dataclass(slots=True)
class Cell:
    """What holds for a value."""

    kind: Kind
    claims: dict[Meaning, bool] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    choices: list[_Choice] = field(default_factory=list)
    shape: Shape | None = None
    """The facts together, for a kind that has one."""

    def copy(self) -> Cell:
        """Another cell in which the same holds."""
        return Cell(self.kind, dict(self.claims), list(self.facts), list(self.choices))

    def add(self, fact: Fact) -> None:
        """Let *fact* hold, too."""
        self.facts.append(fact)
        if self.shape is not None:
            self.shape.add(fact)

    @property
    def wanted(self) -> frozenset[Meaning]:
        """The meanings that the value fits."""
        return frozenset(meaning for meaning, holds in self.claims.items() if holds)

    @property
    def plainly_wanted(self) -> frozenset[Meaning]:
        """Those without alternatives: the facts alone make a value fit them, however the choices are made."""
        return frozenset(filter(_is_plain, self.wanted))


@dataclass(frozen=True, slots=True)
class Divider:
    """Divides what holds into cells.

    `parts` are those of a meaning. `is_impossible` says whether a fact cannot hold in a cell, `are_apart` whether no
    value fits all of some meanings; both may say no if they do not know.
    """

    parts: Callable[[Meaning, Kind], tuple[Part, ...]]
    is_impossible: Callable[[Cell, Fact], bool]
    are_apart: Callable[[frozenset[Meaning]], bool]
    spend: Callable[[int], None]

    def cells(self, kind: Kind, claims: list[Claim]) -> Iterator[Cell]:
        """The cells of all values of *kind* for which *claims* hold."""
        first = Cell(kind)
        waiting = [first] if self._add(first, tuple(claims)) else []
        while waiting:
            cell = waiting.pop()
            self.spend(1)
            if not self._settle(cell):
                continue
            if not cell.choices:
                yield cell
                continue
            cell.choices.sort(key=lambda choice: (choice.unwanted is not None, len(choice.options)))
            for option in reversed(cell.choices[0].options):
                further = cell.copy()
                del further.choices[0]
                if self._add(further, option):
                    waiting.append(further)

    def _add(self, cell: Cell, steps: tuple[Step, ...]) -> bool:
        """Let *steps* hold in *cell*, and what follows from them. Returns whether that is possible."""
        waiting = list(steps)
        while waiting:
            step = waiting.pop(0)
            if isinstance(step, Fact):
                cell.add(step)
            elif step.meaning in cell.claims:
                if cell.claims[step.meaning] != step.holds:
                    return False
            else:
                cell.claims[step.meaning] = step.holds
                for choice in self._choices(cell.kind, step):
                    if not choice.options:
                        return False
                    if len(choice.options) == 1:
                        waiting += choice.options[0]
                    else:
                        cell.choices.append(choice)
        return True

    def _choices(self, kind: Kind, claim: Claim) -> list[_Choice]:
        parts = self.parts(claim.meaning, kind)
        if claim.holds:
            return [_Choice(part.fits, None) for part in parts]
        return [_Choice(tuple(option for part in parts for option in part.fails), claim.meaning)]

    def _settle(self, cell: Cell) -> bool:
        """Leave out what is impossible until nothing changes. Returns whether anything is possible."""
        while cell.choices:
            choices, cell.choices = cell.choices, []
            for choice in choices:
                self.spend(len(choice.options))
                options = tuple(option for option in choice.options if self._is_possible(cell, option))
                if not options:
                    return False
                if len(options) == 1:
                    if not self._add(cell, options[0]):
                        return False
                elif not any(self._holds(cell, option) for option in options):
                    cell.choices.append(_Choice(options, choice.unwanted))
            if sum(len(choice.options) for choice in cell.choices) > _MANY and len(cell.choices) > 1:
                self._leave_apart(cell)
            if len(cell.choices) == len(choices) and all(
                len(one.options) == len(other.options) for one, other in zip(choices, cell.choices, strict=True)
            ):
                return True
        return True

    def _is_possible(self, cell: Cell, option: Option) -> bool:
        for step in option:
            if isinstance(step, Fact):
                if self.is_impossible(cell, step):
                    return False
            elif cell.claims.get(step.meaning, step.holds) != step.holds:
                return False
        return True

    def _holds(self, cell: Cell, option: Option) -> bool:
        return all(isinstance(step, Claim) and cell.claims.get(step.meaning) == step.holds for step in option)

    def _leave_apart(self, cell: Cell) -> None:
        """Look for meanings that no value of the cell fits.

        Drop the choices of how not to fit one, and the options in which a value does.
        """
        wanted, fits = cell.plainly_wanted, cell.wanted
        known: dict[Meaning, bool] = {}

        def is_apart(meaning: Meaning) -> bool:
            if meaning not in known:
                known[meaning] = bool(wanted) and meaning not in fits and self.are_apart(wanted | {meaning})
            return known[meaning]

        cell.choices = [
            _Choice(tuple(option for option in choice.options if not _needs(option, is_apart)), choice.unwanted)
            for choice in cell.choices
            if choice.unwanted is None or not is_apart(choice.unwanted)
        ]


def _is_plain(meaning: Meaning) -> bool:
    seen: set[Meaning] = set()
    waiting = [meaning]
    while waiting:
        each = waiting.pop()
        if not _CHOICES.isdisjoint(each.keywords):
            return False
        if each not in seen:
            seen.add(each)
            waiting += each.keywords.get("allOf", ())
    return True


def _needs(option: Option, is_apart: Callable[[Meaning], bool]) -> bool:
    """Whether *option* holds only for values of a meaning for which *is_apart* is true."""
    return any(isinstance(step, Claim) and step.holds and is_apart(step.meaning) for step in option)

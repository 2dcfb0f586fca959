"""Arrays whose items fit some schemas, and of which some do not fit others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .goals import Goal, Results, goal_of, json_key
from .meanings import Meaning
from .parts import Fact
from .verdicts import JSON

_MOST_ITEMS = 100_000
_MOST_DISTINCT = 300
INFINITY = float("inf")
Values = Callable[[Goal, int], Results]
_NONE = Results([], is_complete=True)
_UNKNOWN = Results([], is_complete=False)


@dataclass(slots=True)
class Arrays:
    """What an array must be. `misfits` require an item each that does not fit."""

    items: list[Meaning] = field(default_factory=list)
    misfits: list[Meaning] = field(default_factory=list)
    least: int = 0
    most: float = INFINITY
    is_distinct: bool = False
    is_repeated: bool = False

    def add(self, fact: Fact) -> None:
        """Let *fact* hold, too."""
        value, holds = fact.value, fact.holds
        if fact.keyword == "items":
            (self.items if holds else self.misfits).append(value)
        elif fact.keyword == "uniqueItems":
            self.is_distinct |= holds
            self.is_repeated |= not holds
        elif fact.keyword in {"minItems", "maxItems"}:
            if (fact.keyword == "minItems") == holds:
                self.least = max(self.least, value if holds else value + 1)
            else:
                self.most = min(self.most, value if holds else value - 1)

    def needs(self, fact: Fact) -> list[Goal] | None:
        """Goals of which one must have a value if *fact* holds, too; None if that is not known."""
        return [self.goal(fact.value)] if fact.keyword == "items" and not fact.holds else None

    def goal(self, misfit: Meaning | None = None) -> Goal:
        """What an item must be."""
        return goal_of(self.items, [] if misfit is None else [misfit])

    def values(self, want: int, values: Values) -> Results:
        """Some such arrays."""
        if self.least > self.most or (self.is_distinct and self.is_repeated):
            return _NONE
        if self.most == 0:
            return _NONE if self.misfits or self.is_repeated else Results([[]], is_complete=True)
        if self.least > _MOST_ITEMS:
            return _UNKNOWN
        due = [self.goal(misfit) for misfit in self.misfits]
        if len(due) > self.most:  # one item may be several misfits
            due = [goal_of(self.items, self.misfits)]
        found = self._distinct(due, values) if self.is_distinct else self._repeated(due, values)
        if not found.values and len(self.misfits) > len(due) > 0 and self.most > 1:
            return _UNKNOWN
        return Results([*found.values, *self._others(found.values, want - 1, values)], found.is_complete)

    def _repeated(self, due: list[Goal], values: Values) -> Results:
        """An array in which items may be equal."""
        results = [values(goal, 1) for goal in due]
        if any(result.is_empty for result in results):
            return _NONE
        if not all(result.values for result in results):
            return _UNKNOWN
        items = [result.values[0] for result in results]
        if self.is_repeated:
            if self.most < 2:  # noqa: PLR2004  # what is repeated is there twice
                return _NONE
            if items and len(items) + 1 > self.most:
                return _UNKNOWN
            items += items[:1]
        missing = max(self.least, 2 if self.is_repeated else 0) - len(items)
        if missing > 0:
            base = values(self.goal(), 1)
            if not base.values:
                return Results([], base.is_complete)
            items += base.values * missing
        return Results([items], is_complete=False)

    def _distinct(self, due: list[Goal], values: Values) -> Results:
        """An array in which all items differ."""
        count = max(self.least, len(due))
        if count > _MOST_DISTINCT:
            return _UNKNOWN
        items: list[JSON] = []
        seen: set[bytes] = set()
        for goal in (*due, *[self.goal()] * (count - len(due))):
            result = values(goal, count)
            new = [value for value in result.values if json_key(value) not in seen]
            if not new:
                is_all = not result.values or not due  # all items were chosen from the same
                return Results([], is_complete=result.is_complete and is_all)
            items.append(new[0])
            seen.add(json_key(new[0]))
        return Results([items], is_complete=False)

    def _others(self, found: list[JSON], want: int, values: Values) -> list[JSON]:
        """Arrays that differ from the one that was found."""
        if want <= 0 or not found:
            return []
        first: list[JSON] = found[0]
        base = values(self.goal(), want + 1).values
        longer = [[*first, value] for value in base] if len(first) < self.most else []
        changed = [[value, *first[1:]] for value in base] if first and not self.misfits and not self.is_repeated else []
        distinct = [
            each for each in (*longer, *changed) if not self.is_distinct or len({*map(json_key, each)}) == len(each)
        ]
        return [each for number, each in enumerate(distinct) if each not in (first, *distinct[:number])][:want]

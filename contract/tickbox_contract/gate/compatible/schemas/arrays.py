"""Arrays whose items fit some schemas, and of which some do not fit others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import NamedTuple

from .goals import Goal, Results, goal_of, json_key
from .meanings import Meaning
from .parts import Claim, Fact
from .verdicts import JSON

_MOST_ITEMS = 100_000
_MOST_DISTINCT = 300
_MOST_WAYS = 2_000
_MOST_DUE = 12
INFINITY = float("inf")
Values = Callable[[Goal, int], Results]
_NONE = Results([], is_complete=True)
_UNKNOWN = Results([], is_complete=False)


class _Due(NamedTuple):
    """That some item fits a schema or does not, at a place from `first` on, or only there. Those of a group differ."""

    claim: Claim
    first: int = 0
    is_only: bool = False
    group: int = -1


class _Item(NamedTuple):
    """Values for an item. Limits, by number, that count each of them, and those that count every value there is."""

    results: Results
    counted: frozenset[int] = frozenset()
    forced: frozenset[int] = frozenset()


Way = dict[int, tuple[Claim, ...]]
"""What holds for some items beside what holds for all, by their places."""


@dataclass(slots=True)
class Arrays:
    """What an array must be. Its places are the first ones, each with schemas of its own, and all others.

    `placed` holds for the item at a place, if there is one; `rests` for all items from a place on. `limits` say how
    many items may fit a schema.
    """

    search: Values
    placed: dict[int, list[Claim]] = field(default_factory=dict)
    rests: list[tuple[int, Claim]] = field(default_factory=list)
    due: list[_Due] = field(default_factory=list)
    limits: list[tuple[int, Meaning]] = field(default_factory=list)
    least: int = 0
    most: float = INFINITY
    is_distinct: bool = False
    is_repeated: bool = False
    is_known: bool = True

    def add(self, fact: Fact) -> None:
        """Let *fact* hold, too."""
        keyword, value, holds = fact
        if keyword == "uniqueItems":
            self.is_distinct |= holds
            self.is_repeated |= not holds
        elif keyword in {"minItems", "maxItems"}:
            if (keyword == "minItems") == holds:
                self.least = max(self.least, value if holds else value + 1)
            else:
                self.most = min(self.most, value if holds else value - 1)
        elif keyword in {"minContains", "maxContains"}:
            self._contain(*value, is_least=(keyword == "minContains") == holds, by=0 if holds else 1)
        elif keyword in {"item", "items"} and not holds:
            self.due.append(_misfit(fact))
        elif keyword == "item":
            self.placed.setdefault(value[0], []).append(Claim(value[1], holds=True))
        elif keyword == "items":
            self.rests.append((value[0], Claim(value[1], holds=True)))

    def _contain(self, bound: int, meaning: Meaning, *, is_least: bool, by: int) -> None:
        """Require at least *bound* items, or as many at most, that fit; *by* one more or less."""
        if is_least:
            count = bound + by
            self.is_known &= count <= _MOST_DUE
            self.due += [_Due(Claim(meaning, holds=True), group=len(self.due))] * min(count, _MOST_DUE)
        elif bound - by <= 0:
            self.rests.append((0, Claim(meaning, holds=False)))
        else:
            self.limits.append((bound - by, meaning))

    def needs(self, fact: Fact) -> list[Goal] | None:
        """Goals of which one must have a value if *fact* holds, too; None if that is not known."""
        if fact.keyword in {"item", "items"} and not fact.holds:
            due = _misfit(fact)
        elif fact.keyword == "maxContains" and not fact.holds:
            due = _Due(Claim(fact.value[1], holds=True))
        else:
            return None
        return [self._goal(place, (due.claim,)) for place in self._places(due, 1)]

    @property
    def _tail(self) -> int:
        """The first place from which on the same holds for all items."""
        ends = [place + 1 for place in (*self.placed, *(due.first for due in self.due if due.is_only))]
        return max([*ends, *(first for first, _ in self.rests), *(due.first for due in self.due)], default=0)

    def _places(self, due: _Due, further: int) -> list[int]:
        """The places where an item may be what is due; *further* of those that are the same, the last one first."""
        if due.is_only:
            return [due.first] if due.first < self.most else []
        tail = max(self._tail, due.first)
        places = [*range(tail + further - 1, tail - 1, -1), *range(due.first, tail)]
        return [place for place in places if place < self.most]

    def _goal(self, place: int, further: tuple[Claim, ...] = ()) -> Goal:
        """What the item at *place* must be."""
        claims = [*self.placed.get(place, ()), *(claim for first, claim in self.rests if place >= first), *further]
        return goal_of(
            (claim.meaning for claim in claims if claim.holds), (claim.meaning for claim in claims if not claim.holds)
        )

    def values(self, want: int) -> Results:
        """Some such arrays."""
        if self.least > self.most or (self.is_distinct and self.is_repeated):
            return _NONE
        if not self.due and self.most == 0:
            return _NONE if self.is_repeated else Results([[]], is_complete=True)
        if self.least > _MOST_ITEMS or not self.is_known:
            return _UNKNOWN
        is_complete = True
        for number, way in enumerate(self._ways()):
            found = self._filled(way) if number < _MOST_WAYS else _UNKNOWN
            if found.values or number == _MOST_WAYS:
                return Results([*found.values, *self._others(found.values, way, want - 1)], is_complete=False)
            is_complete &= found.is_complete
        return Results([], is_complete)

    def _ways(self) -> Iterator[Way]:
        """The ways to choose a place for each item that is due."""
        candidates = []
        for number, due in enumerate(self.due):
            places = self._places(due, number + 1)
            candidates.append([n for n in places if not self.search(self._goal(n, (due.claim,)), 1).is_empty])
        yield from self._chosen(candidates, {}, {})

    def _chosen(self, candidates: list[list[int]], way: Way, last: dict[int, int]) -> Iterator[Way]:
        if not candidates:
            yield way
            return
        due = self.due[-len(candidates)]
        for place in candidates[0]:
            if due.group < 0 or last.get(due.group, -1) < place:  # the items of a group are in order
                further = {**way, place: (*way.get(place, ()), due.claim)}
                yield from self._chosen(candidates[1:], further, {**last, due.group: place})

    def _filled(self, way: Way) -> Results:
        """An array with what is due at the places of *way*."""
        count = max([self.least, 2 if self.is_repeated else 0, *(place + 1 for place in way)])
        if count > self.most:
            return _NONE
        if self.is_distinct:
            return self._distinct(way, count)
        if not self.is_repeated:
            return self._repeated(way, count, ())
        last = max([self._tail + 2, *(place + 3 for place in way)])
        is_complete = True
        for pair in combinations(range(int(min(last, self.most))), 2):
            found = self._repeated(way, max(count, pair[1] + 1), pair)
            if found.values:
                return found
            is_complete &= found.is_complete
        return Results([], is_complete)

    def _repeated(self, way: Way, count: int, pair: tuple[int, ...]) -> Results:
        """An array in which items may be equal, and those of *pair* are."""
        head = min(count, max([self._tail, *(place + 1 for place in (*way, *pair))]))
        same = [self._goal(place, way.get(place, ())) for place in pair]
        both = Goal(frozenset().union(*(g.wanted for g in same)), frozenset().union(*(g.unwanted for g in same)))
        items: list[tuple[_Item, int]] = []
        for place in range(head + (head < count)):
            item = self._item(both if place in pair else self._goal(place, way.get(place, ())))
            if not item.results.values:
                return item.results
            items.append((item, count - head if place == head else 1))
        return self._beyond(items) or Results(
            [[v for item, n in items for v in item.results.values * n]], is_complete=False
        )

    def _item(self, goal: Goal, want: int = 1) -> _Item:
        """An item that few limits count."""
        if not self.limits:
            return _Item(self.search(goal, want))
        forced = {n for n in range(len(self.limits)) if self.search(self._uncounted(goal, n), 1).is_empty}
        counted = set(forced)
        for number in range(len(self.limits)):
            apart = self._uncounted(goal, number)
            if number in forced or self.search(apart, 1).is_empty:
                counted.add(number)
            else:
                goal = apart
        return _Item(self.search(goal, want), frozenset(counted), frozenset(forced))

    def _uncounted(self, goal: Goal, number: int) -> Goal:
        """*goal* for an item that the limit of that number does not count."""
        return Goal(goal.wanted, goal.unwanted | {self.limits[number][1]})

    def _beyond(self, items: list[tuple[_Item, int]]) -> Results | None:
        """What is known if *items*, each as often as it is there, are more than the limits allow; None if not."""
        for number, (most, _) in enumerate(self.limits):
            if sum(times for item, times in items if number in item.forced) > most:
                return _NONE
        for number, (most, _) in enumerate(self.limits):
            if sum(times for item, times in items if number in item.counted) > most:
                return _UNKNOWN
        return None

    def _distinct(self, way: Way, count: int) -> Results:
        """An array in which all items differ."""
        if count > _MOST_DISTINCT:
            return _UNKNOWN
        items = [self._item(self._goal(place, way.get(place, ())), count) for place in range(count)]
        results = [item.results for item in items]
        if any(result.is_empty for result in results):
            return _NONE
        beyond = self._beyond([(item, 1) for item in items])
        if beyond is not None:
            return beyond
        keyed = {id(result): {json_key(value): value for value in result.values} for result in results}
        keys = [keyed[id(result)] for result in results]
        chosen: dict[bytes, int] = {}
        for place in sorted(range(count), key=lambda place: len(keys[place])):
            if not _choose(place, keys, chosen, set()):
                is_all = all(each.is_complete or len(each.values) >= count for each in results)
                return Results([], is_all and not self.limits)
        by_place = {place: key for key, place in chosen.items()}
        return Results([[keys[place][by_place[place]] for place in range(count)]], is_complete=False)

    def _others(self, found: list[JSON], way: Way, want: int) -> list[JSON]:
        """Arrays that differ in one item from the one that was found. They may have more items than limits allow."""
        if want <= 0 or not found or self.is_repeated:
            return []
        first: list[JSON] = found[0]
        further = range(len(first), int(min(len(first) + 1, self.most)))
        others = (
            [*first[:place], value, *first[place + 1 :]]
            for place in (*further, *range(len(first)))
            for value in self._item(self._goal(place, way.get(place, ())), want + 1).results.values
        )
        different = (
            each
            for each in others
            if each != first and (not self.is_distinct or len({*map(json_key, each)}) == len(each))
        )
        return [*islice(different, want)]


def _misfit(fact: Fact) -> _Due:
    """What is due if *fact*, which is about items, does not hold."""
    first, meaning = fact.value
    return _Due(Claim(meaning, holds=False), first, is_only=fact.keyword == "item")


def _choose(place: int, keys: list[dict[bytes, JSON]], chosen: dict[bytes, int], tried: set[bytes]) -> bool:
    """Choose a value for *place* that no other place has; others may have to take another one."""
    for key in keys[place]:
        if key not in tried:
            tried.add(key)
            if key not in chosen or _choose(chosen[key], keys, chosen, tried):
                chosen[key] = place
                return True
    return False

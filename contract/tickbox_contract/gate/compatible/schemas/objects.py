"""Objects that have some properties and lack others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, product

from .goals import Goal, Results, goal_of
from .meanings import Meaning
from .meanings import meaning as reduced
from .parts import Fact, Members
from .verdicts import JSON

_MOST_WAYS = 2_000
_MOST_PROPERTIES = 1_000
_MOST_MEANINGS = 5
INFINITY = float("inf")
Values = Callable[[Goal, int], Results]
Way = dict[str, tuple[Meaning, ...]]
"""What the values of some properties must not fit."""
_NAME = reduced((), type=("string",))


@dataclass(slots=True)
class Objects:
    """What an object must be.

    `maps` are schemas of the values of several names, `outliers` require a property with one of several names whose
    value does not fit.
    """

    search: Values
    properties: defaultdict[str, list[Meaning]] = field(default_factory=lambda: defaultdict(list))
    misfits: defaultdict[str, list[Meaning]] = field(default_factory=lambda: defaultdict(list))
    maps: list[Members] = field(default_factory=list)
    outliers: list[Members] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    least: int = 0
    most: float = INFINITY

    def add(self, fact: Fact) -> None:
        """Let *fact* hold, too."""
        keyword, value, holds = fact
        if keyword == "required":
            (self.required if holds else self.absent).add(value)
        elif keyword == "property":
            name, meaning = value
            (self.properties if holds else self.misfits)[name].append(meaning)
        elif keyword == "members":
            (self.maps if holds else self.outliers).append(value)
        elif keyword in {"minProperties", "maxProperties"}:
            if (keyword == "minProperties") == holds:
                self.least = max(self.least, value if holds else value + 1)
            else:
                self.most = min(self.most, value if holds else value - 1)

    @property
    def _due(self) -> set[str]:
        """The names of properties that must exist."""
        return self.required | self.misfits.keys()

    def goal(self, name: str, further: tuple[Meaning, ...] = ()) -> Goal:
        """What the value of a property must be; it also must not fit any of *further*."""
        wanted = [*self.properties.get(name, ()), *(each.value for each in self.maps if self._has(each, name))]
        return goal_of(wanted, [*self.misfits.get(name, ()), *further])

    def _has(self, members: Members, name: str, *, perhaps: bool = False) -> bool:
        """Whether *name* is one of the names of *members*, or is *perhaps* one of them."""
        if name in members.known:
            return False
        if not members.wanted and not members.unwanted:
            return True
        found = self.search(goal_of([_only(name), *members.wanted], members.unwanted), 1)
        return not found.is_empty if perhaps else bool(found.values)

    def needs(self, fact: Fact) -> list[Goal] | None:
        """Goals of which one must have a value if *fact* holds, too; None if that is not known."""
        if fact.keyword == "required":
            is_contradicted = fact.value in self.absent if fact.holds else fact.value in self._due
            return [] if is_contradicted else None
        if fact.keyword == "property" and not fact.holds:
            name, meaning = fact.value
            return [] if name in self.absent else [self.goal(name, (meaning,))]
        if fact.keyword == "members" and not fact.holds:
            members: Members = fact.value
            fresh, is_complete = self._fresh(1, members)
            names = [name for name in (*self._names(members), *chain(*fresh)) if self._has(members, name, perhaps=True)]
            goals = [self.goal(name, (members.value,)) for name in names if name not in self.absent]
            return goals if is_complete else None
        return None

    def is_declared(self, name: str) -> bool:
        """Whether a schema that the object fits knows a property of that name; a free object knows each."""
        return not self.properties or name in self.properties or any(self._has(each, name) for each in self.maps)

    def values(self, want: int, *, without_added: bool) -> Results:
        """Such objects. *without_added* leaves out a wrong value for a name that nothing which they fit declares."""
        found: list[JSON] = []
        fresh, is_complete = self._fresh(max(1, len(self.outliers)))
        for number, way in enumerate(self._ways(fresh)):
            if number == _MOST_WAYS:
                return Results(found, is_complete=False)
            more = self._filled(way, want - len(found), without_added=without_added)
            found += [each for each in more.values if each not in found]
            is_complete &= more.is_complete
            if len(found) >= want:
                break
        return Results(found, is_complete=is_complete)

    def _ways(self, fresh: list[list[str]]) -> Iterator[Way]:
        """The ways to choose names for the outliers: one more of *fresh* for each."""
        named = [name for name in self._names() if name not in self.absent]
        candidates = [
            [
                name
                for name in (*named, *(name for names in fresh for name in names[: number + 1]))
                if self._has(each, name, perhaps=True) and not self.search(self.goal(name, (each.value,)), 1).is_empty
            ]
            for number, each in enumerate(self.outliers)
        ]
        for chosen in product(*candidates):
            way: Way = {}
            for name, each in zip(chosen, self.outliers, strict=True):
                way[name] = (*way.get(name, ()), each.value)
            yield way

    def _names(self, *further: Members) -> list[str]:
        named = [*self.properties, *self.misfits, *sorted(self.required)]
        named += [name for each in (*self.maps, *self.outliers, *further) for name in sorted(each.known)]
        return list(dict.fromkeys(named))

    def _fresh(self, count: int, *further: Members, known: list[str] | None = None) -> tuple[list[list[str]], bool]:
        """Other names, *count* for each way to fit the schemas of names, and whether all are like one of them."""
        named = [*dict.fromkeys([*self._names(*further), *sorted(self.absent), *(known or ())])]
        sets = (
            each for members in (*self.maps, *self.outliers, *further) for each in (members.wanted, members.unwanted)
        )
        meanings = list(dict.fromkeys(meaning for each in sets for meaning in each))
        if not meanings:
            names = (f"other{number}" if number else "other" for number in range(len(named) + count))
            return [[name for name in names if name not in named][:count]], True
        found, is_complete = list[list[str]](), len(meanings) <= _MOST_MEANINGS
        others = [reduced((), enum=named)] if named else []
        for signs in product((False, True), repeat=min(len(meanings), _MOST_MEANINGS)):
            pairs = [*zip(meanings, signs, strict=False)]
            wanted, unwanted = ([each for each, holds in pairs if holds is sign] for sign in (True, False))
            results = self.search(goal_of([_NAME, *wanted], [*unwanted, *others]), count)
            found.append(results.values)
            is_complete &= results.is_complete or len(results.values) == count
        return found, is_complete

    def _filled(self, way: Way, want: int, *, without_added: bool) -> Results:
        """Objects with the given outliers, the required properties, and enough further ones."""
        due = [*way, *(name for name in self._names() if name in self._due and name not in way)]
        if len(due) > self.most or self.least > self.most or self.absent & set(due):
            return Results([], is_complete=True)
        if without_added and not all(name in self.required or self.is_declared(name) for name in self.misfits):
            return Results([], is_complete=True)
        made: dict[str, JSON] = {}
        is_complete = True
        due.sort(key=lambda name: name not in self.misfits and name not in way)
        for name in due:
            found = self.search(self.goal(name, way.get(name, ())), 1)
            if found.is_empty:
                return found
            is_complete &= bool(found.values)
            made |= {name: found.values[0]} if found.values else {}
        return self._enough(made, way, want) if is_complete else Results([], is_complete=False)

    def _enough(self, made: dict[str, JSON], way: Way, want: int) -> Results:
        if self.least > _MOST_PROPERTIES:
            return Results([], is_complete=False)
        known = [name for name in self._names() if name not in made and name not in self.absent]
        fresh, is_complete = self._fresh(max(0, self.least - len(made)), known=[*made])
        for name in (*known, *chain(*fresh)):
            if len(made) >= self.least:
                break
            found = self.search(self.goal(name), 1)
            is_complete &= bool(found.values) or found.is_complete
            made |= {name: found.values[0]} if found.values else {}
        if len(made) < self.least:
            return Results([], is_complete=is_complete)
        others = self._others(made, way, want - 1) if self.most else []
        return Results([made, *others], is_complete=not self.most)

    def _others(self, made: dict[str, JSON], way: Way, want: int) -> list[JSON]:
        """Objects that differ from *made* in one property."""
        found: list[JSON] = []
        if want <= 0:
            return found
        names = [*made, *(name for name in self._names() if name not in made and name not in self.absent)]
        for name in (*names, *chain(*self._fresh(1, known=names)[0])):
            if len(found) >= want:
                break
            if name not in made and len(made) >= self.most:
                continue
            for value in self.search(self.goal(name, way.get(name, ())), want + 1).values:
                other = {**made, name: value}
                if other != made and other not in found:
                    found.append(other)
        return found[:want]


@lru_cache(maxsize=10_000)
def _only(name: str) -> Meaning:
    """That name alone."""
    return reduced((), enum=[name])

"""Objects that have some properties and lack others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

from .goals import Goal, Results, goal_of
from .meanings import Meaning
from .parts import Fact
from .verdicts import JSON

_MOST_WAYS = 2_000
_MOST_PROPERTIES = 1_000
INFINITY = float("inf")
Values = Callable[[Goal, int], Results]


@dataclass(slots=True)
class Objects:
    """What an object must be.

    `maps` are schemas of the values of all names but some, `outliers` require one more property whose name is not among
    some and whose value does not fit.
    """

    properties: defaultdict[str, list[Meaning]] = field(default_factory=lambda: defaultdict(list))
    misfits: defaultdict[str, list[Meaning]] = field(default_factory=lambda: defaultdict(list))
    maps: list[tuple[frozenset[str], Meaning]] = field(default_factory=list)
    outliers: list[tuple[frozenset[str], Meaning]] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    least: int = 0
    most: float = INFINITY

    def add(self, fact: Fact) -> None:
        """Let *fact* hold, too."""
        value, holds = fact.value, fact.holds
        if fact.keyword == "required":
            (self.required if holds else self.absent).add(value)
        elif fact.keyword == "property":
            name, meaning = value
            (self.properties if holds else self.misfits)[name].append(meaning)
        elif fact.keyword == "additionalProperties":
            (self.maps if holds else self.outliers).append(value)
        elif fact.keyword == "minProperties":
            self.least, self.most = (
                (max(self.least, value), self.most) if holds else (self.least, min(self.most, value - 1))
            )
        elif fact.keyword == "maxProperties":
            self.least, self.most = (
                (self.least, min(self.most, value)) if holds else (max(self.least, value + 1), self.most)
            )

    @property
    def _due(self) -> set[str]:
        """The names of properties that must exist."""
        return self.required | self.misfits.keys()

    def goal(self, name: str, further: tuple[Meaning, ...] = ()) -> Goal:
        """What the value of a property must be; it also must not fit any of *further*."""
        wanted = [*self.properties.get(name, ()), *(meaning for names, meaning in self.maps if name not in names)]
        return goal_of(wanted, [*self.misfits.get(name, ()), *further])

    def needs(self, fact: Fact) -> list[Goal] | None:
        """Goals of which one must have a value if *fact* holds, too; None if that is not known."""
        if fact.keyword == "required":
            is_contradicted = fact.value in self.absent if fact.holds else fact.value in self._due
            return [] if is_contradicted else None
        if fact.keyword == "property" and not fact.holds:
            name, meaning = fact.value
            return [] if name in self.absent else [self.goal(name, (meaning,))]
        if fact.keyword == "additionalProperties" and not fact.holds:
            names, meaning = fact.value
            candidates = [name for name in self._names() if name not in names | self.absent]
            fresh = _fresh([*self._names(), *names], 1)
            return [self.goal(name, (meaning,)) for name in (*candidates, *fresh)]
        return None

    def is_declared(self, name: str) -> bool:
        """Whether a schema that the object fits knows a property of that name; a free object knows each."""
        declared = {*self.properties}
        return not declared or name in declared or any(name not in names for names, _ in self.maps)

    def values(self, want: int, values: Values, *, without_added: bool) -> Results:
        """Such objects. *without_added* leaves out a wrong value for a name that nothing which they fit declares."""
        found: list[JSON] = []
        is_complete = True
        for number, ways in enumerate(self._ways()):
            if number == _MOST_WAYS:
                return Results(found, is_complete=False)
            more = self._filled(ways, want - len(found), values, without_added=without_added)
            found += [each for each in more.values if each not in found]
            is_complete &= more.is_complete
            if len(found) >= want:
                break
        return Results(found, is_complete=is_complete)

    def _ways(self) -> Iterator[dict[str, tuple[Meaning, ...]]]:
        """The ways to choose names for the outliers: for each name, what its value must not fit."""
        known = self._names()
        fresh = _fresh(known, len(self.outliers))
        candidates = [
            [name for name in (*known, *fresh[: number + 1]) if name not in names and name not in self.absent]
            for number, (names, _) in enumerate(self.outliers)
        ]
        for chosen in product(*candidates):
            ways: dict[str, tuple[Meaning, ...]] = {}
            for name, (_, meaning) in zip(chosen, self.outliers, strict=True):
                ways[name] = (*ways.get(name, ()), meaning)
            yield ways

    def _names(self) -> list[str]:
        named = [*self.properties, *self.misfits, *sorted(self.required)]
        named += [name for names, _ in (*self.maps, *self.outliers) for name in sorted(names)]
        return list(dict.fromkeys(named))

    def _filled(
        self, ways: dict[str, tuple[Meaning, ...]], want: int, values: Values, *, without_added: bool
    ) -> Results:
        """Objects with the given outliers, the required properties, and enough further ones."""
        due = [*ways, *(name for name in self._names() if name in self._due and name not in ways)]
        if len(due) > self.most or self.least > self.most or self.absent & set(due):
            return Results([], is_complete=True)
        if without_added and not all(name in self.required or self.is_declared(name) for name in self.misfits):
            return Results([], is_complete=True)
        made: dict[str, JSON] = {}
        is_complete = True
        due.sort(key=lambda name: name not in self.misfits and name not in ways)
        for name in due:
            found = values(self.goal(name, ways.get(name, ())), 1)
            if not found.values and found.is_complete:
                return Results([], is_complete=True)
            is_complete &= bool(found.values)
            made |= {name: found.values[0]} if found.values else {}
        if not is_complete:
            return Results([], is_complete=False)
        return self._enough(made, ways, want, values)

    def _enough(
        self, made: dict[str, JSON], ways: dict[str, tuple[Meaning, ...]], want: int, values: Values
    ) -> Results:
        is_complete = True
        if self.least > _MOST_PROPERTIES:
            return Results([], is_complete=False)
        known = self._names()
        further = [name for name in known if name not in made and name not in self.absent]
        further += _fresh([*known, *made], self.least)
        for name in further:
            if len(made) >= self.least:
                break
            found = values(self.goal(name), 1)
            is_complete &= bool(found.values) or found.is_complete
            made |= {name: found.values[0]} if found.values else {}
        if len(made) < self.least:
            return Results([], is_complete=is_complete)
        others = self._others(made, ways, want - 1, values) if self.most else []
        return Results([made, *others], is_complete=not self.most)

    def _others(
        self, made: dict[str, JSON], ways: dict[str, tuple[Meaning, ...]], want: int, values: Values
    ) -> list[JSON]:
        """Objects that differ from *made* in one property."""
        found: list[JSON] = []
        names = [*made, *(name for name in self._names() if name not in made and name not in self.absent)]
        for name in (*names, *_fresh(names, 1)):
            if len(found) >= want:
                break
            if name not in made and len(made) >= self.most:
                continue
            for value in values(self.goal(name, ways.get(name, ())), want + 1).values:
                other = {**made, name: value}
                if other != made and other not in found:
                    found.append(other)
        return found[: max(want, 0)]


def _fresh(known: list[str], count: int) -> list[str]:
    """Names that are not known."""
    names = (f"other{number}" if number else "other" for number in range(len(known) + count))
    return [name for name in names if name not in known][:count]

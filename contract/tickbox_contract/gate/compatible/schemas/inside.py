"""Breaks in a part of a value, shown with a whole value: all places that break, where a search stops at the first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .goals import goal_of
from .meanings import Meaning, meaning
from .places import Failure, Path, Places
from .search import Search
from .validators import Validators, parts_of_value
from .verdicts import JSON

Step = str | int | None
"""The name of a property, the number of an item, or None for the value itself."""

_OBJECT, _ARRAY = meaning((), type=("object",)), meaning((), type=("array",))


class Stage(NamedTuple):
    """What the same value must fit: the meanings that cover, and those that are to be covered."""

    covered: tuple[Meaning, ...]
    covering: tuple[Meaning, ...]


class Shown(NamedTuple):
    """A value that breaks, and why."""

    value: JSON
    failure: Failure


class Inside:
    """Builds whole values around parts that break."""

    def __init__(self, search: Search, validators: Validators, places: Places) -> None:
        self._search = search
        self._validators = validators
        self._places = places

    def shown(self, stages: Sequence[Stage], path: Path, lacks: str) -> Shown | None:
        """A whole value that breaks by its part at *path*; None if it is not proved that this is why.

        *stages* has one stage for the whole, and one for each step of *path*. With *lacks* the part breaks because it
        has no property of that name.
        """
        if lacks:
            whole = self._bases(stages[-1], lacks)
            parts = [{name: held for name, held in each.items() if name != lacks} for each in whole]
        else:
            whole, parts = self._values(stages[-1], breaks=False), self._values(stages[-1], breaks=True)
        shown = (self._proved(stages, path, part, whole, lacks) for part in parts)
        return next((each for each in shown if each), None)

    def _proved(self, stages: Sequence[Stage], path: Path, part: JSON, whole: list[JSON], lacks: str) -> Shown | None:
        """*part* in a whole value, if it breaks where it is whatever is around it, or if the rest alone does not."""
        covered, covering = stages[0].covered[0], stages[0].covering[0]
        confirms = self._validators.confirms
        for value in self._around(stages, path, [part]):
            failure = self._failure(stages[-1].covering[-1], part, path, lacks)
            if failure and confirms(covered, value) and not confirms(covering, value):
                others = self._around(stages, path, whole) + self._without(stages, path)
                is_due = self._is_refused(covering, path, value, lacks)
                if is_due or any(confirms(covering, each) for each in others):
                    return Shown(value, failure)
        return None

    def _failure(self, covering: Meaning, part: JSON, path: Path, lacks: str) -> Failure | None:
        if not lacks:
            return self._places.failure(covering, part, path)
        needs = (each for each in _due(covering) if lacks in each.keywords.get("required", ()))
        return next((Failure(each, "required", path, part, lacks) for each in needs), None)

    def _values(self, stage: Stage, *kinds: Meaning, breaks: bool) -> list[JSON]:
        fits = (*stage.covered, *kinds)
        goal = goal_of(fits, stage.covering) if breaks else goal_of((*fits, *stage.covering), ())
        return self._search.values(goal).values

    def _bases(self, stage: Stage, step: str | int) -> list[JSON]:
        """A value that *step* leads into. It breaks nowhere if there is such a value."""
        kind = _OBJECT if isinstance(step, str) else _ARRAY
        bases = self._values(stage, kind, breaks=False)
        return bases or self._search.values(goal_of((*stage.covered, kind), ())).values

    def _around(self, stages: Sequence[Stage], path: Path, parts: list[JSON]) -> list[JSON]:
        """*parts* in whole values, which break nowhere else if there is such a value."""
        for stage, step in zip(reversed(stages[:-1]), reversed(path), strict=True):
            bases = self._bases(stage, step)
            if isinstance(step, str):
                parts = [{**base, step: part} for base in bases for part in parts]
            else:
                parts = [[part, *base[1:]] for base in bases for part in parts]
        return parts

    def _without(self, stages: Sequence[Stage], path: Path) -> list[JSON]:
        """The same whole values without the part."""
        return self._around(stages[:-1], path[:-1], self._bases(stages[-2], path[-1])) if path else []

    def _is_refused(self, covering: Meaning, path: Path, value: JSON, lacks: str) -> bool:
        """Whether the part at *path* breaks a schema that must hold there, whatever the rest is."""
        here = set(_due(covering))
        for step in path:
            inner = {found for each in here for at, found, _ in parts_of_value(each, value) if at == step}
            here, value = {due for each in inner for due in _due(each)}, value[step]
        if lacks:
            return any(lacks in each.keywords.get("required", ()) for each in here)
        return not all(self._validators.accepts(each, value) for each in here)


def _due(whole: Meaning) -> Iterator[Meaning]:
    """*whole*, and the parts of its `allOf`."""
    seen: set[Meaning] = set()
    waiting = [whole]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            yield each
            waiting += each.keywords.get("allOf", ())

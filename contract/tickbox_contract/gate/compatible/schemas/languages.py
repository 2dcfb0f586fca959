"""Texts that match some patterns and do not match others: the shortest one, or a proof that there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import characters
from .characters import Ranges
from .patterns import Automaton

Spend = Callable[[int], None]
"""Takes some steps of a budget. Raises if there are no more."""

_States = frozenset[int]
_LAST = 1


class _Runner:
    """One automaton, as it reads a text. `is_wanted`: whether the text must match."""

    def __init__(self, automaton: Automaton, *, is_wanted: bool) -> None:
        self._automaton = automaton
        self.is_wanted = is_wanted
        self._steps: dict[tuple[_States, frozenset[Ranges]], _States] = {}
        self._finals: dict[tuple[_States, bool], bool] = {}

    @property
    def sets(self) -> set[Ranges]:
        return {ranges for moves in self._automaton.moves for ranges, _ in moves}

    def start(self) -> _States:
        return self._closed({0}, at_start=True, at_end=False)

    def step(self, states: _States, within: frozenset[Ranges]) -> _States | None:
        """The states after a character that is in the sets *within*; None if the text cannot become a wanted one."""
        key = (states, within)
        if key not in self._steps:
            moved = {there for state in states for ranges, there in self._automaton.moves[state] if ranges in within}
            self._steps[key] = self._closed(moved, at_start=False, at_end=False)
        found = self._steps[key]
        return None if self.is_hopeless(found) else found

    def is_hopeless(self, states: _States) -> bool:
        """Whether no continuation can make the text a wanted one."""
        return not states if self.is_wanted else _LAST in states

    def is_done(self, states: _States, *, at_start: bool) -> bool:
        """Whether the text, if it ends here, is a wanted one."""
        key = (states, at_start)
        if key not in self._finals:
            self._finals[key] = _LAST in self._closed(set(states), at_start=at_start, at_end=True)
        return self._finals[key] == self.is_wanted

    def _closed(self, states: set[int], *, at_start: bool, at_end: bool) -> _States:
        found, waiting = set(states), list(states)
        while waiting:
            state = waiting.pop()
            further = [*self._automaton.silent[state]]
            further += self._automaton.starts[state] if at_start else ()
            further += self._automaton.ends[state] if at_end else ()
            new = set(further) - found
            found |= new
            waiting += new
        return frozenset({_LAST}) if _LAST in found and not at_end else frozenset(found)


_Position = tuple[_States, ...]
_Layer = dict[_Position, tuple[_Position, str] | None]


def shortest(
    wanted: Sequence[Automaton], unwanted: Sequence[Automaton], least: int, most: float, spend: Spend
) -> str | None:
    """The shortest text of *least* to *most* characters that all *wanted* match and no *unwanted* does, or None.

    A text has characters that are easy to read. Its steps are taken from a budget (*spend*).
    """
    runners = [_Runner(each, is_wanted=True) for each in wanted]
    runners += [_Runner(each, is_wanted=False) for each in unwanted]
    if least > most:
        return None
    alphabet = characters.classes(ranges for runner in runners for ranges in runner.sets)
    first = tuple(runner.start() for runner in runners)
    if any(runner.is_hopeless(states) for runner, states in zip(runners, first, strict=True)):
        return None
    layers: list[_Layer] = [{first: None}]
    seen: set[_Position] = set()
    while layers[-1]:
        length = len(layers) - 1
        if length >= least:
            seen |= layers[-1].keys() if length else set()  # at its start, a text can end in other ways
            for position in layers[-1]:
                if all(r.is_done(s, at_start=length == 0) for r, s in zip(runners, position, strict=True)):
                    return _text(layers, position)
        if length >= most:
            break
        spend(len(alphabet) * sum(1 + sum(map(len, position)) // 8 for position in layers[-1]))
        layers.append(_further(layers[-1], runners, alphabet, seen))
    return None


def _further(
    layer: _Layer, runners: list[_Runner], alphabet: list[tuple[str, frozenset[Ranges]]], seen: set[_Position]
) -> _Layer:
    further: _Layer = {}
    for position in layer:
        for character, within in alphabet:
            stepped = [runner.step(states, within) for runner, states in zip(runners, position, strict=True)]
            found = tuple(states for states in stepped if states is not None)
            if len(found) == len(runners) and found not in seen and found not in further:
                further[found] = (position, character)
    return further


def _text(layers: list[_Layer], position: _Position) -> str:
    """The text that leads to *position* in the last layer."""
    out = []
    for layer in reversed(layers):
        came = layer[position]
        if came is not None:
            position, character = came
            out.append(character)
    return "".join(reversed(out))

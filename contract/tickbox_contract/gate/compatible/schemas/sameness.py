"""Meanings that say the same, recognized by what they say: one stands for all of them in a search."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from .meanings import Meaning
from .parts import Claim, Members, Option, Part, Step

_MOST_MEANINGS = 500
_MOST_DEPTH = 250
_ENDLESS = 1_000_000


class _TooLargeError(Exception):
    """A meaning leads to too many others to be recognized."""


class Sameness:
    """Finds for each meaning the first one that says the same.

    Two meanings that say the same in different words are different here. A meaning in which it is itself contained is
    written with the number of steps back to it.
    """

    def __init__(self) -> None:
        self._first: dict[bytes, Meaning] = {}
        self._known: dict[Meaning, Meaning] = {}
        self._digests: dict[Meaning, bytes] = {}
        self._open: dict[Meaning, int] = {}
        self._left = 0
        self._alike: dict[Meaning, Meaning] = {}
        self._compared: dict[tuple[Meaning, Meaning], bool] = {}

    def match(self, one: Meaning, other: Meaning) -> None:
        """Find what says the same in *one* and in *other*, each at the same place: whatever leads to no difference."""
        above: dict[tuple[Meaning, Meaning], list[tuple[Meaning, Meaning]]] = {(one, other): []}
        waiting, different = [(one, other)], list[tuple[Meaning, Meaning]]()
        while waiting:
            pair = waiting.pop()
            inner = self._inside(*pair) if pair not in self._compared else [] if self._compared[pair] else None
            if inner is None:
                different.append(pair)
                continue
            for each in inner:
                if each not in above:
                    above[each] = []
                    waiting.append(each)
                above[each].append(pair)
        changed = set(different)
        while different:
            further = [pair for pair in above[different.pop()] if pair not in changed]
            changed |= {*further}
            different += further
        for pair in above:
            self._compared[pair] = pair not in changed
            if pair not in changed:
                self._alike.setdefault(pair[1], pair[0])

    def _inside(self, one: Meaning, other: Meaning) -> list[tuple[Meaning, Meaning]] | None:
        """The meanings at the same places inside two that otherwise say the same; None if they differ."""
        if one.keywords.keys() != other.keywords.keys():
            return None
        inner = []
        for keyword in one.keywords:
            said, also = self._said(one.keywords[keyword]), self._said(other.keywords[keyword])
            if [text for text, _ in said] != [text for text, _ in also]:
                return None
            inner += [(first, second) for (_, first), (_, second) in zip(said, also, strict=True) if first and second]
        return inner

    def of(self, meaning: Meaning) -> Meaning:
        """The first meaning that was asked for and says the same as *meaning*."""
        meaning = self._alike.get(meaning, meaning)
        if meaning not in self._known:
            self._left = _MOST_MEANINGS
            try:
                digest, _ = self._digest(meaning)
                self._known[meaning] = self._first.setdefault(digest, meaning)
            except _TooLargeError:
                self._known |= {each: each for each in self._open}  # each leads to as many others
                self._open.clear()
        return self._known[meaning]

    def of_part(self, part: Part) -> Part:
        """*part* with these meanings."""
        return Part(tuple(map(self._of_option, part.fits)), tuple(map(self._of_option, part.fails)))

    def _of_option(self, option: Option) -> Option:
        return tuple(self._of_step(step) for step in option)

    def _of_step(self, step: Step) -> Step:
        if isinstance(step, Claim):
            return Claim(self.of(step.meaning), step.holds)
        if isinstance(step.value, Members):
            value, known, wanted, unwanted = step.value
            names = (frozenset(map(self.of, each)) for each in (wanted, unwanted))
            return step._replace(value=Members(self.of(value), known, *names))
        if isinstance(step.value, tuple):
            return step._replace(value=(step.value[0], self.of(step.value[1])))
        return step

    def _digest(self, meaning: Meaning) -> tuple[bytes, int]:
        """What *meaning* says, and the least depth of a meaning around it that it leads back to."""
        if meaning in self._digests:
            return self._digests[meaning], _ENDLESS
        depth = len(self._open)
        if meaning in self._open:
            return f"back {depth - self._open[meaning]}".encode(), self._open[meaning]
        self._left -= 1
        if self._left < 0 or depth > _MOST_DEPTH:
            raise _TooLargeError
        self._open[meaning] = depth
        back = _ENDLESS
        made = hashlib.blake2b(digest_size=16)
        for keyword, value in sorted(meaning.keywords.items()):
            made.update(keyword.encode())
            for text, inner in self._said(value):
                made.update(b"(%d)" % len(text))
                made.update(text)
                if inner is not None:
                    digest, least = self._digest(inner)
                    made.update(digest)
                    back = min(back, least)
        del self._open[meaning]
        if back >= depth:
            self._digests[meaning] = made.digest()
        return made.digest(), back if back < depth else _ENDLESS

    def _said(self, value: Any) -> list[tuple[bytes, Meaning | None]]:  # of a keyword
        if isinstance(value, Meaning):
            return [(b"", value)]
        if isinstance(value, tuple) and value and isinstance(value[0], Meaning):
            return [(b"", each) for each in value]
        if isinstance(value, dict) and all(isinstance(each, Meaning) for each in value.values()):
            return [(name.encode(), value[name]) for name in sorted(value)]
        said = json.dumps(sorted(value) if isinstance(value, tuple) else value, sort_keys=True)
        return [(said.encode(), None)]

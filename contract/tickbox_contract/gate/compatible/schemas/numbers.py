"""Numbers within bounds that are multiples of some numbers and not of others, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from .parts import Fact

_MOST_CANDIDATES = 2_000
_ENDLESS = 10**400

Number = int | float


def exact(number: Number) -> Fraction:
    """*number* as it is written: 0.1 is a tenth."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


@dataclass(slots=True)
class Numbers:
    """What a number must be. `multiples` are of the numbers that it must be a multiple of."""

    low: Fraction | None = None
    high: Fraction | None = None
    is_low_open: bool = False
    is_high_open: bool = False
    multiples: list[Fraction] = field(default_factory=list)
    not_multiples: list[Fraction] = field(default_factory=list)

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Numbers:
        """What *facts* say together."""
        made = cls()
        for keyword, value, holds in facts:
            if keyword == "multipleOf":
                (made.multiples if holds else made.not_multiples).append(exact(value))
            else:
                bound = made.above if ("inimum" in keyword) == holds else made.below
                bound(value, is_open=("exclusive" in keyword) == holds)
        return made

    def above(self, bound: Number, *, is_open: bool) -> None:
        """Require more than *bound*, or as much."""
        found = exact(bound)
        if self.low is None or (found, is_open) > (self.low, self.is_low_open):
            self.low, self.is_low_open = found, is_open

    def below(self, bound: Number, *, is_open: bool) -> None:
        """Require less than *bound*, or as much."""
        found = exact(bound)
        if self.high is None or (-found, is_open) > (-self.high, self.is_high_open):
            self.high, self.is_high_open = found, is_open

    @property
    def is_impossible(self) -> bool:
        """Whether the bounds exclude all numbers."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.is_low_open or self.is_high_open))

    def values(self, want: int, is_excluded: Callable[[Number], bool]) -> tuple[list[Number], bool]:
        """Up to *want* such numbers that are not excluded, and whether it is certain that there are no more."""
        if self.is_impossible:
            return [], True
        is_complete: bool
        step = _common_multiple(self.multiples)
        candidates, is_complete = (self._dense(), self.low == self.high) if step is None else self._steps(step)
        found: list[Number] = []
        for candidate in candidates:
            if any((candidate / each).denominator == 1 for each in self.not_multiples):
                continue
            value = _number(candidate)
            if exact(value) != candidate:  # a float has too few digits
                is_complete = False
                continue
            if is_excluded(value):
                is_complete = is_complete and self._is_bounded
                continue
            found.append(value)
            if len(found) == want:
                return found, False
        return found, is_complete and (not found or self._is_bounded)

    @property
    def _is_bounded(self) -> bool:
        return self.low is not None and self.high is not None

    def _within(self, number: Fraction) -> bool:
        if self.low is not None and (number < self.low or (number == self.low and self.is_low_open)):
            return False
        return self.high is None or number < self.high or (number == self.high and not self.is_high_open)

    def _steps(self, step: Fraction) -> tuple[Iterator[Fraction], bool]:
        """The multiples of *step*, those next to zero first, and whether these are all that matter.

        Which of them are multiples of other numbers repeats after a while.
        """
        first = -_ENDLESS if self.low is None else math.floor(self.low / step) + 1
        last = _ENDLESS if self.high is None else math.ceil(self.high / step) - 1
        if self.low is not None and not self.is_low_open and (self.low / step).denominator == 1:
            first -= 1
        if self.high is not None and not self.is_high_open and (self.high / step).denominator == 1:
            last += 1
        period = _common_multiple([step, *self.not_multiples])
        repeats = period is not None and period / step < _MOST_CANDIDATES / 2
        return (number * step for number in _outwards(first, last)), last - first < _MOST_CANDIDATES / 2 or repeats

    def _dense(self) -> Iterator[Fraction]:
        """Some of the numbers: whole ones and others, next to the bounds and between them."""
        low, high = self.low, self.high
        marks = [] if low is None else [low, *(low + delta for delta in _DELTAS)]
        marks += [] if high is None else [high, *(high - delta for delta in _DELTAS)]
        if low is not None and high is not None:
            marks += [low + (high - low) * part for part in _PARTS]
        marks = marks or [Fraction(0), *_DELTAS]
        whole = [each for mark in marks for each in (Fraction(math.ceil(mark)), Fraction(math.floor(mark)))]
        for mark in dict.fromkeys([*marks[:1], *whole, *marks, *_DELTAS]):
            written = exact(_number(mark))
            if self._within(written):
                yield written


_PARTS = [Fraction(text) for text in ("1/2", "1/4", "3/4", "1/8", "3/8", "1/7", "3/7", "5/11", "1/1000", "7/1009")]
_DELTAS = [Fraction(text) for text in ("1", "0.5", "0.25", "2", "1.75", "7.3", "0.01", "0.001", "13.37", "1000")]


def _outwards(first: int, last: int) -> Iterator[int]:
    """The whole numbers from *first* to *last*, those next to zero first, but not too many."""
    start = min(max(0, first), last)
    for distance in range(_MOST_CANDIDATES // 2 + 1):
        for number in dict.fromkeys((start + distance, start - distance)):
            if first <= number <= last:
                yield number


def _common_multiple(numbers: list[Fraction]) -> Fraction | None:
    if not numbers:
        return None
    common = numbers[0]
    for number in numbers[1:]:
        numerator = math.lcm(common.numerator * number.denominator, number.numerator * common.denominator)
        common = Fraction(numerator, common.denominator * number.denominator)
    return common


def _number(exactly: Fraction) -> Number:
    return exactly.numerator if exactly.denominator == 1 else float(exactly)

"""The occurrences of YEARLY, MONTHLY and WEEKLY rules: period by period, most of which cost one step.

Periods of one kind have the same days at the same places: there are 28 kinds of years and 49 of months. So the days of
a kind are worked out once. The calendar repeats after 400 years, so a search ends when it has seen each kind.
"""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from math import gcd
from typing import ClassVar

from domain.recurrence import day_sets
from domain.recurrence.calendar_days import (
    DAYS_OF_A_WEEK,
    first_of_month,
    first_of_year,
    is_leap,
    length_of_month,
    month_of,
    weekday,
    year_of_week,
)
from domain.recurrence.moments import Moments, chosen, times_of
from domain.recurrence.parts import Rule, Skip
from domain.recurrence.steps import Steps


class Periods(ABC):
    """The periods of a *rule* that is filled, in whole numbers, every INTERVALth of which counts."""

    _cycle: ClassVar[int]  # after how many periods the calendar repeats

    def __init__(self, rule: Rule, start: dt.datetime) -> None:
        self._rule = rule
        self._phase = self._period_of(start)
        self._last = self._period_of(dt.date.max)
        self._overlaps = rule.skip is Skip.FORWARD and rule.interval == 1  # with the first day of the next one
        self._times = times_of(rule, rule.by_hour)
        self._kinds: dict[Hashable, Moments] = {}

    @abstractmethod
    def _period_of(self, date: dt.date) -> int:
        """Return the period that a date is in."""

    @abstractmethod
    def _begin_of(self, period: int) -> int:
        """Return the day on which a period begins."""

    @abstractmethod
    def _kind_of(self, period: int) -> Hashable:
        """Return what decides which days of a period are named."""

    @abstractmethod
    def _days_of(self, period: int, steps: Steps) -> Sequence[int]:
        """Return the days of a period that are named, in order."""

    def after(self, moment: dt.datetime, steps: Steps) -> dt.datetime | None:
        """Return the first occurrence after a *moment*, which is not before the start. Raises OutOfSteps."""
        interval = self._rule.interval
        period = self._period_of(moment) - self._overlaps
        period -= (period - self._phase) % interval
        for _ in range(self._cycle // gcd(self._cycle, interval) + 2):
            if period > self._last:
                break
            found = self._first_in(period, moment, steps)
            if found is not None:
                other = self._first_in(period + interval, moment, steps) if self._overlaps else None
                return found if other is None else min(found, other)
            period += interval
        return None

    def _first_in(self, period: int, moment: dt.datetime, steps: Steps) -> dt.datetime | None:
        steps.take()
        twin = self._cycle * 5 + period % self._cycle  # from the year 2000 on: it is not at an end of the calendar
        kind = self._kind_of(twin)
        if kind not in self._kinds:
            begin = self._begin_of(twin)
            days = [day - begin for day in self._days_of(twin, steps)]
            self._kinds[kind] = chosen(self._rule, days, self._times)
        return self._kinds[kind].first_after(moment, begins=self._begin_of(period))


class Years(Periods):
    """Calendar years, or with BYWEEKNO years of whole weeks."""

    _cycle = 400

    def _period_of(self, date: dt.date) -> int:
        if not self._rule.by_week_number:
            return date.year
        return year_of_week(date.toordinal(), self._rule.week_start)

    def _begin_of(self, period: int) -> int:
        return first_of_year(period)

    def _kind_of(self, period: int) -> Hashable:
        return weekday(first_of_year(period)), *(is_leap(year) for year in (period - 1, period, period + 1))

    def _days_of(self, period: int, steps: Steps) -> Sequence[int]:
        return day_sets.in_year(self._rule, period, steps)


class Months(Periods):
    """Months, counted from the year 0."""

    _cycle = 400 * 12

    def _period_of(self, date: dt.date) -> int:
        return month_of(date)

    def _begin_of(self, period: int) -> int:
        return first_of_month(period)

    def _kind_of(self, period: int) -> Hashable:
        if self._rule.by_month and period % 12 + 1 not in self._rule.by_month:
            return None
        return weekday(first_of_month(period)), length_of_month(period), length_of_month(period + 1)

    def _days_of(self, period: int, steps: Steps) -> Sequence[int]:
        return day_sets.in_month(self._rule, period, steps)


class Weeks(Periods):
    """Weeks, which begin on the day of WKST."""

    _cycle = (400 * 365 + 97) // DAYS_OF_A_WEEK

    def _period_of(self, date: dt.date) -> int:
        return (date.toordinal() - 1 - self._rule.week_start) // DAYS_OF_A_WEEK

    def _begin_of(self, period: int) -> int:
        return period * DAYS_OF_A_WEEK + 1 + self._rule.week_start

    def _kind_of(self, period: int) -> Hashable:
        if not self._rule.by_month:
            return None
        date = dt.date.fromordinal(self._begin_of(period))
        rest = length_of_month(month_of(date)) - date.day
        return date.month, min(rest, DAYS_OF_A_WEEK)

    def _days_of(self, period: int, steps: Steps) -> Sequence[int]:
        return day_sets.in_week(self._rule, self._begin_of(period), steps)

"""The occurrences of DAILY and HOURLY rules: days that recur every so many days, and that the other parts name.

An INTERVAL of hours makes sets of days, too: with every 36 hours from midnight, one day of three has 00:00, the next
one 12:00, and the third one none. BYDAY is the same: every third day that is a Monday is every 21st day. So a search
goes from one such day to the next, and passes over what BYMONTH, BYMONTHDAY and BYYEARDAY leave out in two steps a
month at most.
"""

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import gcd, lcm
from typing import Final

from domain.recurrence import day_sets
from domain.recurrence.calendar_days import (
    DAYS_OF_A_WEEK,
    DAYS_OF_THE_CYCLE,
    HOURS_OF_A_DAY,
    LAST_DAY,
    MONTHS_OF_A_YEAR,
    first_of_month,
    length_of_month,
    month_of,
    weekday,
)
from domain.recurrence.moments import chosen, first_time_after, times_of
from domain.recurrence.parts import Frequency, Rule
from domain.recurrence.steps import Steps

_LEAP_AND_OTHER: Final = (2000, 2001)

_Times = Mapping[int, Sequence[dt.time]]
"""The times of the days whose ordinal has some rest, when it is divided by every how many days they recur."""


class Days:
    """The days of a *rule* that is filled."""

    def __init__(self, rule: Rule, start: dt.datetime) -> None:
        self._rule = rule
        self._months = _months(rule)
        every, times = _daily(rule, start) if rule.frequency is Frequency.DAILY else _hourly(rule, start)
        self._every, self._times = _on_weekdays(rule, every, times)
        self._rests = sorted(rest for rest, each in self._times.items() if each) if self._months else []
        self._kinds: dict[int, Sequence[int]] = {}

    def after(self, moment: dt.datetime, steps: Steps) -> dt.datetime | None:
        """Return the first occurrence after a *moment*, which is not before the start. Raises OutOfSteps."""
        today = day = moment.toordinal()
        cycle = DAYS_OF_THE_CYCLE * self._every // gcd(DAYS_OF_THE_CYCLE, self._every)
        end = min(LAST_DAY, today + cycle)
        while self._rests and (day := self._recurring(day)) <= end:
            named = self._named(day, steps)
            if named == day:
                times = self._times[day % self._every]
                time = times[0] if day > today else first_time_after(times, moment)
                if time is not None:
                    return dt.datetime.combine(dt.date.fromordinal(day), time)
                named += 1
            day = named
        return None

    def _recurring(self, day: int) -> int:
        """Return the first day from *day* on that INTERVAL and BYDAY name."""
        rest = day % self._every
        place = bisect_left(self._rests, rest)
        return day - rest + (self._rests[place] if place < len(self._rests) else self._every + self._rests[0])

    def _named(self, day: int, steps: Steps) -> int:
        """Return the first day from *day* on, in its month, that the other parts name, or where to go on."""
        steps.take()
        date = dt.date.fromordinal(day)
        month = month_of(date)
        if date.month not in self._months:
            return first_of_month(month + self._months_until_named(date.month))
        if not (self._rule.by_month_day or self._rule.by_year_day):
            return day
        first = first_of_month(month)
        numbers = self._in_month(month, steps)
        if self._rule.by_year_day:
            named = {named - first for named in day_sets.by_year_day(self._rule, date.year)}
            numbers = [number for number in numbers if number in named]
        place = bisect_left(numbers, day - first)
        return first + numbers[place] if place < len(numbers) else first_of_month(month + 1)

    def _months_until_named(self, month: int) -> int:
        return min((number - month) % MONTHS_OF_A_YEAR for number in self._months)

    def _in_month(self, month: int, steps: Steps) -> Sequence[int]:
        """Return the days of a month that BYMONTHDAY names, from 0 on."""
        length = length_of_month(month)
        if length not in self._kinds:
            steps.take(length)
            by_month_day = {*(self._rule.by_month_day or range(1, length + 1))}
            self._kinds[length] = [at for at in range(length) if {at + 1, at - length} & by_month_day]
        return self._kinds[length]


def _months(rule: Rule) -> Sequence[int]:
    """Return the months that BYMONTH names and in which BYYEARDAY has a day, in a leap year or in another one."""
    months = {*(rule.by_month or range(1, MONTHS_OF_A_YEAR + 1))}
    if rule.by_year_day:
        days = (day for year in _LEAP_AND_OTHER for day in day_sets.by_year_day(rule, year))
        months &= {dt.date.fromordinal(day).month for day in days}
    return sorted(months)


def _on_weekdays(rule: Rule, every: int, times: _Times) -> tuple[int, _Times]:
    """Return the days of *times* that are one of BYDAY: of every so many days, each seventh is on the same weekday."""
    if not rule.by_day:
        return every, times
    weekdays = {each.weekday for each in rule.by_day}
    common = lcm(every, DAYS_OF_A_WEEK)
    named = ((rest, each) for first, each in times.items() for rest in range(first, common, every))
    return common, {rest: each for rest, each in named if weekday(rest) in weekdays}


def _daily(rule: Rule, start: dt.datetime) -> tuple[int, _Times]:
    """Return every how many days a DAILY *rule* recurs, and the times of the days with some rest."""
    times = chosen(rule, [0], times_of(rule, rule.by_hour)).times
    return rule.interval, {start.toordinal() % rule.interval: times[0]} if times else {}


def _hourly(rule: Rule, start: dt.datetime) -> tuple[int, _Times]:
    """Return every how many days the hours of an HOURLY *rule* recur, and the times of the days with each rest.

    The hour h of the day d recurs if 24d + h and the hour of the start leave the same rest when divided by INTERVAL.
    """
    common = gcd(HOURS_OF_A_DAY, rule.interval)
    every = rule.interval // common
    inverse = pow(HOURS_OF_A_DAY // common, -1, every)
    hour_of_start = HOURS_OF_A_DAY * start.toordinal() + start.hour
    times: dict[int, list[dt.time]] = defaultdict(list)
    for hour in rule.by_hour:
        days, rest = divmod(hour_of_start - hour, common)
        if rest == 0:
            found = chosen(rule, [0], times_of(rule, [hour])).times
            times[days * inverse % every] += found[0] if found else ()
    return every, times

"""The occurrences of a rule, found the slow way: each day of each period is looked at, by the text of the RFCs alone.

It shares nothing with `domain/recurrence` but the parts of a rule. It has no tables, and jumps over nothing.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Final

from domain.recurrence.parts import Frequency, Rule, Skip

DAY: Final = dt.timedelta(days=1)
HOUR: Final = dt.timedelta(hours=1)


class Walker:
    """Walks some *periods* from that of a *start* on, and collects what occurs in them after the start, in order.

    What is after `horizon` was not looked at.
    """

    def __init__(self, rule: Rule, start: dt.datetime, *, periods: int) -> None:
        self.rule, self.start = rule, start
        self.horizon = start
        found: set[dt.datetime] = set()
        for number in range(-1, periods):  # SKIP=FORWARD may move a day out of the period before the first one
            if (period := self._period(number * rule.interval)) is None:
                break
            found.update(self._occurrences(period))
            length = HOUR if rule.frequency is Frequency.HOURLY else DAY
            self.horizon = period[-1] + length - dt.timedelta(seconds=1)
        self.occurrences = sorted(moment for moment in found if start < moment <= self.horizon)

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        return next((each for each in self.occurrences if each > moment), None)

    def _period(self, distance: int) -> Sequence[dt.datetime] | None:
        """Midnight of each day of the period at a distance; for HOURLY, its hour. None after the year 9999."""
        start = self.start
        midnight = start.replace(hour=0, minute=0, second=0)
        try:
            match self.rule.frequency:
                case Frequency.YEARLY:
                    return self._year(distance)
                case Frequency.MONTHLY:
                    year, month = divmod(start.year * 12 + start.month - 1 + distance, 12)
                    return days_of_month(year, month + 1)
                case Frequency.WEEKLY:
                    monday = self._week_start(midnight) + distance * 7 * DAY
                    return [monday + number * DAY for number in range(7)]
                case Frequency.DAILY:
                    return [midnight + distance * DAY]
                case Frequency.HOURLY:
                    return [start.replace(minute=0, second=0) + distance * HOUR]
        except (OverflowError, ValueError):
            return None

    def _year(self, distance: int) -> Sequence[dt.datetime]:
        """A calendar year; with BYWEEKNO, the weeks that have most of their days in it."""
        if not self.rule.by_week_number:
            year = self.start.year + distance
            return days_of_year(year)
        year = self._week(self.start)[0] + distance
        around = dt.datetime(year - 1, 12, 1)  # noqa: DTZ001  # a wall clock
        days = (around + number * DAY for number in range(430))
        return [day for day in days if self._week(day)[0] == year]

    def _occurrences(self, period: Sequence[dt.datetime]) -> Iterable[dt.datetime]:
        """What occurs in one period, with BYSETPOS."""
        rule, start = self.rule, self.start
        if rule.frequency is Frequency.HOURLY:
            hours: Sequence[int] = [period[0].hour] if not rule.by_hour or period[0].hour in rule.by_hour else []
        else:
            hours = rule.by_hour or [start.hour]
        times = [
            dt.time(*each)
            for each in product(hours, rule.by_minute or [start.minute], rule.by_second or [start.second])
        ]
        found = sorted(dt.datetime.combine(day, time) for day, time in product(set(self._days(period)), times))
        if not rule.by_set_position:
            return found
        places = {at - 1 if at > 0 else len(found) + at for at in rule.by_set_position}
        return [moment for place, moment in enumerate(found) if place in places]

    def _days(self, period: Sequence[dt.datetime]) -> Iterator[dt.date]:
        """The days of one period that the rule names."""
        by_month_day = self._by_month_day()
        if by_month_day and self.rule.frequency in (Frequency.YEARLY, Frequency.MONTHLY):
            months = {(day.year, day.month) for day in period if self._is_in_months(day)}
            candidates = {day for month in months for day in self._resolved(by_month_day, month)}
            if self.rule.by_week_number:
                candidates &= {*period}
        else:
            candidates = {day for day in period if self._is_in_months(day) and is_month_day(by_month_day, day)}
        for day in candidates:
            if self._is_year_day(day) and self._is_in_weeks(day) and self._is_weekday(day):
                yield day.date()

    def _by_month_day(self) -> Sequence[int]:
        """BYMONTHDAY, or the day of the start, if the rule says nothing else of which day it is."""
        rule = self.rule
        takes_it = rule.frequency is Frequency.MONTHLY or (
            rule.frequency is Frequency.YEARLY and not rule.by_year_day and not rule.by_week_number
        )
        return rule.by_month_day or ([self.start.day] if takes_it and not rule.by_day else [])

    def _is_in_months(self, day: dt.datetime) -> bool:
        if self.rule.by_month:
            return day.month in self.rule.by_month
        says_day = self.rule.by_month_day or self.rule.by_day or self.rule.by_year_day or self.rule.by_week_number
        return self.rule.frequency is not Frequency.YEARLY or bool(says_day) or day.month == self.start.month

    def _resolved(self, numbers: Sequence[int], month: tuple[int, int]) -> Iterator[dt.datetime]:
        """The days of a month with these numbers. Those that it does not have are moved, or left out, by SKIP."""
        days = days_of_month(*month)
        for number in numbers:
            if abs(number) <= len(days):
                yield days[number - 1 if number > 0 else number]
            elif self.rule.skip is Skip.BACKWARD:
                yield days[-1]
            elif self.rule.skip is Skip.FORWARD:
                yield days[-1] + DAY

    def _is_year_day(self, day: dt.datetime) -> bool:
        first, end = day.replace(month=1, day=1), day.replace(month=12, day=31) + DAY
        numbers = {(day - first).days + 1, (day - end).days}
        return not self.rule.by_year_day or bool(numbers & {*self.rule.by_year_day})

    def _is_in_weeks(self, day: dt.datetime) -> bool:
        if not self.rule.by_week_number:
            return True
        year, number = self._week(day)
        fourth_days = [each for each in days_of_year(year) if each.weekday() == (self.rule.week_start + 3) % 7]
        return bool({number, number - len(fourth_days) - 1} & {*self.rule.by_week_number})

    def _week(self, day: dt.datetime) -> tuple[int, int]:
        """The year and the number of a day's week: those of its fourth day, since a week needs four in its year."""
        fourth = self._week_start(day) + 3 * DAY
        return fourth.year, ((fourth - fourth.replace(month=1, day=1)).days) // 7 + 1

    def _week_start(self, day: dt.datetime) -> dt.datetime:
        return day - (day.weekday() - self.rule.week_start) % 7 * DAY

    def _is_weekday(self, day: dt.datetime) -> bool:
        rule = self.rule
        if not rule.by_day:
            takes_it = rule.frequency is Frequency.WEEKLY or (
                rule.by_week_number and not rule.by_year_day and not rule.by_month_day
            )
            return not takes_it or day.weekday() == self.start.weekday()
        in_year = rule.frequency is Frequency.YEARLY and not rule.by_month
        days = days_of_year(day.year) if in_year else days_of_month(day.year, day.month)
        same = [each for each in days if each.weekday() == day.weekday()]
        place = [each.date() for each in same].index(day.date())
        numbers = {0, place + 1, place - len(same)}
        return any(each.weekday == day.weekday() and each.number in numbers for each in rule.by_day)


@cache
def days_of_year(year: int) -> Sequence[dt.datetime]:
    return [day for month in range(1, 13) for day in days_of_month(year, month)]


@cache
def days_of_month(year: int, month: int) -> Sequence[dt.datetime]:
    return [dt.datetime(year, month, day + 1) for day in range(monthrange(year, month)[1])]  # noqa: DTZ001  # wall clocks


def is_month_day(numbers: Sequence[int], day: dt.datetime) -> bool:
    length = monthrange(day.year, day.month)[1]
    return not numbers or bool({day.day, day.day - length - 1} & {*numbers})

"""What a recurrence rule says, part by part."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""The names of the days of a week, in the order of `date.weekday()`."""
MONDAY: Final = 0


class Frequency(StrEnum):
    """The period of a rule. SECONDLY and MINUTELY are not supported."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class Skip(StrEnum):
    """What becomes of a day that a month does not have. Source: RFC 7529, 4.1."""

    OMIT = "OMIT"
    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WeekdayNumber:
    """A day of the week, 0 is Monday: each, or with a *number* the nth of a month or year, from the end if negative."""

    number: int = 0
    weekday: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A normalised rule: lists are sorted and without doubles, and a part that is not given is empty.

    *until* is a date, a naive wall-clock time, or an aware time in UTC, as it was written. Source: RFC 5545, 3.3.10.
    """

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: dt.date | None = None
    by_month: tuple[int, ...] = ()
    by_week_number: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[WeekdayNumber, ...] = ()
    by_hour: tuple[int, ...] = ()
    by_minute: tuple[int, ...] = ()
    by_second: tuple[int, ...] = ()
    by_set_position: tuple[int, ...] = ()
    week_start: int = MONDAY
    skip: Skip = Skip.OMIT

    @property
    def names_times(self) -> bool:
        """Whether it needs a time of day, which an all-day due value does not have."""
        return bool(self.frequency is Frequency.HOURLY or self.by_hour or self.by_minute or self.by_second)

"""The Gregorian calendar in whole numbers. A day is its proleptic ordinal, a month is counted from the year 0."""

import calendar
import datetime as dt
from functools import lru_cache
from typing import Final

HOURS_OF_A_DAY: Final = 24
DAYS_OF_A_WEEK: Final = 7
MONTHS_OF_A_YEAR: Final = 12
DAYS_OF_THE_CYCLE: Final = 146_097
"""After how many days the calendar repeats: 400 years, and a whole number of weeks."""
LAST_DAY: Final = dt.date.max.toordinal()
"""9999-12-31, on which each series ends."""
_DECIDING: Final = 4
"""A week belongs to the year in which it has at least as many days. Source: RFC 5545, 3.3.10; ISO 8601."""


_FEBRUARY: Final = 1
_DAYS_BEFORE: Final = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def weekday(day: int) -> int:
    """Return the day of the week: 0 is Monday."""
    return (day + 6) % DAYS_OF_A_WEEK


def is_leap(year: int) -> bool:
    """Return whether a year, of any number, has a 29 February."""
    return calendar.isleap(year)


def first_of_year(year: int) -> int:
    """Return the 1 January of a year, of any number."""
    before = year - 1
    return 365 * before + before // 4 - before // 100 + before // 400 + 1


def month_of(date: dt.date) -> int:
    """Return the month of a date, counted from the year 0."""
    return date.year * MONTHS_OF_A_YEAR + date.month - 1


def first_of_month(month: int) -> int:
    """Return the first day of a month, of any number."""
    year, before = divmod(month, MONTHS_OF_A_YEAR)
    return first_of_year(year) + _DAYS_BEFORE[before] + (before > _FEBRUARY and is_leap(year))


def length_of_month(month: int) -> int:
    """Return how many days a month has, of any number."""
    return first_of_month(month + 1) - first_of_month(month)


@lru_cache(maxsize=1024)
def first_week(year: int, week_start: int) -> int:
    """Return the day on which the week 1 of a year begins. That of the year 1 may be before the first ordinal."""
    deciding = first_of_year(year) + _DECIDING - 1
    return deciding - (weekday(deciding) - week_start) % DAYS_OF_A_WEEK


def year_of_week(day: int, week_start: int) -> int:
    """Return the year to which the week of a day belongs."""
    year = dt.date.fromordinal(day).year
    if day < first_week(year, week_start):
        return year - 1
    return year + 1 if day >= first_week(year + 1, week_start) else year

"""Which days of a year, a month or a week a rule names, before BYHOUR and BYSETPOS.

The order is that of RFC 7529, 4.1: months, weeks, days of a year, days of a month, SKIP for those that a month does not
have, days of a week. A part with the largest effect generates days, the others filter them: the set is the same.
"""

import datetime as dt
from collections.abc import Iterable, Sequence

from domain.recurrence.calendar_days import (
    DAYS_OF_A_WEEK,
    MONTHS_OF_A_YEAR,
    first_of_month,
    first_of_year,
    first_week,
    length_of_month,
    month_of,
    weekday,
    year_of_week,
)
from domain.recurrence.parts import Frequency, Rule, Skip
from domain.recurrence.steps import Steps


def in_year(rule: Rule, year: int, steps: Steps) -> Sequence[int]:
    """Return the days that a YEARLY *rule* names in a year, in order. With BYWEEKNO a year is one of whole weeks."""
    if rule.by_month_day:
        named = [day for month in _months(rule, year) for day in _by_month_day(rule, month)]
    elif rule.by_year_day:
        named = [day for each in _years(rule, year) for day in by_year_day(rule, each)]
    elif rule.by_week_number:
        named = _by_week_number(rule, year)
    elif rule.by_month:
        named = [day for month in _months(rule, year) for day in _by_day(rule, *_span_of_month(month))]
    else:
        named = list(_by_day(rule, first_of_year(year), first_of_year(year + 1)))
    steps.take(len(named))
    return sorted({day for day in named if _is_in_year(rule, day, year)})


def in_month(rule: Rule, month: int, steps: Steps) -> Sequence[int]:
    """Return the days that a MONTHLY *rule* names in a month, in order. SKIP=FORWARD may add the next month's first."""
    if rule.by_month and month % MONTHS_OF_A_YEAR + 1 not in rule.by_month:
        return ()
    named = _by_month_day(rule, month) if rule.by_month_day else list(_by_day(rule, *_span_of_month(month)))
    steps.take(len(named))
    return sorted({day for day in named if is_named_weekday(rule, day)})


def in_week(rule: Rule, first: int, steps: Steps) -> Sequence[int]:
    """Return the days that a WEEKLY *rule* names in the week that begins on the day *first*, in order."""
    named = [first + (each.weekday - rule.week_start) % DAYS_OF_A_WEEK for each in rule.by_day]
    steps.take(len(named))
    return sorted(day for day in named if _is_in_months(rule, day))


def by_year_day(rule: Rule, year: int) -> Sequence[int]:
    """Return the days of BYYEARDAY in a year, in the order of the part."""
    first, end = first_of_year(year), first_of_year(year + 1)
    named = [first + number - 1 if number > 0 else end + number for number in rule.by_year_day]
    return [day for day in named if first <= day < end]


def is_named_weekday(rule: Rule, day: int) -> bool:
    """Return whether BYDAY, if it is given, names a day. Its numbers count in a month, or without BYMONTH in a year."""
    if not rule.by_day:
        return True
    return any(
        each.weekday == weekday(day) and (each.number == 0 or each.number in _numbers(rule, day))
        for each in rule.by_day
    )


def _numbers(rule: Rule, day: int) -> tuple[int, int]:
    """Return which one a day is of its weekday in its month or year, from the front and from the end."""
    first, end = _span_of_numbers(rule, day)
    return (day - first) // DAYS_OF_A_WEEK + 1, -((end - 1 - day) // DAYS_OF_A_WEEK + 1)


def _span_of_numbers(rule: Rule, day: int) -> tuple[int, int]:
    date = dt.date.fromordinal(day)
    if rule.frequency is Frequency.YEARLY and not rule.by_month:
        return first_of_year(date.year), first_of_year(date.year + 1)
    return _span_of_month(month_of(date))


def _span_of_month(month: int) -> tuple[int, int]:
    first = first_of_month(month)
    return first, first + length_of_month(month)


def _months(rule: Rule, year: int) -> Iterable[int]:
    """Return the months of a year that BYMONTH names: all, if it is not given."""
    numbers = rule.by_month or range(1, MONTHS_OF_A_YEAR + 1)
    return [each * MONTHS_OF_A_YEAR + number - 1 for each in _years(rule, year) for number in numbers]


def _years(rule: Rule, year: int) -> Iterable[int]:
    """Return the years in which the days of a year are: of whole weeks, some may be in its neighbours."""
    if not rule.by_week_number:
        return (year,)
    return range(year - 1, year + 2)


def _by_month_day(rule: Rule, month: int) -> list[int]:
    first, end = _span_of_month(month)
    found = []
    for number in rule.by_month_day:
        day = first + number - 1 if number > 0 else end + number
        if first <= day < end:
            found.append(day)
        elif rule.skip is not Skip.OMIT:
            found.append(end - 1 if rule.skip is Skip.BACKWARD else end)
    return found


def _by_week_number(rule: Rule, year: int) -> list[int]:
    first, end = first_week(year, rule.week_start), first_week(year + 1, rule.week_start)
    starts = (
        first + DAYS_OF_A_WEEK * (number - 1) if number > 0 else end + DAYS_OF_A_WEEK * number
        for number in rule.by_week_number
    )
    return [day for start in starts if first <= start < end for day in range(start, start + DAYS_OF_A_WEEK)]


def _by_day(rule: Rule, first: int, end: int) -> Iterable[int]:
    """Return the days of BYDAY between two days: each, or with a number the nth."""
    for each in rule.by_day:
        at = first + (each.weekday - weekday(first)) % DAYS_OF_A_WEEK
        days = range(at, end, DAYS_OF_A_WEEK)
        if each.number == 0:
            yield from days
        elif abs(each.number) <= len(days):
            yield days[each.number - 1 if each.number > 0 else each.number]


def _is_in_year(rule: Rule, day: int, year: int) -> bool:
    """Return whether a day of a year is named by each part that did not generate it."""
    return (
        (bool(rule.by_month_day) or _is_in_months(rule, day))
        and _is_year_day(rule, day)
        and _is_in_weeks(rule, day, year)
        and is_named_weekday(rule, day)
    )


def _is_in_months(rule: Rule, day: int) -> bool:
    return not rule.by_month or dt.date.fromordinal(day).month in rule.by_month


def _is_year_day(rule: Rule, day: int) -> bool:
    return not rule.by_year_day or day in by_year_day(rule, dt.date.fromordinal(day).year)


def _is_in_weeks(rule: Rule, day: int, year: int) -> bool:
    if not rule.by_week_number:
        return True
    return year_of_week(day, rule.week_start) == year and day in _by_week_number(rule, year)

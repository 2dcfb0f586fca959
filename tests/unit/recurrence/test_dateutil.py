"""python-dateutil finds the same occurrences, but for the differences that are listed here, each with who is right."""

import datetime as dt
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final, NamedTuple

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings

from domain.recurrence.faults import RuleNeverOccurs
from domain.recurrence.parts import Frequency, Rule
from domain.recurrence.rules import parse
from domain.recurrence.series import Series
from domain.wall_clocks import WallClock
from tests.support.databases import AT_LENGTH
from tests.unit.recurrence.generated import endless_rules
from tests.unit.recurrence.series import local, occurrences

_NUMBERS_OF_A_MONTH: Final = 5
_WEEKS_OF_A_YEAR: Final = 52
_YEARS: Final = {
    Frequency.HOURLY: 1,
    Frequency.DAILY: 6,
    Frequency.WEEKLY: 12,
    Frequency.MONTHLY: 20,
    Frequency.YEARLY: 60,
}
"""How far ahead the two are compared, because dateutil looks at each period."""


class Difference(NamedTuple):
    """What both find from a start on, and why. dateutil's is empty where it fails."""

    text: str
    start: str
    ours: Sequence[str]
    theirs: Sequence[str]
    why: str


DIFFERENCES: Final = [
    Difference(
        "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
        "2027-01-04",
        ["2027-01-04", "2027-01-06", "2027-01-13"],
        ["2027-01-06", "2027-01-13", "2027-01-20"],
        "open: 3.8.5.3 leaves a start that is not on the rule undefined. 3.3.10 says that it counts as the first "
        "occurrence, and so do we; dateutil leaves it out",
    ),
    Difference(
        "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2",
        "2027-01-06",
        ["2027-01-06", "2027-01-13", "2027-01-20"],
        ["2027-01-08", "2027-01-13", "2027-01-20"],
        "we are right: BYSETPOS counts in the whole week (3.3.10); dateutil cuts the first week at the start",
    ),
    Difference(
        "FREQ=YEARLY;BYWEEKNO=20",
        "2027-05-17",
        ["2027-05-17", "2028-05-15", "2029-05-14"],
        ["2027-05-17", "2027-05-18", "2027-05-19"],
        "we are right: what the rule does not say is taken from the start (3.3.10), and so is the day of the week",
    ),
    Difference(
        "FREQ=MONTHLY;BYDAY=MO,1MO",
        "2027-01-04",
        ["2027-01-04", "2027-01-11", "2027-01-18"],
        ["2027-01-04", "2027-02-01", "2027-03-01"],
        "we are right: BYDAY is a list, so each of its days is in the set; dateutil wants a day that is both",
    ),
    Difference(
        "FREQ=YEARLY;BYMONTH=9;BYDAY=MO,53MO",
        "2027-09-06",
        ["2027-09-06", "2027-09-13", "2027-09-20"],
        [],
        "we are right: a month does not have a 53rd Monday; dateutil fails with an IndexError",
    ),
    Difference(
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,WE;BYSETPOS=1",
        "2024-01-01",
        ["2024-01-01", "2024-12-30", "2025-12-29", "2027-01-04"],
        ["2024-01-01", "2025-01-01", "2027-01-04", "2028-01-03"],
        "we are right: the week 1 of 2025 begins on 2024-12-30, and is a week of one year (3.3.10); dateutil has only "
        "its days in the calendar year",
    ),
    Difference(
        "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO,TU,WE",
        "2024-12-30",
        ["2024-12-30", "2024-12-31", "2025-01-01", "2027-01-04"],
        ["2024-12-30", "2024-12-31", "2028-01-03", "2028-01-04"],
        "open: which year the start is in, that of its week (ours) or that of its date (dateutil's). dateutil's splits "
        "a week",
    ),
    Difference(
        "FREQ=YEARLY;BYWEEKNO=-52;BYDAY=MO",
        "2029-01-01",
        ["2029-01-01", "2029-12-31", "2030-12-30", "2032-01-05"],
        ["2029-01-01", "2032-01-05", "2033-01-03", "2034-01-02"],
        "we are right: of 52 weeks, the 52nd from the end is the first (3.3.10). That of 2030 begins on 2029-12-31. "
        "dateutil finds such days if the first week is 1, and not if it is -52 or -53",
    ),
    Difference(
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SA",
        "2033-01-01",
        ["2033-01-01", "2038-01-02", "2044-01-02", "2049-01-02"],
        ["2033-01-01", "2038-01-02", "2039-01-01", "2044-01-02"],
        "we are right: 2038 has 52 weeks, and 2039-01-01 is in the last one (ISO 8601). dateutil counts the weeks of "
        "a year that began on one of the last three days of a week by the length of the next year",
    ),
]


def dateutil(text: str, start: dt.datetime, count: int) -> Sequence[dt.datetime]:
    return list(islice(rrulestr(text, dtstart=start), count))


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.text)
def test_what_dateutil_finds_otherwise(difference: Difference) -> None:
    start = WallClock(date=dt.date.fromisoformat(difference.start))
    series = Series(start=start, rule=parse(difference.text, start=start))

    assert [f"{each.date}" for each in islice(occurrences(series), len(difference.ours))] == difference.ours
    try:
        theirs = dateutil(difference.text, local(start), len(difference.theirs) or 1)
    except IndexError:
        theirs = []
    assert [f"{each:%Y-%m-%d}" for each in theirs] == difference.theirs


def is_listed(rule: Rule) -> bool:
    """Whether a rule is of a kind that is listed above. The start itself is never compared."""
    takes_weekday = rule.by_week_number and not (rule.by_day or rule.by_month_day or rule.by_year_day)
    crosses_years = rule.by_week_number and (rule.interval > 1 or rule.by_set_position)
    at_the_edge = any(abs(number) >= _WEEKS_OF_A_YEAR for number in rule.by_week_number)
    beyond = rule.by_month and any(abs(each.number) > _NUMBERS_OF_A_MONTH for each in rule.by_day)
    mixed = len({each.number == 0 for each in rule.by_day}) > 1
    weekly = rule.frequency is Frequency.WEEKLY and rule.by_set_position
    return bool(takes_weekday or crosses_years or at_the_edge or beyond or mixed or weekly)


@settings(max_examples=20_000 if AT_LENGTH else 250, deadline=None, derandomize=not AT_LENGTH, database=None)
@given(endless_rules(skips=False))
def test_dateutil_finds_the_same_in_all_other_rules(started: tuple[WallClock, str]) -> None:
    start, text = started
    try:
        rule = parse(text, start=start)
    except RuleNeverOccurs:
        return
    if is_listed(rule):
        return
    end = local(start) + dt.timedelta(days=366 * _YEARS[rule.frequency])
    each = takewhile(lambda moment: moment < end, map(local, occurrences(Series(start=start, rule=rule))))
    ours = list(islice(each, 16))[1:]

    theirs = dateutil(text, local(start), len(ours) + 1) if ours else []
    assert ours == [moment for moment in theirs if moment > local(start)][: len(ours)]

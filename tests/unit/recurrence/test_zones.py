"""A series around the changes of clocks of sixteen zones: gaps, folds, and days that did not exist."""

import datetime as dt
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final

import pytest

from domain.instants import instant_of
from domain.recurrence.rules import parse
from domain.recurrence.series import Series
from domain.wall_clocks import WallClock
from tests.unit.recurrence.series import local, occurrences

CHANGES: Final = {
    "America/New_York": ["2027-03-14", "2027-11-07"],
    "Europe/Berlin": ["2027-03-28", "2027-10-31"],
    "Europe/London": ["2027-03-28", "2027-10-31"],
    "Europe/Dublin": ["2027-03-28", "2027-10-31"],
    "Australia/Lord_Howe": ["2027-04-04", "2027-10-03"],  # by half an hour
    "Pacific/Apia": ["2011-12-30", "2012-04-01"],  # a day that did not exist
    "Pacific/Kiritimati": ["1994-12-31"],  # the same
    "Pacific/Kwajalein": ["1993-08-21"],  # the same
    "Pacific/Chatham": ["2027-04-04", "2027-09-26"],
    "Africa/Casablanca": ["2026-02-15", "2026-03-22"],
    "America/Santiago": ["2024-09-08", "2027-04-04"],  # at midnight
    "America/Sao_Paulo": ["2017-10-15", "2018-02-18"],  # at midnight
    "America/Havana": ["2024-03-10", "2024-11-03"],
    "Asia/Pyongyang": ["2015-08-15", "2018-05-05"],
    "Asia/Tehran": ["2022-03-22", "2022-09-22"],
    "Antarctica/Troll": ["2027-03-28", "2027-10-31"],  # by two hours
}
AROUND: Final = [(zone, day) for zone, days in CHANGES.items() for day in days]


def every(minutes: int, zone: str, day: str) -> Sequence[WallClock]:
    """Each wall clock from the day before to the day after, without the engine."""
    first = dt.datetime.fromisoformat(day) - dt.timedelta(days=1)
    moments = (first + dt.timedelta(minutes=minutes * number) for number in range(3 * 24 * 60 // minutes))
    return [WallClock(date=moment.date(), time=moment.time(), time_zone=zone) for moment in moments]


def instants(values: Sequence[WallClock]) -> Sequence[dt.datetime]:
    return [instant_of(value, time_zone="UTC") for value in values]


@pytest.mark.parametrize(("zone", "day"), AROUND)
def test_the_clocks_change_on_that_day(zone: str, day: str) -> None:
    first, *_, last = every(30, zone, day)
    passed = instant_of(last, time_zone="UTC") - instant_of(first, time_zone="UTC")

    assert passed != local(last) - local(first)


@pytest.mark.parametrize(("zone", "day"), AROUND)
def test_a_daily_series_has_each_date_once_and_its_time_each_day(zone: str, day: str) -> None:
    for start in every(30, zone, day)[:48]:
        found = list(islice(occurrences(Series(start=start, rule=parse("FREQ=DAILY", start=start))), 4))

        assert [local(each) - local(start) for each in found] == [dt.timedelta(days=number) for number in range(4)]
        assert {each.time_zone for each in found} == {zone}


@pytest.mark.parametrize(("zone", "day"), AROUND)
def test_until_in_utc_keeps_what_is_not_later_than_it(zone: str, day: str) -> None:
    """Beside a filter of all wall clocks: around a change they are not in the order of their instants."""
    values = every(30, zone, day)
    end = local(values[-1])
    for until in instants(values)[2::7]:
        rule = parse(f"FREQ=HOURLY;BYMINUTE=0,30;UNTIL={until:%Y%m%dT%H%M%SZ}", start=values[0])

        found = takewhile(lambda each: local(each) <= end, occurrences(Series(start=values[0], rule=rule)))
        assert list(found) == [each for each in values if instant_of(each, time_zone="UTC") <= until]

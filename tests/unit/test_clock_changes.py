"""Instants around each change of the clocks, against a search that reads zones only from UTC to local time."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from domain import instants, zones
from domain.recurrence import rules, series
from domain.recurrence.series import Position, Series
from domain.wall_clocks import WallClock
from tests.support.databases import AT_LENGTH

ZONES = (
    "Africa/Casablanca",  # an hour back in each Ramadan, until 2026
    "America/New_York",
    "America/Santiago",  # the gap is at midnight
    "America/Sao_Paulo",  # the gap was at midnight, until 2019
    "America/St_Johns",  # half an hour beside others; at 00:01 until 2011
    "Asia/Kathmandu",  # none in these years: a quarter of an hour beside others
    "Asia/Pyongyang",  # half an hour back in 2015, and forth in 2018
    "Asia/Tehran",
    "Australia/Lord_Howe",  # the clocks move by half an hour
    "Europe/Berlin",
    "Europe/Dublin",  # winter time is the exception
    "Europe/London",
    "Pacific/Apia",  # 2011-12-30 was left out
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",  # 1994-12-31 was left out
)
FIRST, LAST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
DAY, MINUTE, QUARTER = dt.timedelta(days=1), dt.timedelta(minutes=1), dt.timedelta(minutes=15)
"""No zone changes twice in a day. Changes are found to the minute, and tried by the quarter of an hour."""
AROUND = dt.timedelta(hours=3)


def shown(at: dt.datetime, zone: str) -> dt.datetime:
    """What clocks in *zone* show. Nothing else here reads a zone."""
    return at.astimezone(zones.zone(zone)).replace(tzinfo=None, fold=0)


def offset(at: dt.datetime, zone: str) -> dt.timedelta:
    return shown(at, zone) - at.replace(tzinfo=None)


def steps(begin: dt.datetime, end: dt.datetime, step: dt.timedelta) -> Iterator[dt.datetime]:
    """From *begin* on, without *end*."""
    while begin < end:
        yield begin
        begin += step


@cache
def changes(zone: str) -> tuple[dt.datetime, ...]:
    """The first minute of each other offset."""
    days = itertools.pairwise(steps(FIRST, LAST, DAY))
    return tuple(_change(*day, zone) for day in days if offset(day[0], zone) != offset(day[1], zone))


def _change(before: dt.datetime, after: dt.datetime, zone: str) -> dt.datetime:
    while after - before > MINUTE:
        middle = before + (after - before) // 2 // MINUTE * MINUTE
        before, after = (middle, after) if offset(middle, zone) == offset(before, zone) else (before, middle)
    return after


def right(zone: str, change: dt.datetime) -> dict[dt.datetime, dt.datetime]:
    """The instant of each quarter of an hour that clocks show, or skip, around *change*: the first at which they do so.

    If they never do, it has the offset from before.
    """
    before, after = offset(change - MINUTE, zone), offset(change, zone)
    width = abs(after - before) + AROUND
    found: dict[dt.datetime, dt.datetime] = {}
    for at in steps(change - width, change + width, QUARTER):
        found.setdefault(shown(at, zone), at)
    for skipped in steps(shown(change - QUARTER, zone) + QUARTER, shown(change, zone), QUARTER):
        assert skipped not in found
        found[skipped] = (skipped - before).replace(tzinfo=dt.UTC)
    return found


@pytest.mark.parametrize("zone", sorted(zones.names()) if AT_LENGTH else ZONES)
def test_an_instant_is_the_first_at_which_clocks_show_the_time(zone: str) -> None:
    for change in changes(zone):
        for local, at in right(zone, change).items():
            assert instants.instant(local, time_zone=zone) == at, (zone, change, local)


def rules_of(times: Iterable[dt.datetime]) -> Iterator[str]:
    """Rules for each quarter of an hour, which need not be that of a full hour: St. John's changed at 00:01."""
    minutes = ",".join(sorted({str(each.minute) for each in times}))
    yield f"FREQ=HOURLY;BYMINUTE={minutes}"
    yield f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={minutes}"


@pytest.mark.parametrize("zone", ZONES)
def test_a_series_has_each_time_once_whether_clocks_show_it_or_not(zone: str) -> None:
    for change in changes(zone):
        expected = right(zone, change)
        first, *rest = sorted(expected)
        start = WallClock(date=first.date(), time=first.time(), time_zone=zone)
        for text in rules_of(expected):
            followed = Series(start=start, rule=rules.parse(text, start=start))
            position: Position | None = series.first(followed)
            for local in (first, *rest):
                assert position is not None
                assert (position.at.date, position.at.time) == (local.date(), local.time()), (zone, change, text)
                assert instants.instant_of(position.at, time_zone="UTC") == expected[local], (zone, change, local)
                position = series.following(followed, position)


@pytest.mark.parametrize("zone", ZONES)
def test_a_daily_series_has_its_time_on_each_day_around_a_change(zone: str) -> None:
    for change in changes(zone):
        expected = right(zone, change)
        skipped_or_repeated = min(shown(change - MINUTE, zone) + MINUTE, shown(change, zone))
        before = skipped_or_repeated - DAY
        start = WallClock(date=before.date(), time=before.time(), time_zone=zone)
        followed = Series(start=start, rule=rules.parse("FREQ=DAILY;COUNT=3", start=start))
        found = series.following(followed, series.first(followed))
        assert found is not None
        assert (found.at.date, found.at.time) == (skipped_or_repeated.date(), skipped_or_repeated.time())
        assert instants.instant_of(found.at, time_zone="UTC") == expected[skipped_or_repeated]


def test_each_zone_changes_its_clocks_as_it_is_known_to() -> None:
    """If this fails after an update of the data, what is said about the zones above may not hold any more."""
    hour = dt.timedelta(hours=1)
    found = {
        (zone, at.date().isoformat()): offset(at, zone) - offset(at - MINUTE, zone)
        for zone in ZONES
        for at in changes(zone)
    }

    assert found["Pacific/Apia", "2011-12-30"] == found["Pacific/Kiritimati", "1994-12-31"] == 24 * hour
    assert {moved for (zone, _), moved in found.items() if zone == "Australia/Lord_Howe"} == {hour / 2, -hour / 2}
    assert found["Asia/Pyongyang", "2015-08-14"] == -hour / 2
    assert found["Asia/Pyongyang", "2018-05-04"] == hour / 2
    assert found["America/Sao_Paulo", "2018-11-04"] == hour
    assert found["Africa/Casablanca", "2026-03-22"] == hour
    assert [len(changes(zone)) for zone in ("Europe/Berlin", "America/New_York", "Pacific/Auckland")] == [100, 100, 100]

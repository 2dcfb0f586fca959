import datetime as dt

import pytest

from domain import instants, zones
from domain.wall_clocks import WallClock

BERLIN = "Europe/Berlin"


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("local", "time_zone", "instant"),
    [
        ("2027-07-01 09:00", BERLIN, "2027-07-01T07:00Z"),
        ("2027-01-01 09:00:59", BERLIN, "2027-01-01T08:00:59Z"),
        # 02:00 becomes 03:00: what is skipped has the offset from before, and is 03:30.
        ("2027-03-28 01:59:59", BERLIN, "2027-03-28T00:59:59Z"),
        ("2027-03-28 02:00", BERLIN, "2027-03-28T01:00Z"),
        ("2027-03-28 02:30", BERLIN, "2027-03-28T01:30Z"),
        ("2027-03-28 03:30", BERLIN, "2027-03-28T01:30Z"),
        # 03:00 becomes 02:00: the first of the two.
        ("2027-10-31 02:00", BERLIN, "2027-10-31T00:00Z"),
        ("2027-10-31 02:59:59", BERLIN, "2027-10-31T00:59:59Z"),
        ("2027-10-31 03:00", BERLIN, "2027-10-31T02:00Z"),
        # The gap begins at midnight, and the day begins at 01:00.
        ("2018-11-04 00:00", "America/Sao_Paulo", "2018-11-04T03:00Z"),
        # Half an hour.
        ("2027-10-03 02:15", "Australia/Lord_Howe", "2027-10-02T15:45Z"),
        ("2027-04-04 01:45", "Australia/Lord_Howe", "2027-04-03T14:45Z"),
        # The day that Samoa never had.
        ("2011-12-29 23:59", "Pacific/Apia", "2011-12-30T09:59Z"),
        ("2011-12-30 12:00", "Pacific/Apia", "2011-12-30T22:00Z"),
        ("2011-12-31 12:00", "Pacific/Apia", "2011-12-30T22:00Z"),
        ("2011-12-31 00:00", "Pacific/Apia", "2011-12-30T10:00Z"),
        # Before there were zones: local mean time, to the second.
        ("1000-01-01 12:00", BERLIN, "1000-01-01T11:06:32Z"),
        ("9999-12-31 23:59:59", "UTC", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_time_that_is_skipped_is_later_and_one_that_occurs_twice_is_the_first(
    local: str, time_zone: str, instant: str
) -> None:
    assert instants.instant(at(local), time_zone=time_zone) == at(instant)


def test_a_floating_time_is_in_the_zone_of_whoever_looks_and_a_fixed_one_is_not() -> None:
    floating = WallClock(date=dt.date(2027, 3, 28), time=dt.time(9))
    fixed = WallClock(date=dt.date(2027, 3, 28), time=dt.time(9), time_zone=BERLIN)

    found = [instants.instant_of(value, time_zone="Asia/Tokyo") for value in (floating, fixed)]

    assert found == [at("2027-03-28T00:00Z"), at("2027-03-28T07:00Z")]


@pytest.mark.parametrize(
    ("instant", "time_zone", "local"),
    [
        ("2027-03-28T01:30Z", BERLIN, "2027-03-28 03:30"),
        ("2027-10-31T00:30Z", BERLIN, "2027-10-31 02:30"),
        ("2027-10-31T01:30Z", BERLIN, "2027-10-31 02:30"),
        ("2027-05-01T18:00Z", "Asia/Bangkok", "2027-05-02 01:00"),
        ("2027-05-01T18:00:00.000001Z", "Asia/Kathmandu", "2027-05-01 23:45:00.000001"),
        ("2011-12-30T10:00Z", "Pacific/Apia", "2011-12-31 00:00"),
    ],
)
def test_a_local_time_is_what_the_clocks_show(instant: str, time_zone: str, local: str) -> None:
    found = instants.local_time(at(instant), time_zone=time_zone)

    assert (found, found.tzinfo, found.fold) == (at(local), None, 0)
    assert instants.local_day(at(instant), time_zone=time_zone) == at(local).date()


@pytest.mark.parametrize("time_zone", ["Pacific/Honolulu", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("edge", [dt.datetime.min, dt.datetime.max])  # noqa: DTZ901  # wall clocks
def test_what_no_datetime_can_say_is_the_first_or_last_moment_of_one(edge: dt.datetime, time_zone: str) -> None:
    there = instants.instant(edge, time_zone=time_zone)
    back = instants.local_time(edge.replace(tzinfo=dt.UTC), time_zone=time_zone)

    assert there.year == back.year == edge.year
    assert there.utcoffset() == dt.timedelta(0)
    assert abs(there - edge.replace(tzinfo=dt.UTC)) < dt.timedelta(days=1)


def test_the_last_second_west_of_greenwich_is_the_last_second_of_utc() -> None:
    last = dt.datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001  # a wall clock

    assert instants.instant(last, time_zone="Pacific/Honolulu") == last.replace(tzinfo=dt.UTC)
    assert instants.local_day(last.replace(tzinfo=dt.UTC), time_zone="Pacific/Kiritimati") == last.date()


@pytest.mark.parametrize("name", ["Mars/Olympus", "localtime", "Factory", "/etc/localtime", ""])
def test_a_stored_zone_that_is_not_offered_any_more_counts_as_utc(name: str) -> None:
    noon = dt.datetime(2027, 7, 1, 12)  # noqa: DTZ001  # a wall clock

    assert not zones.is_zone(name)
    assert instants.instant(noon, time_zone=name) == noon.replace(tzinfo=dt.UTC)
    assert instants.local_time(noon.replace(tzinfo=dt.UTC), time_zone=name) == noon

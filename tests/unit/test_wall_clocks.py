import datetime as dt

import pytest

from domain import wall_clocks
from domain.errors import InvalidTogether
from domain.wall_clocks import WallClock, WallClockIncomplete, WallClockPatch, due_key
from domain.zones import TimeZoneUnknown

MONDAY = dt.date(2026, 3, 2)
TUESDAY = dt.date(2026, 3, 3)
NINE = dt.time(9)
BERLIN = "Europe/Berlin"


def merge(value: WallClock | None, patch: WallClockPatch) -> WallClock:
    return wall_clocks.merge(value, patch, name="due")


def test_a_zone_needs_a_time() -> None:
    with pytest.raises(WallClockIncomplete) as raised:
        merge(None, WallClockPatch(date=MONDAY, time_zone=BERLIN))

    assert (raised.value.pointer, raised.value.code) == ("#/due/time", "required")


@pytest.mark.parametrize("name", ["Mars/Olympus", "europe/berlin", "../UTC", "/etc/passwd", "", "UTC+1"])
def test_a_zone_that_is_not_in_the_iana_database_is_rejected(name: str) -> None:
    for due in (None, WallClock(date=MONDAY, time=NINE, time_zone=BERLIN)):
        with pytest.raises(TimeZoneUnknown) as raised:
            merge(due, WallClockPatch(date=MONDAY, time=NINE, time_zone=name))

        assert raised.value.pointer == "#/due/time_zone"


def test_a_stored_zone_that_is_no_longer_known_can_be_kept_and_replaced() -> None:
    stored = WallClock(date=MONDAY, time=NINE, time_zone="Mars/Olympus")

    assert merge(stored, WallClockPatch(date=TUESDAY)) == WallClock(date=TUESDAY, time=NINE, time_zone="Mars/Olympus")
    assert merge(stored, WallClockPatch(time_zone="Mars/Olympus")) == stored
    assert merge(stored, WallClockPatch(time_zone=BERLIN)) == WallClock(date=MONDAY, time=NINE, time_zone=BERLIN)


def test_a_patch_of_the_date_keeps_time_and_zone() -> None:
    due = WallClock(date=MONDAY, time=NINE, time_zone=BERLIN)

    assert merge(due, WallClockPatch(date=TUESDAY)) == WallClock(date=TUESDAY, time=NINE, time_zone=BERLIN)


def test_a_patch_can_remove_time_and_zone() -> None:
    due = WallClock(date=MONDAY, time=NINE, time_zone=BERLIN)

    assert merge(due, WallClockPatch(time=None, time_zone=None)) == WallClock(date=MONDAY)


def test_a_patch_can_add_time_and_zone() -> None:
    patch = WallClockPatch(time=NINE, time_zone=BERLIN)

    assert merge(WallClock(date=MONDAY), patch) == WallClock(date=MONDAY, time=NINE, time_zone=BERLIN)


def test_removing_only_the_time_leaves_a_zone_without_one_and_is_rejected() -> None:
    with pytest.raises(WallClockIncomplete) as raised:
        merge(WallClock(date=MONDAY, time=NINE, time_zone=BERLIN), WallClockPatch(time=None))

    assert raised.value.pointer == "#/due/time"


@pytest.mark.parametrize(
    ("due", "patch"),
    [(None, WallClockPatch(time=NINE)), (None, WallClockPatch()), (WallClock(date=MONDAY), WallClockPatch(date=None))],
)
def test_a_due_value_without_a_date_is_rejected(due: WallClock | None, patch: WallClockPatch) -> None:
    with pytest.raises(WallClockIncomplete) as raised:
        merge(due, patch)

    assert raised.value.pointer == "#/due/date"


def test_a_fault_names_the_property_that_it_is_in() -> None:
    with pytest.raises(InvalidTogether) as raised:
        wall_clocks.merge(None, WallClockPatch(time_zone="Mars/Olympus"), name="start")

    assert [each.pointer for each in raised.value.errors] == ["#/start/date", "#/start/time", "#/start/time_zone"]


def test_due_keys_sort_by_date_then_timed_first_then_time_and_none_last() -> None:
    in_order = [
        WallClock(date=dt.date(1, 1, 1)),
        WallClock(date=dt.date(999, 12, 31)),
        WallClock(date=MONDAY, time=dt.time(0)),
        WallClock(date=MONDAY, time=NINE, time_zone=BERLIN),
        WallClock(date=MONDAY, time=dt.time(23, 59, 59)),
        WallClock(date=MONDAY),
        WallClock(date=TUESDAY, time=dt.time(0)),
        WallClock(date=dt.date(9999, 12, 31)),
        None,
    ]

    keys = [due_key(due).encode() for due in in_order]

    assert keys == sorted(set(keys))

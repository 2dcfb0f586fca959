import datetime as dt

import pytest

from domain.dues import Due, DueIncomplete, DuePatch, due_key, merge
from domain.zones import TimeZoneUnknown

MONDAY = dt.date(2026, 3, 2)
TUESDAY = dt.date(2026, 3, 3)
NINE = dt.time(9)
BERLIN = "Europe/Berlin"


def test_a_zone_needs_a_time() -> None:
    with pytest.raises(DueIncomplete) as raised:
        merge(None, DuePatch(date=MONDAY, time_zone=BERLIN))

    assert (raised.value.pointer, raised.value.code) == ("#/due/time", "required")


@pytest.mark.parametrize("name", ["Mars/Olympus", "europe/berlin", "../UTC", "/etc/passwd", "", "UTC+1"])
def test_a_zone_that_is_not_in_the_iana_database_is_rejected(name: str) -> None:
    for due in (None, Due(date=MONDAY, time=NINE, time_zone=BERLIN)):
        with pytest.raises(TimeZoneUnknown) as raised:
            merge(due, DuePatch(date=MONDAY, time=NINE, time_zone=name))

        assert raised.value.pointer == "#/due/time_zone"


def test_a_stored_zone_that_is_no_longer_known_can_be_kept_and_replaced() -> None:
    stored = Due(date=MONDAY, time=NINE, time_zone="Mars/Olympus")

    assert merge(stored, DuePatch(date=TUESDAY)) == Due(date=TUESDAY, time=NINE, time_zone="Mars/Olympus")
    assert merge(stored, DuePatch(time_zone="Mars/Olympus")) == stored
    assert merge(stored, DuePatch(time_zone=BERLIN)) == Due(date=MONDAY, time=NINE, time_zone=BERLIN)


def test_a_patch_of_the_date_keeps_time_and_zone() -> None:
    due = Due(date=MONDAY, time=NINE, time_zone=BERLIN)

    assert merge(due, DuePatch(date=TUESDAY)) == Due(date=TUESDAY, time=NINE, time_zone=BERLIN)


def test_a_patch_can_remove_time_and_zone() -> None:
    due = Due(date=MONDAY, time=NINE, time_zone=BERLIN)

    assert merge(due, DuePatch(time=None, time_zone=None)) == Due(date=MONDAY)


def test_a_patch_can_add_time_and_zone() -> None:
    patch = DuePatch(time=NINE, time_zone=BERLIN)

    assert merge(Due(date=MONDAY), patch) == Due(date=MONDAY, time=NINE, time_zone=BERLIN)


def test_removing_only_the_time_leaves_a_zone_without_one_and_is_rejected() -> None:
    with pytest.raises(DueIncomplete) as raised:
        merge(Due(date=MONDAY, time=NINE, time_zone=BERLIN), DuePatch(time=None))

    assert raised.value.pointer == "#/due/time"


@pytest.mark.parametrize(
    ("due", "patch"),
    [(None, DuePatch(time=NINE)), (None, DuePatch()), (Due(date=MONDAY), DuePatch(date=None))],
)
def test_a_due_value_without_a_date_is_rejected(due: Due | None, patch: DuePatch) -> None:
    with pytest.raises(DueIncomplete) as raised:
        merge(due, patch)

    assert raised.value.pointer == "#/due/date"


def test_due_keys_sort_by_date_then_timed_first_then_time_and_none_last() -> None:
    in_order = [
        Due(date=dt.date(1, 1, 1)),
        Due(date=dt.date(999, 12, 31)),
        Due(date=MONDAY, time=dt.time(0)),
        Due(date=MONDAY, time=NINE, time_zone=BERLIN),
        Due(date=MONDAY, time=dt.time(23, 59, 59)),
        Due(date=MONDAY),
        Due(date=TUESDAY, time=dt.time(0)),
        Due(date=dt.date(9999, 12, 31)),
        None,
    ]

    keys = [due_key(due).encode() for due in in_order]

    assert keys == sorted(set(keys))

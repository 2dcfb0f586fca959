"""One occurrence after the other: what counts, what is passed over, and where a series ends."""

import datetime as dt
from collections.abc import Sequence
from itertools import islice
from typing import Final

import pytest

from domain.instants import instant_of
from domain.recurrence.rules import parse, read_rule
from domain.recurrence.series import Position, Series, first, following
from domain.recurrence.steps import MOST_STEPS, Steps
from domain.wall_clocks import WallClock
from tests.unit.recurrence.series import occurrences, positions

NINE: Final = dt.time(9)
FOREVER: Final = WallClock(date=dt.date.max)


def series_of(text: str, day: str, time: dt.time | None = None, zone: str | None = None) -> Series:
    start = WallClock(date=dt.date.fromisoformat(day), time=time, time_zone=zone)
    return Series(start=start, rule=parse(text, start=start))


def on(day: str) -> WallClock:
    return WallClock(date=dt.date.fromisoformat(day))


def days(found: Sequence[WallClock]) -> list[str]:
    return [f"{each.date:%m-%d}" for each in found]


def test_the_start_is_the_first_occurrence_and_counts_even_off_the_rule() -> None:
    series = series_of("FREQ=WEEKLY;BYDAY=WE;COUNT=3", "2027-01-04")

    found = [(f"{each.at.date:%m-%d}", each.remaining) for each in positions(series)]

    assert found == [("01-04", 2), ("01-06", 1), ("01-13", 0)]


def test_without_count_nothing_is_counted() -> None:
    series = series_of("FREQ=DAILY", "2027-01-04")

    assert following(series, first(series)) == Position(at=on("2027-01-05"), remaining=None)


def test_what_is_passed_over_uses_up_the_count() -> None:
    series = series_of("FREQ=DAILY;COUNT=10", "2027-01-04")

    assert following(series, first(series), after=on("2027-01-08")) == Position(at=on("2027-01-09"), remaining=4)
    assert following(series, first(series), after=on("2027-01-13")) is None
    assert following(series, first(series), after=FOREVER) is None


def test_a_count_that_reaches_beyond_the_calendar_ends_with_it() -> None:
    """The check does not accept such a count from this start; a series that begins anew may come to it."""
    series = Series(start=WallClock(date=dt.date(9997, 6, 1)), rule=read_rule("FREQ=YEARLY;COUNT=5"))

    assert [each.date.year for each in occurrences(series)] == [9997, 9998, 9999]


def test_an_occurrence_before_the_position_is_not_returned() -> None:
    series = series_of("FREQ=DAILY", "2027-01-04")
    position = Position(at=on("2027-03-01"), remaining=None)

    assert following(series, position, after=on("2027-02-01")) == Position(at=on("2027-03-02"), remaining=None)


def test_the_next_one_is_strictly_after_a_time_on_the_same_day() -> None:
    series = series_of("FREQ=DAILY;BYHOUR=9,17", "2027-01-04", NINE)
    at_nine, at_ten = (WallClock(date=dt.date(2027, 1, 6), time=dt.time(hour)) for hour in (9, 10))

    for after in (at_nine, at_ten):
        found = following(series, first(series), after=after)
        assert found is not None
        assert (found.at.date.day, found.at.time) == (6, dt.time(17))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;UNTIL=20270106", ["01-04", "01-05", "01-06"]),
        ("FREQ=WEEKLY;UNTIL=20270117", ["01-04", "01-11"]),
        ("FREQ=DAILY;UNTIL=20270104", ["01-04"]),
    ],
)
def test_until_a_day_includes_it(text: str, expected: Sequence[str]) -> None:
    assert days(list(occurrences(series_of(text, "2027-01-04")))) == expected


def test_until_a_floating_time_includes_it() -> None:
    assert days(list(occurrences(series_of("FREQ=DAILY;UNTIL=20270105T090000", "2027-01-04", NINE)))) == [
        "01-04",
        "01-05",
    ]
    assert days(list(occurrences(series_of("FREQ=DAILY;UNTIL=20270105T085959", "2027-01-04", NINE)))) == ["01-04"]


def test_until_in_utc_is_an_instant_on_both_sides_of_a_change_of_the_clocks() -> None:
    for until, last in (("T070000Z", "03-28"), ("T065959Z", "03-27")):  # 09:00 in Berlin from that day on
        series = series_of(f"FREQ=DAILY;UNTIL=20270328{until}", "2027-03-26", NINE, "Europe/Berlin")
        assert days(list(occurrences(series)))[-1] == last


def test_until_in_utc_leaves_out_only_what_is_later_than_it_where_the_clocks_are_set_forward() -> None:
    """02:30 does not exist and is 03:30, at 01:30Z. 03:00 follows it by the clock, and is at 01:00Z."""
    series = series_of(
        "FREQ=HOURLY;BYMINUTE=0,30;UNTIL=20270328T010000Z", "2027-03-28", dt.time(1, 30), "Europe/Berlin"
    )

    found = [(f"{each.time:%H:%M}", f"{instant_of(each, time_zone='UTC'):%H:%M}") for each in occurrences(series)]

    assert found == [("01:30", "00:30"), ("02:00", "01:00"), ("03:00", "01:00")]


def test_until_at_the_ends_of_the_calendar() -> None:
    series = series_of("FREQ=YEARLY;UNTIL=99991231T235959Z", "9998-12-31", dt.time(23), "Pacific/Honolulu")
    assert [each.date.year for each in occurrences(series)] == [9998, 9999]
    series = series_of("FREQ=DAILY;UNTIL=00010102T120000Z", "0001-01-01", dt.time(12), "UTC")
    assert [each.date.day for each in occurrences(series)] == [1, 2]


def test_the_hour_stays_over_each_change_of_the_clocks() -> None:
    series = series_of("FREQ=DAILY", "2027-03-27", NINE, "Europe/Berlin")

    found = [instant_of(each, time_zone="UTC") for each in islice(occurrences(series), 3)]

    assert [f"{at:%d %H:%M}" for at in found] == ["27 08:00", "28 07:00", "29 07:00"]


def test_two_wall_times_at_one_instant_stay_two_occurrences() -> None:
    series = series_of("FREQ=HOURLY;COUNT=4", "2027-03-28", dt.time(1), "Europe/Berlin")

    found = list(occurrences(series))

    assert [f"{each.time:%H}" for each in found] == ["01", "02", "03", "04"]
    assert [f"{instant_of(each, time_zone='UTC'):%H}" for each in found] == ["00", "01", "01", "02"]


def test_a_series_of_400_years_takes_a_few_steps_from_its_start_to_now() -> None:
    for text in ("FREQ=HOURLY;INTERVAL=7", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY", "FREQ=YEARLY"):
        steps = Steps()
        series = series_of(text, "1627-01-31", NINE)
        assert following(series, first(series), after=on("2027-01-31"), steps=steps) is not None
        assert steps.taken <= 20


def test_no_occurrence_is_after_the_last_day() -> None:
    assert days(list(occurrences(series_of("FREQ=WEEKLY;BYDAY=FR,SA", "9999-12-24")))) == ["12-24", "12-25", "12-31"]
    assert days(list(occurrences(series_of("FREQ=YEARLY;BYWEEKNO=52;BYDAY=FR,SU", "9999-01-03")))) == ["01-03", "12-31"]
    assert days(list(occurrences(series_of("FREQ=DAILY;INTERVAL=2", "9999-12-28")))) == ["12-28", "12-30"]


def test_a_series_ends_where_a_search_would_take_too_many_steps() -> None:
    """The check does not accept such a rule from this start; a series that begins anew may come to it."""
    start = WallClock(date=dt.date(2027, 1, 4))
    rule = read_rule("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU;COUNT=1000")
    series, steps = Series(start=start, rule=rule), Steps()

    assert following(series, first(series), after=FOREVER, steps=steps) is None
    assert steps.taken > MOST_STEPS

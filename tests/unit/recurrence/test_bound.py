"""No rule takes more than the bound of steps, from any point. Each search is counted without what another one kept."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from domain.errors import Invalid, InvalidTogether
from domain.recurrence.rules import check, read_rule
from domain.recurrence.schedules import schedule
from domain.recurrence.series import Series, first, following
from domain.recurrence.steps import MOST_STEPS, Steps
from domain.wall_clocks import WallClock
from tests.support.databases import AT_LENGTH
from tests.unit.recurrence.hostile import hostile_rules

NEVER: Final = [
    "FREQ=WEEKLY;BYMONTH=12;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=32",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;BYMONTH=4,6,9,11;BYMONTHDAY=31",
    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
    "FREQ=DAILY;INTERVAL=28;BYDAY=TU",
    "FREQ=HOURLY;INTERVAL=168;BYDAY=TU",
    "FREQ=HOURLY;INTERVAL=23;BYYEARDAY=366;BYMONTH=1",
]
RARE: Final = {
    "FREQ=DAILY;INTERVAL=21;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU": 4_000,
    "FREQ=DAILY;INTERVAL=91;BYMONTHDAY=13;BYDAY=MO": 4_000,
    "FREQ=HOURLY;INTERVAL=23;BYYEARDAY=366;BYDAY=SU;BYHOUR=0": 4_000,
    "FREQ=HOURLY;INTERVAL=1248;BYYEARDAY=366;BYDAY=SU;BYHOUR=9": 9_000,  # 35,081, if it looks at each month
    "FREQ=HOURLY;INTERVAL=1461;BYMONTHDAY=29;BYDAY=SU": 9_000,  # 22,889, if it looks at each day of the week
    "FREQ=HOURLY;INTERVAL=1461;BYMONTHDAY=31": 25_000,
    "FREQ=HOURLY;INTERVAL=487;BYMONTHDAY=29;BYHOUR=0,2,3,5,6,8,9,11,12,14,15,17,18,20,21,23": 30_000,
    "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366": 4_000,
    "FREQ=YEARLY;INTERVAL=7;BYWEEKNO=53;BYMONTH=1;BYDAY=FR": 4_000,
    "FREQ=MONTHLY;INTERVAL=7;BYMONTHDAY=29;BYMONTH=2;BYDAY=SU": 4_000,
}
"""How many steps they take at most."""
START: Final = WallClock(date=dt.date(1000, 1, 6), time=dt.time(9))


def steps_of(series: Series, after: WallClock | None = None) -> int:
    """How many steps the search for the next occurrence takes, until it ends by itself."""
    schedule.cache_clear()
    steps = Steps()
    following(series, first(series), after=after, steps=steps)
    assert steps.taken <= MOST_STEPS, series
    return steps.taken


@pytest.mark.parametrize("text", NEVER)
def test_that_a_rule_never_occurs_is_found_in_bounded_steps(text: str) -> None:
    series = Series(start=START, rule=read_rule(text))

    assert following(series, first(series)) is None
    assert steps_of(series) <= 22_000


@pytest.mark.parametrize(("text", "most"), RARE.items())
def test_what_occurs_rarely_is_found_in_bounded_steps_from_any_point(text: str, most: int) -> None:
    for start in (START, WallClock(date=dt.date(2000, 3, 1), time=dt.time(0))):
        series = Series(start=start, rule=read_rule(text))

        assert steps_of(series) <= most
        for year in range(start.date.year, 9990, 1000):
            assert steps_of(series, after=WallClock(date=dt.date(year, 3, 1))) <= most


@settings(max_examples=20_000 if AT_LENGTH else 80, deadline=None, derandomize=not AT_LENGTH, database=None)
@given(hostile_rules(), st.lists(st.dates(dt.date(1000, 1, 1)), min_size=2, max_size=2))
def test_no_hostile_rule_takes_more_steps(started: tuple[WallClock, str], points: Sequence[dt.date]) -> None:
    start, text = started
    try:
        rule = read_rule(text)
    except (Invalid, InvalidTogether):
        return
    series = Series(start=start, rule=rule)
    worst = max(steps_of(series), *(steps_of(series, after=WallClock(date=point)) for point in points))
    if AT_LENGTH:
        target(float(worst))
    assert worst <= MOST_STEPS


def test_a_counted_series_is_walked_to_its_end_in_bounded_steps() -> None:
    """So nothing that a task with COUNT is asked takes more, whatever is passed over."""
    for text in ("FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR;COUNT=1000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=1000"):
        start = WallClock(date=dt.date(2027, 8, 13))
        rule = read_rule(text)
        check(rule, start=start)
        assert steps_of(Series(start=start, rule=rule), after=WallClock(date=dt.date.max)) <= MOST_STEPS

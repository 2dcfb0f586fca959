"""Random rules have the occurrences that a walk over each day finds, and the next one from any point is the walk's."""

import datetime as dt
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.recurrence.faults import RuleNeverOccurs
from domain.recurrence.parts import Frequency, Rule
from domain.recurrence.rules import parse, read_rule
from domain.recurrence.series import Series, first, following
from domain.wall_clocks import WallClock
from tests.support.databases import AT_LENGTH
from tests.unit.recurrence.generated import endless_rules
from tests.unit.recurrence.series import local, occurrences, value
from tests.unit.recurrence.walker import Walker

PERIODS: Final = {
    Frequency.YEARLY: 12,
    Frequency.MONTHLY: 36,
    Frequency.WEEKLY: 60,
    Frequency.DAILY: 120,
    Frequency.HOURLY: 150,
}
SOME: Final = settings(
    max_examples=10_000 if AT_LENGTH else 120, deadline=None, derandomize=not AT_LENGTH, database=None
)


def walked(rule: Rule, start: WallClock) -> Walker:
    return Walker(rule, local(start), periods=PERIODS[rule.frequency])


def found_until(series: Series, horizon: dt.datetime) -> Sequence[dt.datetime]:
    """The occurrences after the start, as far as they were walked."""
    each = map(local, occurrences(series))
    next(each)
    return list(takewhile(lambda moment: moment <= horizon, each))


@SOME
@given(endless_rules(), st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_a_rule_has_what_a_walk_over_each_day_finds(started: tuple[WallClock, str], places: Sequence[float]) -> None:
    start, text = started
    try:
        rule = parse(text, start=start)
    except RuleNeverOccurs:
        assert walked(read_rule(text), start).occurrences == []
        return
    walk, series = walked(rule, start), Series(start=start, rule=rule)

    assert found_until(series, walk.horizon) == walk.occurrences
    for place in places:
        point = local(start) + (walk.horizon - local(start)) * place
        following_one = following(series, first(series), after=value(point, start))
        assert walk.next_after(point) in (
            None if following_one is None else local(following_one.at),
            None,  # it is after the end of the walk
        )


def test_the_walk_itself_finds_what_the_rfc_prints() -> None:
    start = WallClock(date=dt.date(1997, 9, 4), time=dt.time(9))
    rule = parse("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", start=start)

    assert [f"{each:%m-%d}" for each in walked(rule, start).occurrences[:3]] == ["10-07", "11-06", "12-04"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["03-31", "05-31", "07-31"]),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=BACKWARD", ["02-28", "03-31", "04-30"]),
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=31;SKIP=FORWARD", ["03-01", "03-31", "05-01"]),
        ("FREQ=YEARLY;BYWEEKNO=53,1;BYDAY=FR,SA", ["01-08", "01-09", "01-07"]),
    ],
)
def test_the_walk_itself_knows_month_ends_and_weeks(text: str, expected: Sequence[str]) -> None:
    start = WallClock(date=dt.date(2027, 1, 31 if "BYMONTHDAY" in text else 2))

    assert [f"{each:%m-%d}" for each in walked(parse(text, start=start), start).occurrences[:3]] == expected

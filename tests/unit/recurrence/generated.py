"""Rules that may be in a request: legal ones with any parts together, and many that nobody would write."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from hypothesis import strategies as st

from domain.recurrence.parts import WEEKDAYS
from domain.wall_clocks import WallClock

_MONTH_DAYS: Final = [1, 2, 13, 15, 28, 29, 30, 31, -1, -2, -28, -29, -30, -31]
_YEAR_DAYS: Final = [1, 31, 59, 60, 61, 100, 365, 366, -1, -306, -307, -365, -366]
_WEEK_NUMBERS: Final = [1, 2, 20, 51, 52, 53, -1, -2, -52, -53]
_POSITIONS: Final = [1, 2, 3, 5, -1, -2, -5, 366]
_INTERVALS: Final = st.one_of(st.just(1), st.integers(1, 8), st.sampled_from([12, 24, 36, 52, 73, 100, 365, 400]))
_DATES: Final = st.one_of(
    st.dates(dt.date(1999, 1, 1), dt.date(2040, 12, 31)),
    st.sampled_from([dt.date(2028, 2, 29), dt.date(2027, 1, 31), dt.date(2026, 12, 31), dt.date(2027, 1, 1)]),
)
_TIMES: Final = st.sampled_from([dt.time(0), dt.time(9), dt.time(9, 30), dt.time(23, 59, 30)])


def _some(values: Sequence[object], most: int = 3) -> st.SearchStrategy[str]:
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=most)
    return chosen.map(lambda items: ",".join(map(str, items)))


def _weekdays(numbers: Sequence[int]) -> st.SearchStrategy[str]:
    item = st.tuples(st.sampled_from(["", *map(str, numbers)]), st.sampled_from(WEEKDAYS)).map("".join)
    return st.lists(item, min_size=1, max_size=4).map(",".join)


_BY_MONTH: Final = _some(range(1, 13))
_BY_MONTH_DAY: Final = _some(_MONTH_DAYS)
_MONTHLY_NUMBERS: Final = [1, 2, 4, 5, -1, -4, -5]
_OF: Final[Mapping[str, Mapping[str, st.SearchStrategy[str]]]] = {
    "YEARLY": {
        "BYMONTH": _BY_MONTH,
        "BYWEEKNO": _some(_WEEK_NUMBERS),
        "BYYEARDAY": _some(_YEAR_DAYS),
        "BYMONTHDAY": _BY_MONTH_DAY,
        "BYDAY": _weekdays([1, 2, 20, 52, 53, -1, -53]),
    },
    "MONTHLY": {"BYMONTH": _BY_MONTH, "BYMONTHDAY": _BY_MONTH_DAY, "BYDAY": _weekdays(_MONTHLY_NUMBERS)},
    "WEEKLY": {"BYMONTH": _BY_MONTH, "BYDAY": _weekdays([])},
    "DAILY": {"BYMONTH": _BY_MONTH, "BYMONTHDAY": _BY_MONTH_DAY, "BYDAY": _weekdays([])},
    "HOURLY": {
        "BYMONTH": _BY_MONTH,
        "BYYEARDAY": _some(_YEAR_DAYS),
        "BYMONTHDAY": _BY_MONTH_DAY,
        "BYDAY": _weekdays([]),
    },
}
_TIME_PARTS: Final = {
    "BYHOUR": _some([0, 8, 9, 12, 23]),
    "BYMINUTE": _some([0, 15, 59], most=2),  # of each hour, with two seconds: 96 times of a day
    "BYSECOND": _some([0, 30], most=2),
}


@st.composite
def endless_rules(
    draw: st.DrawFn, frequencies: Sequence[str] = (*_OF,), *, skips: bool = True
) -> tuple[WallClock, str]:
    """A start, and the text of a rule whose parts may be together, without COUNT and UNTIL."""
    frequency = draw(st.sampled_from(frequencies))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(_INTERVALS))}
    for name, values in _OF[frequency].items():
        if draw(st.integers(0, 2)) == 0:
            parts[name] = draw(values)
    is_timed = frequency == "HOURLY" or draw(st.booleans())
    if is_timed:
        parts |= {name: draw(values) for name, values in _TIME_PARTS.items() if draw(st.integers(0, 3)) == 0}
    if frequency == "YEARLY" and "BYMONTHDAY" in parts:
        parts.setdefault("BYMONTH", draw(_BY_MONTH))
    if "BYWEEKNO" in parts and any(letter.isdigit() for letter in parts.get("BYDAY", "")):
        del parts["BYWEEKNO"]
    if any(name.startswith("BY") for name in parts) and draw(st.integers(0, 4)) == 0:
        parts["BYSETPOS"] = draw(_some(_POSITIONS, most=2))
    if draw(st.integers(0, 4)) == 0:
        parts["WKST"] = draw(st.sampled_from(WEEKDAYS))
    if skips and "BYYEARDAY" not in parts and draw(st.booleans()):
        parts |= {"RSCALE": "GREGORIAN", "SKIP": draw(st.sampled_from(["OMIT", "BACKWARD", "FORWARD"]))}
        if "BYMONTHDAY" in parts:
            parts["BYMONTHDAY"] = draw(_some([number for number in _MONTH_DAYS if number >= -28]))
    start = WallClock(date=draw(_DATES), time=draw(_TIMES) if is_timed else None)
    return start, ";".join(f"{name}={value}" for name, value in parts.items())

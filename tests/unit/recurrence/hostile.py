"""Rules that are made to take long: they occur rarely or never, and have long lists."""

import datetime as dt
from typing import Final

from hypothesis import strategies as st

from domain.recurrence.parts import WEEKDAYS
from domain.wall_clocks import WallClock

_INTERVALS: Final = st.one_of(
    st.integers(1, 100),
    st.sampled_from([1, 2, 3, 7, 9, 14, 21, 27, 63, 73, 97, 189, 261, 365, 773, 1461, 5411, 20_871, 48_699, 146_097]),
    st.integers(1, 999_999),
)
_ALL_WEEKDAYS: Final = ",".join(WEEKDAYS)
_LONG: Final = {
    "BYWEEKNO": ",".join(map(str, range(1, 54))),
    "BYYEARDAY": ",".join(map(str, range(1, 110))),
    "BYMONTHDAY": ",".join(map(str, range(1, 29))),
}
_PARTS: Final = {
    "BYMONTH": ["2", "1", "12", "2,12", "4,6,9,11", "1,2,3,4,5,6,7,8,9,10,11,12"],
    "BYWEEKNO": ["53", "-53", "1,53", _LONG["BYWEEKNO"]],
    "BYYEARDAY": ["366", "-366", "366,-366", "60", _LONG["BYYEARDAY"]],
    "BYMONTHDAY": ["29", "-29", "30", "31", "31,-31", "13", "1,-1", _LONG["BYMONTHDAY"]],
    "BYDAY": ["SU", "MO", "FR", "MO,TU,WE,TH,FR", _ALL_WEEKDAYS],
    "BYHOUR": ["0", "23", "9,17"],
    "BYMINUTE": ["0", "59"],
    "BYSETPOS": ["366", "-366", "365", "7", "-7", "2", "31", "-31", "1,-1"],
    "WKST": ["SU", "TH"],
}
_NUMBERED: Final = ["5MO", "-5SU", "53SU", "-53FR", "53MO,53TU,53WE,53TH,53FR,53SA,53SU"]
_NOT_IN: Final = {
    "YEARLY": set[str](),
    "MONTHLY": {"BYWEEKNO", "BYYEARDAY"},
    "WEEKLY": {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"},
    "DAILY": {"BYWEEKNO", "BYYEARDAY"},
    "HOURLY": {"BYWEEKNO"},
}
_STARTS: Final = [dt.date(1000, 1, 1), dt.date(1601, 1, 1), dt.date(1896, 2, 29), dt.date(2027, 1, 31)]


@st.composite
def hostile_rules(draw: st.DrawFn) -> tuple[WallClock, str]:
    """A start, and the text of a rule, whose parts may also be such that may not be together."""
    frequency = draw(st.sampled_from([*_NOT_IN]))
    parts = {"FREQ": frequency, "INTERVAL": str(draw(_INTERVALS))}
    for name in draw(st.sets(st.sampled_from(sorted(_PARTS.keys() - _NOT_IN[frequency])), max_size=5)):
        parts[name] = draw(st.sampled_from(_PARTS[name]))
    if "BYDAY" in parts and frequency in ("YEARLY", "MONTHLY") and draw(st.booleans()):
        parts["BYDAY"] = draw(st.sampled_from(_NUMBERED))
    if "BYYEARDAY" not in parts and draw(st.booleans()):
        parts |= {"RSCALE": "GREGORIAN", "SKIP": draw(st.sampled_from(["BACKWARD", "FORWARD"]))}
    date = draw(st.one_of(st.sampled_from(_STARTS), st.dates(dt.date(1000, 1, 1), dt.date(9990, 1, 1))))
    return WallClock(date=date, time=dt.time(draw(st.sampled_from([0, 9, 23])))), ";".join(
        f"{name}={value}" for name, value in parts.items()
    )

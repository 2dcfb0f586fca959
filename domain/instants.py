"""From wall clocks to instants, and back. Wall clocks here are naive datetimes, instants are aware ones in UTC.

A time that a change of the clocks skips has the offset from before the change, so it is as much later as the clocks
moved: 02:30 is 03:30 where 02:00 became 03:00. A time that occurs twice is the first of the two. Source: RFC 5545,
3.3.5, and 3.3.10 with erratum 4271.

Nothing here fails. What would be before the year 1 or after the year 9999 is the first or last moment that a datetime
has: 9999-12-31T23:59:59 in Honolulu is that in UTC, too. A zone that is not known any more is UTC (`zones.zone`).
"""

import datetime as dt
from typing import Final

from domain.wall_clocks import WallClock
from domain.zones import zone

_FIRST: Final = dt.datetime.min  # noqa: DTZ901  # a wall clock
_LAST: Final = dt.datetime.max.replace(microsecond=0)  # noqa: DTZ901  # a wall clock


def instant(local: dt.datetime, *, time_zone: str) -> dt.datetime:
    """Return the instant at which clocks in *time_zone* show *local*, which is naive."""
    offset = local.replace(tzinfo=zone(time_zone), fold=0).utcoffset()  # fold=0: the one before the change (PEP 495)
    assert offset is not None, "a zone has an offset at each time"
    return _moved(local, -offset).replace(tzinfo=dt.UTC, fold=0)


def instant_of(value: WallClock, *, time_zone: str) -> dt.datetime:
    """Return the instant of *value*, which has a time. A floating one is in *time_zone*: that of whoever looks."""
    assert value.time is not None, "a day has no instant"
    return instant(dt.datetime.combine(value.date, value.time), time_zone=value.time_zone or time_zone)


def local_time(at: dt.datetime, *, time_zone: str) -> dt.datetime:
    """Return what clocks in *time_zone* show at the instant *at*: naive, to the microsecond."""
    try:
        return at.astimezone(zone(time_zone)).replace(tzinfo=None, fold=0)
    except OverflowError:
        return _edge(at)


def local_day(at: dt.datetime, *, time_zone: str) -> dt.date:
    """Return the day that it is in *time_zone* at the instant *at*: what its people call today."""
    return local_time(at, time_zone=time_zone).date()


def _moved(local: dt.datetime, by: dt.timedelta) -> dt.datetime:
    try:
        return local + by
    except OverflowError:
        return _edge(local)


def _edge(near: dt.datetime) -> dt.datetime:
    return _FIRST if near.year == _FIRST.year else _LAST

"""When a task is due or starts: a day; a time on a day, in whatever zone; or a time on a day in a fixed zone.

The stored value is the wall-clock time and the name of the zone; instants are computed from them.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from domain.checks import Checks
from domain.errors import Invalid
from domain.unset import UNSET, Unset
from domain.zones import check_zone


class WallClockIncomplete(Invalid):
    """A value, after merging, lacks a member that another one needs. *name* is that of the property: `due`, `start`."""

    code = "required"

    def __init__(self, name: str, *, missing: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = f"#/{name}/{missing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClock:
    """A wall-clock date, an optional wall-clock time, and an optional IANA zone, which needs a time.

    `check` and `merge` check one. A stored one is not checked again: it stays readable if this host's time zone
    database lacks its zone.
    """

    date: dt.date
    time: dt.time | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClockPatch:
    """A merge patch (RFC 7396) on a WallClock: None removes a member, UNSET keeps it."""

    date: dt.date | Unset | None = UNSET
    time: dt.time | Unset | None = UNSET
    time_zone: str | Unset | None = UNSET


def check(value: WallClock | None, *, name: str) -> None:
    """Check the new *value* of the property *name*.

    Raises WallClockIncomplete for a zone without a time, TimeZoneUnknown, or InvalidTogether.
    """
    if value is not None:
        _check_zone(value.time, value.time_zone, known=None, name=name)


def merge(value: WallClock | None, patch: WallClockPatch, *, name: str) -> WallClock:
    """Return *value* with *patch* merged into it; without a *value*, a new one. The result is checked as a whole.

    Raises WallClockIncomplete when the result has no date, or a zone and no time; TimeZoneUnknown for a new zone; or
    InvalidTogether.
    """
    date, time, zone = (None, None, None) if value is None else (value.date, value.time, value.time_zone)
    new_date = date if patch.date is UNSET else patch.date
    new_time = time if patch.time is UNSET else patch.time
    new_zone = zone if patch.time_zone is UNSET else patch.time_zone
    checks = Checks()
    with checks:
        if new_date is None:
            raise WallClockIncomplete(name, missing="date", detail=f"This is required in a {name} value.")
    with checks:
        _check_zone(new_time, new_zone, known=zone, name=name)
    checks.finish()
    assert new_date is not None, "it was required above"
    return WallClock(date=new_date, time=new_time, time_zone=new_zone)


def _check_zone(time: dt.time | None, zone: str | None, *, known: str | None, name: str) -> None:
    """Raises WallClockIncomplete, TimeZoneUnknown unless *zone* is the *known* one from before, or InvalidTogether."""
    if zone is None:
        return
    checks = Checks()
    with checks:
        if time is None:
            detail = "This is required with a time zone. Send a time, or null as `time_zone`."
            raise WallClockIncomplete(name, missing="time", detail=detail)
    if zone != known:
        with checks:
            check_zone(zone, pointer=f"#/{name}/time_zone")
    checks.finish()


NO_DUE_KEY: Final = "~"
"""The sort key of a task without a due value: after every date."""


def due_key(due: WallClock | None) -> str:
    """Return a text that sorts bytewise by date, then timed before untimed, then by time; without a due value, last.

    The zone is left out, so that an index can keep the order and a cursor can name a place in it.
    """
    if due is None:
        return NO_DUE_KEY
    if due.time is None:
        return f"{due.date.isoformat()}~"
    return f"{due.date.isoformat()}T{due.time.isoformat(timespec='seconds')}"

"""When a task is due: a day; a time on a day, in whatever zone; or a time on a day in a fixed zone.

The stored value is the wall-clock time and the name of the zone; instants are computed from them.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from domain.checks import Checks
from domain.errors import Invalid
from domain.unset import UNSET, Unset
from domain.zones import check_zone


class DueIncomplete(Invalid):
    """The due value, after merging, lacks a member that another one needs."""

    code = "required"

    def __init__(self, *, missing: str, because: str) -> None:
        super().__init__(f"This is required {because}.")
        self.pointer = f"#/due/{missing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A wall-clock date, an optional wall-clock time, and an optional IANA zone, which needs a time.

    `check` and `merge` check one. A stored one is not checked again: it stays readable if this host's time zone
    database lacks its zone.
    """

    date: dt.date
    time: dt.time | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePatch:
    """A merge patch (RFC 7396) on a Due: None removes a member, UNSET keeps it."""

    date: dt.date | Unset | None = UNSET
    time: dt.time | Unset | None = UNSET
    time_zone: str | Unset | None = UNSET


def check(due: Due) -> None:
    """Check a new *due*. Raises DueIncomplete for a zone without a time, TimeZoneUnknown, or InvalidTogether."""
    _check_zone(due.time, due.time_zone, known=None)


def merge(due: Due | None, patch: DuePatch) -> Due:
    """Return *due* with *patch* merged into it; without a *due*, a new one. The result is checked as a whole.

    Raises DueIncomplete when the result has no date, or a zone and no time; TimeZoneUnknown for a new zone; or
    InvalidTogether.
    """
    date, time, zone = (None, None, None) if due is None else (due.date, due.time, due.time_zone)
    new_date = date if patch.date is UNSET else patch.date
    new_time = time if patch.time is UNSET else patch.time
    new_zone = zone if patch.time_zone is UNSET else patch.time_zone
    checks = Checks()
    with checks:
        _require(new_date, missing="date", because="in a due value")
    with checks:
        _check_zone(new_time, new_zone, known=zone)
    checks.finish()
    assert new_date is not None, "it was required above"
    return Due(date=new_date, time=new_time, time_zone=new_zone)


def _check_zone(time: dt.time | None, zone: str | None, *, known: str | None) -> None:
    """Raises DueIncomplete, TimeZoneUnknown unless *zone* is the *known* one from before, or InvalidTogether."""
    if zone is None:
        return
    checks = Checks()
    with checks:
        _require(time, missing="time", because="with a time zone")
    if zone != known:
        with checks:
            check_zone(zone, pointer="#/due/time_zone")
    checks.finish()


def _require(value: object, *, missing: str, because: str) -> None:
    if value is None:
        raise DueIncomplete(missing=missing, because=because)


NO_DUE_KEY: Final = "~"
"""The sort key of a task without a due value: after every date."""


def due_key(due: Due | None) -> str:
    """Return a text that sorts bytewise by date, then timed before untimed, then by time; without a due value, last.

    The zone is left out, so that an index can keep the order and a cursor can name a place in it.
    """
    if due is None:
        return NO_DUE_KEY
    if due.time is None:
        return f"{due.date.isoformat()}~"
    return f"{due.date.isoformat()}T{due.time.isoformat(timespec='seconds')}"

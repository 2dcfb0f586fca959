"""When a task is due: a day; a time on a day, wherever one is; or a time on a day in a fixed zone.

What is stored is what a clock on the wall shows, and the zone's name; instants are computed from it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from domain.errors import DueIncomplete
from domain.unset import UNSET, Unset
from domain.zones import check_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A wall-clock date, an optional wall-clock time, and an optional IANA zone, which needs a time.

    Raises DueIncomplete for a zone without a time, TimeZoneUnknown for a zone that is none.
    """

    date: dt.date
    time: dt.time | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if self.time_zone is None:
            return
        if self.time is None:
            raise DueIncomplete(missing="time", because="with a time zone")
        check_zone(self.time_zone, pointer="#/due/time_zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePatch:
    """A merge patch (RFC 7396) on a Due: None removes a member, UNSET keeps it."""

    date: dt.date | Unset | None = UNSET
    time: dt.time | Unset | None = UNSET
    time_zone: str | Unset | None = UNSET


def merge(due: Due | None, patch: DuePatch) -> Due:
    """What *patch* makes of *due*. The result as a whole is checked, not the patch.

    Raises DueIncomplete when the result has no date, or a zone and no time; TimeZoneUnknown.
    """
    date, time, time_zone = (None, None, None) if due is None else (due.date, due.time, due.time_zone)
    date = date if patch.date is UNSET else patch.date
    if date is None:
        raise DueIncomplete(missing="date", because="in a due value")
    return Due(
        date=date,
        time=time if patch.time is UNSET else patch.time,
        time_zone=time_zone if patch.time_zone is UNSET else patch.time_zone,
    )


NO_DUE_KEY: Final = "~"
"""What a task without a due value sorts by: after every date."""


def due_key(due: Due | None) -> str:
    """A text whose bytewise order is by date, then timed before untimed, then by time; none is last.

    The zone does not count, so that the order is one that an index can serve and a cursor can hold on to.
    """
    if due is None:
        return NO_DUE_KEY
    if due.time is None:
        return f"{due.date.isoformat()}~"
    return f"{due.date.isoformat()}T{due.time.isoformat(timespec='seconds')}"

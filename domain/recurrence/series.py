"""The occurrences of a recurrence rule from a start, in wall-clock time, one after the other.

The start is the first occurrence, and counts, even if the rule does not name it (RFC 5545, 3.3.10). A time that a
change of the clocks skips is kept (erratum 4271): `instants` says when it is. A series ends on 9999-12-31.
"""

import datetime as dt
from dataclasses import dataclass, replace

from domain.instants import instant
from domain.recurrence.parts import Rule
from domain.recurrence.schedules import schedule
from domain.recurrence.steps import OutOfSteps, Steps
from domain.wall_clocks import WallClock

_MOST_CHANGE = dt.timedelta(days=1)
"""By how much clocks have ever been changed at once: a whole day, in Apia, Kwajalein and Manila."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A *rule* with the value from which it recurs: a day, a floating time, or a time in a zone."""

    start: WallClock
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An occurrence of a series. *remaining*: how many come after it, None without COUNT."""

    at: WallClock
    remaining: int | None


def first(series: Series) -> Position:
    """Return the start, which is the first occurrence and counts."""
    count = series.rule.count
    return Position(at=series.start, remaining=None if count is None else count - 1)


def following(
    series: Series, position: Position, *, after: WallClock | None = None, steps: Steps | None = None
) -> Position | None:
    """Return the first occurrence after a *position*, and after *after*, whose zone does not count; None at the end.

    Occurrences that are passed over use up COUNT. The search takes at most `steps.MOST_STEPS`, counted in *steps*: a
    series ends where it would take more. Only one that the check of its rule does not accept comes to that.
    """
    steps = steps or Steps()
    try:
        if position.remaining is None:
            start = position.at if after is None else max(position.at, after, key=_local)
            found = _next(series, _local(start), steps)
            return None if found is None else Position(at=_value(series, found), remaining=None)
        return _counted(series, position, None if after is None else _local(after), steps)
    except OutOfSteps:
        return None


def _counted(series: Series, position: Position, after: dt.datetime | None, steps: Steps) -> Position | None:
    remaining, found = position.remaining, _local(position.at)
    assert remaining is not None, "it has a COUNT"
    while remaining > 0:
        at = _next(series, found, steps)
        if at is None:
            return None
        found, remaining = at, remaining - 1
        if after is None or found > after:
            return Position(at=_value(series, found), remaining=remaining)
    return None


def count(series: Series, *, most: int) -> int:
    """Return how many occurrences a series has, at most *most*, as far as one search finds them."""
    steps, found, moment = Steps(), 1, _local(series.start)
    try:
        while found < most and (following_one := _next(series, moment, steps)) is not None:
            moment, found = following_one, found + 1
    except OutOfSteps:
        pass  # the check of its rule says how many were found
    return found


def recurs(series: Series) -> bool:
    """Return whether the rule names anything after the start, whatever COUNT and UNTIL are."""
    endless = replace(series, rule=replace(series.rule, count=None, until=None))
    return following(endless, first(endless)) is not None


def is_after_until(series: Series, at: WallClock) -> bool:
    """Return whether an occurrence would be after the UNTIL of a series, which it includes."""
    return _is_too_late(series, _local(at))


def _next(series: Series, moment: dt.datetime, steps: Steps) -> dt.datetime | None:
    """Return the first occurrence after a *moment* that is not after UNTIL."""
    occurrences = schedule(series.rule, _local(series.start))
    found = occurrences.after(moment, steps)
    while found is not None and _is_too_late(series, found):
        # Where the clocks are set forward, a later time may be an earlier instant.
        found = None if _is_too_late(series, _earlier(found)) else occurrences.after(found, steps)
    return found


def _is_too_late(series: Series, moment: dt.datetime) -> bool:
    until, zone = series.rule.until, series.start.time_zone
    if until is None:
        return False
    if not isinstance(until, dt.datetime):
        return moment.date() > until
    if until.tzinfo is None:
        return moment > until
    return instant(moment, time_zone=zone or "UTC") > until


def _earlier(moment: dt.datetime) -> dt.datetime:
    return max(moment, dt.datetime.min + _MOST_CHANGE) - _MOST_CHANGE  # noqa: DTZ901  # a wall clock


def _local(value: WallClock) -> dt.datetime:
    return dt.datetime.combine(value.date, value.time or dt.time())


def _value(series: Series, moment: dt.datetime) -> WallClock:
    start = series.start
    return replace(start, date=moment.date(), time=None if start.time is None else moment.time())

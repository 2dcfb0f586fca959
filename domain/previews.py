"""Which occurrences a task would have: the same rules and the same schedule, without a task."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain import instants, task_recurrence, users, wall_clocks
from domain.checks import Checks
from domain.recurrence import rules, series
from domain.recurrence.series import Position, Series
from domain.recurrence.steps import Steps
from domain.task_recurrence import RecurrenceDraft, RecurrenceRequired
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset
from domain.wall_clocks import WallClock, due_key

MOST_STEPS: Final = 5_000
"""After how many steps of searching a list ends. The step in which it has its first item is not one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedOccurrence:
    """An occurrence, and its instant: None for a day."""

    occurrence: WallClock
    at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Occurrences in the order of their wall clocks. *has_more*: whether another one follows."""

    occurrences: Sequence[PreviewedOccurrence]
    has_more: bool


async def preview(
    uow: UnitOfWork,
    *,
    due: WallClock | None,
    recurrence: RecurrenceDraft | None,
    since: WallClock | None = None,
    count: int,
) -> Preview:
    """Return the first *count* occurrences of a series that starts at *due*, or fewer if they are hard to find.

    *since* is the earliest: by the wall clock of *due*, or, in another zone, by that. Without a time it is a whole day.

    Raises DueRequired, RecurrenceRequired, WallClockIncomplete, TimeZoneUnknown, RuleMalformed, RuleUnsupported,
    RulePartsConflict, RuleUnlikeDue, RuleNeverOccurs, CountTooLarge, or InvalidTogether; AccountGone.
    """
    previewed = _checked(due, recurrence, since, now=uow.now)
    time_zone = previewed.start.time_zone or (await users.get_me(uow)).time_zone
    after = None if since is None else _before(since, previewed.start, time_zone=time_zone)
    found, has_more = _listed(previewed, after, count)
    return Preview(occurrences=[_with_instant(each, time_zone=time_zone) for each in found], has_more=has_more)


def _checked(
    due: WallClock | None, recurrence: RecurrenceDraft | None, since: WallClock | None, *, now: dt.datetime
) -> Series:
    """Return the series that a task would have."""
    start: WallClock | Unset | None = UNSET
    checks = Checks()
    with checks:
        wall_clocks.check(due, name="due")
        start = due
    with checks:
        if recurrence is None:
            raise RecurrenceRequired
        begun = task_recurrence.start_series(recurrence, due=start, now=now)
    with checks:
        wall_clocks.check(since, name="from")
    checks.finish()
    assert due is not None, "it was required above"
    assert begun is not None, "it was required above"
    return Series(start=due, rule=rules.read_rule(begun.rule))


def _before(since: WallClock, start: WallClock, *, time_zone: str) -> WallClock:
    """Return the last wall-clock time before *since*, or the last day if the series is one of days."""
    local = dt.datetime.combine(since.date, since.time or dt.time())
    if since.time_zone not in (None, start.time_zone):
        local = instants.local_time(instants.instant_of(since, time_zone=time_zone), time_zone=time_zone)
    if start.time is None:
        return WallClock(date=local.date() - dt.timedelta(days=1))
    last = local - dt.timedelta(seconds=1)
    return WallClock(date=last.date(), time=last.time())


def _listed(previewed: Series, after: WallClock | None, count: int) -> tuple[Sequence[WallClock], bool]:
    """Return the first occurrences after *after*, at most *count*, and whether more follow."""
    position: Position | None = series.first(previewed)
    if after is not None and due_key(previewed.start) <= due_key(after):
        position = series.following(previewed, series.first(previewed), after=after)
    found: list[WallClock] = []
    taken = 0
    while position is not None and len(found) < count and taken <= MOST_STEPS:
        found.append(position.at)
        steps = Steps()
        position = series.following(previewed, position, steps=steps)
        taken += steps.taken
    return found, position is not None


def _with_instant(occurrence: WallClock, *, time_zone: str) -> PreviewedOccurrence:
    at = None if occurrence.time is None else instants.instant_of(occurrence, time_zone=time_zone)
    return PreviewedOccurrence(occurrence=occurrence, at=at)

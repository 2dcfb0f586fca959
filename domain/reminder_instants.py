"""When reminders fire: computed from the due date of the task and the settings of the owner, and kept in step.

A task that is due on a day counts as due at the owner's `reminder_time` on it. That, and a floating time, are in the
owner's zone. See `domain.instants` for times that a change of the clocks skips or repeats.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from domain.instants import instant_of
from domain.model.reminders import Reminder, Schedulable, Settings
from domain.model.tasks import Task
from domain.model.users import User
from domain.unit_of_work import UnitOfWork
from domain.wall_clocks import WallClock
from domain.zones import DATA_VERSION


def settings_of(user: User) -> Settings:
    """Return what of an account decides when its reminders fire."""
    return Settings(time_zone=user.time_zone, reminder_time=user.reminder_time)


def instant(reminder: Reminder, *, due: WallClock | None, settings: Settings) -> dt.datetime | None:
    """Return the instant that a reminder is about, past or not; None if its task is not due.

    One that would be before the year 1 is the first moment that a datetime has.
    """
    if reminder.before_due is None:
        return reminder.at
    if due is None:
        return None
    timed = due if due.time is not None else replace(due, time=settings.reminder_time)
    try:
        return instant_of(timed, time_zone=settings.time_zone) - dt.timedelta(minutes=reminder.before_due)
    except OverflowError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)


def scheduled(
    reminder: Reminder, *, due: WallClock | None, settings: Settings, now: dt.datetime, since: dt.datetime | None = None
) -> Reminder:
    """Return a reminder that fires at its instant: not if that is done, or is another one than before and has passed.

    It has passed if it was not in the future when what it depends on changed: *since* then, or *now*. One that should
    have fired since, while no server ran, stays as it is, and fires late. If this moves `fires_at`, it is a change of
    the reminder, with a new revision.
    """
    at = instant(reminder, due=due, settings=settings)
    fires_at, fired_for = at, reminder.fired_for
    if at is not None and at != reminder.fires_at and (at <= (since or now) or at == fired_for):
        fires_at, fired_for = None, at
    zone_data = None if fires_at is None or reminder.before_due is None else DATA_VERSION
    changes: dict[str, Any] = {"fires_at": fires_at, "fired_for": fired_for, "zone_data": zone_data}
    if fires_at != reminder.fires_at:
        changes |= {"updated_at": now, "revision": reminder.revision + 1}
    return replace(reminder, **changes)


async def follow(uow: UnitOfWork, changes: Sequence[tuple[Task, Task]]) -> None:
    """Keep the reminders of tasks in step. Each task is given as it was, and as it is stored now."""
    moved = [after.id for before, after in changes if before.due != after.due]
    if moved:
        found = await uow.reminders.of_tasks(uow.workspace_id, moved)
        await _store(uow, [(each, scheduled(each.reminder, **_sources(each), now=uow.now)) for each in found])


async def renew_later(uow: UnitOfWork, found: Sequence[Schedulable]) -> None:
    """Compute reminders of the workspace anew, some time after the owner's settings or the zone data changed.

    An instant that has come since that change is late, and has not passed. When the zone data changed is not known. It
    counts as known since the reminder or the account was last changed.
    """
    renewed = []
    for each in found:
        since = min(uow.now, max(each.reminder.updated_at, each.account_changed_at))
        renewed.append((each, scheduled(each.reminder, **_sources(each), now=uow.now, since=since)))
    await _store(uow, renewed)


def _sources(found: Schedulable) -> dict[str, Any]:
    return {"due": found.due, "settings": found.settings}


async def _store(uow: UnitOfWork, renewed: Sequence[tuple[Schedulable, Reminder]]) -> None:
    """Store those that differ."""
    await uow.reminders.update_all([after for before, after in renewed if after != before.reminder])

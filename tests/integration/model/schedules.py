"""When reminders fire, without the domain's code: the clocks of a zone are asked what they show at an instant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from domain import zones
from tests.integration.model.things import Account, Json, Reminder

if TYPE_CHECKING:  # it imports this module
    from tests.integration.model.workspace import Workspace

_DAY: Final = dt.timedelta(days=1)


def schedule(
    reminder: Reminder, *, due: Json | None, account: Account, now: dt.datetime, since: dt.datetime | None = None
) -> None:
    """Let a reminder fire at its instant, unless that is done, or had passed when what it depends on changed: *since*.

    One that is late already stays so.
    """
    at = reminder.at if reminder.before_due is None else _before_due(due, account, minutes=reminder.before_due)
    if at is not None and at != reminder.fires_at and (at <= (since or now) or at == reminder.fired_for):
        at = None
    if at != reminder.fires_at:
        reminder.fires_at, reminder.changed = at, now
        reminder.revision += 1
    reminder.decided = now


def follow(now: Workspace, before: Workspace) -> None:
    """Keep reminders in step with what tasks are due, and forget those of tasks that were deleted for good."""
    stored = {task.id: task for task in now.stored_tasks()}
    dues = {task.id: task.due for task in before.tasks}
    now.reminders = [each for each in now.reminders if each.task_id in stored]
    for each in now.reminders:
        due = stored[each.task_id].due
        if each.before_due is not None and due != dues.get(each.task_id, due):
            schedule(each, due=due, account=now.accounts[each.user_id], now=now.instant)


def _before_due(due: Json | None, account: Account, *, minutes: int) -> dt.datetime | None:
    if due is None:
        return None
    time = dt.time.fromisoformat(due["time"] or account.reminder_time)
    wall_clock = dt.datetime.combine(dt.date.fromisoformat(due["date"]), time)
    return _instant(wall_clock, due["time_zone"] or account.time_zone) - dt.timedelta(minutes=minutes)


def _instant(wall_clock: dt.datetime, zone: str) -> dt.datetime:
    """The first instant at which clocks show *wall_clock*. If they skip it, the offset is that of before."""
    clocks = zones.zone(zone)
    near = wall_clock.replace(tzinfo=dt.UTC)
    at = [near - _offset(each, clocks) for each in (near - _DAY, near + _DAY)]
    return min((each for each in at if each + _offset(each, clocks) == near), default=at[0])


def _offset(at: dt.datetime, clocks: dt.tzinfo) -> dt.timedelta:
    offset = at.astimezone(clocks).utcoffset()
    assert offset is not None
    return offset

"""What the operations on reminders do, and what the jobs do that fire them and compute them anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from tests.integration.model.schedules import schedule
from tests.integration.model.things import Json, Reminder
from tests.integration.model.workspace import Body, Reason, Workspace, conflict, find, invalid, refuse_if

MOST: Final = 10
"""How many a user has of a task."""


def create_reminder(now: Workspace, *, task_id: str, new_id: str, body: Body) -> None:
    """Of any task that is not in the trash: a closed one, too, or one in an archived project."""
    reminder = Reminder(
        id=new_id,
        task_id=task_id,
        user_id=now.actor,
        at=_instant(body.get("at")),
        before_due=body.get("before_due"),
        created=now.instant,
        changed=now.instant,
        decided=now.instant,
    )
    task = find(now.tasks, task_id)
    mine = [each for each in now.reminders if (each.task_id, each.user_id) == (task_id, now.actor)]
    full = [conflict("limit-reached")] if len(mine) >= MOST else []
    refuse_if([*_wrong(reminder), *full, *([] if task else [Reason(404, "not-found")])])
    _decide(now, reminder)
    reminder.revision = 1
    now.reminders.append(reminder)


def update_reminder(now: Workspace, *, task_id: str, reminder_id: str, body: Body) -> None:
    """A merge patch (RFC 7396)."""
    reminder = now.reminder(task_id, reminder_id)
    before, revision = (reminder.at, reminder.before_due), reminder.revision
    reminder.at = _instant(body["at"]) if "at" in body else reminder.at
    reminder.before_due = body.get("before_due", reminder.before_due)
    refuse_if(_wrong(reminder))
    if (reminder.at, reminder.before_due) != before:
        _decide(now, reminder)
        reminder.revision, reminder.changed = revision + 1, now.instant


def delete_reminder(now: Workspace, *, task_id: str, reminder_id: str) -> None:
    now.reminders.remove(now.reminder(task_id, reminder_id))


def renew(now: Workspace) -> None:
    """Compute anew those of whoever has changed their account. An instant that has come since then is late."""
    for each in now.reminders:
        if each.user_id in now.stale:
            changed_at = now.accounts[each.user_id].changed_at
            _decide(now, each, since=max(each.decided, changed_at))
    now.stale.clear()


def fire(now: Workspace) -> Iterator[tuple[str, Json]]:
    """Fire those that are due, unless they are to be computed anew. Yield the owner of each, and what they are sent.

    One whose task is closed or in the trash passes.
    """
    due = [each for each in now.reminders if each.fires_at and each.fires_at <= now.instant]
    for each in sorted(due, key=lambda each: (each.fires_at, each.id)):
        if each.user_id in now.stale:
            continue
        task = find(now.tasks, each.task_id)
        if task and task.status == "open":
            each.fired = now.instant
            yield (
                each.user_id,
                {
                    "reminder_id": each.id,
                    "task_id": task.id,
                    "due": task.due,
                    "occurrence": task.shown()["occurrence"],
                    "fires_at": each.fires_at,
                    "fired_at": each.fired,
                },
            )
        each.fires_at, each.fired_for, each.changed = None, each.fires_at, now.instant
        each.revision += 1


def _decide(now: Workspace, reminder: Reminder, *, since: dt.datetime | None = None) -> None:
    task = find(now.stored_tasks(), reminder.task_id)
    due, account = task.due if task else None, now.accounts[reminder.user_id]
    schedule(reminder, due=due, account=account, now=now.instant, since=since)


def _wrong(reminder: Reminder) -> Iterator[Reason]:
    if (reminder.at is None) == (reminder.before_due is None):
        yield invalid("#/at")


def _instant(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text).astimezone(dt.UTC)

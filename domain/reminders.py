"""Reminders: when users want to be reminded of tasks. Each belongs to the user who created it.

They are not part of the workspace: they have a version of their own, and nothing of them is in the log. So members who
can only read have some too, and a task that is closed or in an archived project can get one.
"""

import datetime as dt
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import pages, reminder_instants, tasks, users
from domain.limits import LimitReached
from domain.model.reminders import Reminder, ReminderAmbiguous, ReminderNotFound
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given

MOST_OF_TASK: Final = 10
"""How many reminders of one task a user has at most."""
MOST_IN_WORKSPACE: Final = 10_000
"""How many reminders a user has in a workspace at most."""


async def page(
    uow: UnitOfWork, task_id: UUID, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Reminder]:
    """Return the caller's reminders of a task, the oldest first. Raises TaskNotFound, CursorInvalid."""
    await tasks.get(uow, task_id)
    user_id = uow.principal.user_id
    return await pages.by_id(
        lambda last, count: uow.reminders.page(
            uow.workspace_id, user_id=user_id, task_id=task_id, after=last, limit=count
        ),
        id_of=lambda reminder: reminder.id,
        binding=f"reminders {uow.workspace_id} {task_id} {user_id}",
        limit=limit,
        cursor=cursor,
    )


async def page_of_mine(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Reminder]:
    """Return the caller's reminders of all tasks that are not in the trash, the oldest first. Raises CursorInvalid."""
    user_id = uow.principal.user_id
    return await pages.by_id(
        lambda last, count: uow.reminders.page_of_user(uow.workspace_id, user_id=user_id, after=last, limit=count),
        id_of=lambda reminder: reminder.id,
        binding=f"my reminders {uow.workspace_id} {user_id}",
        limit=limit,
        cursor=cursor,
    )


async def create(
    uow: UnitOfWork,
    task_id: UUID,
    *,
    reminder_id: UUID | None = None,
    at: dt.datetime | None = None,
    before_due: int | None = None,
) -> Reminder:
    """Create a reminder of the caller, *at* an instant or so many minutes *before_due*.

    Raises ReminderAmbiguous, TaskNotFound, LimitReached, IdTaken, AccountGone.
    """
    _require_one(at, before_due)
    task = await tasks.get(uow, task_id)
    await _require_room(uow, task_id)
    reminder = Reminder(
        id=reminder_id or uow.new_id(),
        workspace_id=uow.workspace_id,
        task_id=task_id,
        user_id=uow.principal.user_id,
        at=_in_utc(at),
        before_due=before_due,
        fires_at=None,
        fired_for=None,
        fired_at=None,
        zone_data=None,
        created_at=uow.now,
        updated_at=uow.now,
        revision=1,
    )
    settings = reminder_instants.settings_of(await users.get_me(uow))
    scheduled = reminder_instants.scheduled(reminder, due=task.due, settings=settings, now=uow.now)
    created = replace(scheduled, revision=1)
    await uow.reminders.add(created)
    return created


async def get(uow: UnitOfWork, task_id: UUID, reminder_id: UUID) -> Reminder:
    """Return one of the caller's reminders of a task. Raises TaskNotFound, ReminderNotFound."""
    await tasks.get(uow, task_id)
    return await _get(uow, task_id, reminder_id)


async def update(
    uow: UnitOfWork,
    task_id: UUID,
    reminder_id: UUID,
    *,
    at: dt.datetime | Unset | None = UNSET,
    before_due: int | Unset | None = UNSET,
) -> Reminder:
    """Change one of the caller's reminders. Raises TaskNotFound, ReminderNotFound, ReminderAmbiguous, AccountGone."""
    task = await tasks.get(uow, task_id)
    reminder = await _get(uow, task_id, reminder_id)
    changed: Reminder = replace(reminder, **given(at=at if at is UNSET else _in_utc(at), before_due=before_due))
    _require_one(changed.at, changed.before_due)
    if changed == reminder:
        return reminder
    settings = reminder_instants.settings_of(await users.get_me(uow))
    scheduled = reminder_instants.scheduled(changed, due=task.due, settings=settings, now=uow.now)
    stored = replace(scheduled, updated_at=uow.now, revision=reminder.revision + 1)
    await uow.reminders.update_all([stored])
    return stored


async def delete(uow: UnitOfWork, task_id: UUID, reminder_id: UUID) -> None:
    """Delete one of the caller's reminders. Raises TaskNotFound, ReminderNotFound."""
    await get(uow, task_id, reminder_id)
    await uow.reminders.delete(uow.workspace_id, reminder_id)


async def _get(uow: UnitOfWork, task_id: UUID, reminder_id: UUID) -> Reminder:
    reminder = await uow.reminders.get(uow.workspace_id, reminder_id)
    if reminder is None or (reminder.task_id, reminder.user_id) != (task_id, uow.principal.user_id):
        raise ReminderNotFound(reminder_id)
    return reminder


async def _require_room(uow: UnitOfWork, task_id: UUID) -> None:
    """Raise LimitReached if the caller can have no other reminder of the task, or in the workspace."""
    of_task, in_workspace = await uow.reminders.count(
        uow.workspace_id, user_id=uow.principal.user_id, task_id=task_id, limit=MOST_IN_WORKSPACE
    )
    for count, most, where in (
        (in_workspace, MOST_IN_WORKSPACE, "in this workspace"),
        (of_task, MOST_OF_TASK, "of this task"),
    ):
        if count >= most:
            detail = f"You have {most} reminders {where}, and cannot have more. Delete some first."
            raise LimitReached("user", things="reminders", most=most, detail=detail)


def _require_one(at: dt.datetime | None, before_due: int | None) -> None:
    if (at is None) == (before_due is None):
        raise ReminderAmbiguous


def _in_utc(at: dt.datetime | None) -> dt.datetime | None:
    return None if at is None else at.astimezone(dt.UTC)

"""Reminders fire: each once, when it is due, as an entry in the record from which the feed of its owner is read.

Whoever changes a reminder, its task or the owner's membership holds the lock on the workspace. So does `fire`, which
looks again under that lock. It records that a reminder has fired, and that it is done, in one transaction.

Source: ADR 116.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain.model.due_reminders import DueReminder, LockedReminder
from domain.model.fired_reminders import FiredReminder
from domain.model.reminders import Reminder
from domain.unit_of_work import UnitOfWork
from domain.zones import DATA_VERSION

AT_ONCE: Final = 100
"""How many reminders fire in one transaction at most."""
MOST_FOUND: Final = 5_000
"""How many are looked up at once: of a crowd in many workspaces, those of each fire together."""


async def first(uow: UnitOfWork, *, within: dt.timedelta, without: Collection[UUID] = ()) -> Sequence[DueReminder]:
    """Return the earliest reminders that are due now or *within* a time, in whatever workspace, at most MOST_FOUND.

    But not in those *without* which it is asked for.
    """
    until = uow.now + within
    return await uow.due_reminders.first(until=until, zone_data=DATA_VERSION, without=without, limit=MOST_FOUND)


async def fire(uow: UnitOfWork, workspace_id: UUID, reminder_ids: Collection[UUID]) -> int:
    """Fire those of these reminders that are due. One whose task is closed or in the trash passes without firing.

    Return how many fired or passed. Others were changed meanwhile, or their owner's account is being changed: if they
    are still due, they are found again.
    """
    if not await uow.enter(workspace_id):
        return 0
    locked = await uow.due_reminders.lock(workspace_id, reminder_ids, now=uow.now, zone_data=DATA_VERSION)
    await uow.reminders.update_all([_done(each, now=uow.now) for each in locked])
    await uow.fired_reminders.add(_numbered(locked, now=uow.now))
    return len(locked)


def _done(locked: LockedReminder, *, now: dt.datetime) -> Reminder:
    reminder = locked.reminder
    return replace(
        reminder,
        fires_at=None,
        zone_data=None,
        fired_for=reminder.fires_at,
        fired_at=now if locked.is_active else reminder.fired_at,
        updated_at=now,
        revision=reminder.revision + 1,
    )


def _numbered(locked: Sequence[LockedReminder], *, now: dt.datetime) -> Sequence[FiredReminder]:
    """Return the records of those that fire, with the next numbers of their owners."""
    numbers = {each.reminder.user_id: each.reminders_fired for each in locked}
    fired = []
    for each in [each for each in locked if each.is_active]:
        reminder = each.reminder
        assert reminder.fires_at is not None, "it is due"
        numbers[reminder.user_id] += 1
        record = FiredReminder(
            user_id=reminder.user_id,
            number=numbers[reminder.user_id],
            reminder_id=reminder.id,
            workspace_id=reminder.workspace_id,
            task_id=reminder.task_id,
            due=each.due,
            occurrence=each.occurrence,
            fires_at=reminder.fires_at,
            fired_at=now,
        )
        fired.append(record)
    return fired

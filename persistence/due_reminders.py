"""Finds the reminders that are due, in all workspaces, and locks those of one."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ScalarSelect, Table, and_, bindparam, or_, select

from domain.model.due_reminders import DueReminder, LockedReminder
from domain.wall_clocks import WallClock
from persistence.compiled import padded
from persistence.memberships import members
from persistence.metadata import is_live
from persistence.reminder_rows import REMINDERS, reminders, stale_reminders
from persistence.runners import Runner
from persistence.task_rows import load_wall_clock, tasks
from persistence.unindexed import among
from persistence.users import users

_NOWHERE: Final = UUID(int=0)
_IS_ABOUT_TASK: Final = and_(tasks.c.workspace_id == reminders.c.workspace_id, tasks.c.id == reminders.c.task_id)


def _of_owner(table: Table) -> ScalarSelect[UUID]:
    """Whom a row of *table* is about: the owner of the reminder, in its workspace. None if there is no such row.

    As a value, and not as a join, it is looked up for one reminder after the other. PostgreSQL would read the whole
    table for a join, and sort all that is due.
    """
    mine = (table.c.workspace_id == reminders.c.workspace_id, table.c.user_id == reminders.c.user_id)
    return select(table.c.user_id).where(*mine).correlate(reminders).scalar_subquery()


_IS_DUE: Final = and_(
    reminders.c.fires_at <= bindparam("until"),
    or_(reminders.c.zone_data.is_(None), reminders.c.zone_data >= bindparam("zone_data")),
    _of_owner(members).is_not(None),
    _of_owner(stale_reminders).is_(None),
)
_FIRST: Final = (
    select(reminders.c.workspace_id, reminders.c.id, reminders.c.fires_at)
    .where(_IS_DUE, reminders.c.workspace_id.not_in(bindparam("without", expanding=True)))
    .order_by(reminders.c.fires_at)
    .limit(bindparam("limit"))
)
_THESE: Final = among(reminders.c.workspace_id, reminders.c.id, "reminders")
_owners: Final = (
    select(users.c.id, users.c.reminders_fired)
    .where(users.c.id.in_(select(reminders.c.user_id).where(_THESE)))
    .with_for_update(key_share=True, skip_locked=True)
    .cte("owners")
)
"""Each owner is locked once, for all of their reminders or none: unlocked meanwhile, they would get the later ones
first."""
_LOCK: Final = (
    select(
        *REMINDERS.columns,
        and_(tasks.c.status == "open", is_live(tasks)),
        _owners.c.reminders_fired,
        *(tasks.c.due_date, tasks.c.due_time, tasks.c.due_time_zone),
        *(tasks.c.occurrence_date, tasks.c.occurrence_time),
    )
    .join_from(reminders, tasks, _IS_ABOUT_TASK)
    .join(_owners, _owners.c.id == reminders.c.user_id)
    .where(_THESE, _IS_DUE)
)


class DueReminders:
    """Implements domain.model.due_reminders.DueReminderRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def first(
        self, *, until: dt.datetime, zone_data: str, without: Collection[UUID], limit: int
    ) -> Sequence[DueReminder]:
        places = padded(sorted(without) or [_NOWHERE])
        given = {"until": until, "zone_data": zone_data, "without": places, "limit": limit}
        rows = await self._runner.rows(_FIRST, given)
        return [DueReminder(workspace_id=row[0], reminder_id=row[1], fires_at=row[2]) for row in rows]

    async def lock(
        self, workspace_id: UUID, reminder_ids: Collection[UUID], *, now: dt.datetime, zone_data: str
    ) -> Sequence[LockedReminder]:
        ids = padded(list(reminder_ids))
        given = {"workspace": workspace_id, "reminders": ids, "until": now, "zone_data": zone_data}
        return sorted([_locked(row) for row in await self._runner.rows(_LOCK, given)], key=_place)


def _locked(row: Sequence[Any]) -> LockedReminder:
    *columns, is_active, fired, date, time, time_zone, scheduled_date, scheduled_time = row
    return LockedReminder(
        reminder=REMINDERS.load(columns),
        is_active=bool(is_active),
        due=_wall_clock(date, time, time_zone),
        occurrence=_wall_clock(scheduled_date, scheduled_time, time_zone),
        reminders_fired=fired,
    )


def _wall_clock(date: dt.date | None, time: dt.time | None, time_zone: str | None) -> WallClock | None:
    return None if date is None else load_wall_clock(date, time, time_zone)


def _place(locked: LockedReminder) -> tuple[dt.datetime | None, UUID]:
    return locked.reminder.fires_at, locked.reminder.id

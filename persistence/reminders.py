"""The repository of reminders."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite took its ON CONFLICT over, word for word

from domain.model.reminders import Reminder, Schedulable, Settings, Stale
from domain.wall_clocks import WallClock
from persistence.compiled import BULK, Row, padded
from persistence.memberships import members, workspaces
from persistence.metadata import is_live
from persistence.paging import Pages, ordered, page_parameters
from persistence.reminder_rows import REMINDERS, reminders, stale_reminders
from persistence.runners import Runner
from persistence.task_rows import tasks
from persistence.unindexed import among
from persistence.users import users

_IN_WORKSPACE: Final = reminders.c.workspace_id == bindparam("workspace")
_ONE: Final = and_(_IN_WORKSPACE, reminders.c.id == bindparam("reminder"))
_MINE: Final = and_(_IN_WORKSPACE, reminders.c.user_id == bindparam("user"))
_MINE_OF_TASK: Final = and_(_MINE, reminders.c.task_id == bindparam("task"))

_INSERT: Final = insert(reminders)
_SELECT: Final = select(*REMINDERS.columns).where(_ONE)
_counted: Final = select(reminders.c.task_id).where(_MINE).limit(bindparam("limit")).subquery()
_COUNT: Final = select(func.count().filter(_counted.c.task_id == bindparam("task")), func.count()).select_from(_counted)
_PAGES: Final = Pages(select(*REMINDERS.columns).where(_MINE_OF_TASK), reminders.c.id)
_LIVE_TASK: Final = (
    select(tasks.c.id)
    .where(tasks.c.workspace_id == reminders.c.workspace_id, tasks.c.id == reminders.c.task_id, is_live(tasks))
    .correlate(reminders)
    .scalar_subquery()
)
_MY_PAGES: Final = Pages(select(*REMINDERS.columns).where(_MINE, _LIVE_TASK.is_not(None)), reminders.c.id)
"""Each task is looked up, until the page is full: among at most 10,000 reminders, if all others are in the trash."""
_UPDATE: Final = update(reminders).where(_ONE)
_DELETE: Final = delete(reminders).where(_ONE)
_some: Final = select(reminders.c.id).where(_MINE).limit(bindparam("limit"))
_DELETE_SOME: Final = delete(reminders).where(_IN_WORKSPACE, reminders.c.id.in_(_some)).execution_options(**BULK)
_anywhere: Final = (
    select(reminders.c.workspace_id, reminders.c.id)
    .join_from(
        members,
        reminders,
        and_(reminders.c.workspace_id == members.c.workspace_id, reminders.c.user_id == members.c.user_id),
    )
    .where(members.c.user_id == bindparam("user"))
    .limit(bindparam("limit"))
)
_DELETE_EVERYWHERE: Final = (
    delete(reminders)
    .where(tuple_(reminders.c.workspace_id, reminders.c.id).in_(_anywhere))
    .returning(reminders.c.workspace_id)
    .execution_options(**BULK)
)
_DUE: Final = [
    select(column)
    .where(tasks.c.workspace_id == reminders.c.workspace_id, tasks.c.id == reminders.c.task_id)
    .scalar_subquery()
    for column in (tasks.c.due_date, tasks.c.due_time, tasks.c.due_time_zone)
]
_SETTINGS: Final = [
    select(column).where(users.c.id == reminders.c.user_id).scalar_subquery()
    for column in (users.c.time_zone, users.c.reminder_time, users.c.updated_at)
]
_SCHEDULABLE: Final = select(*REMINDERS.columns, *_DUE, *_SETTINGS)
"""Each task and each owner is looked up: PostgreSQL might read whole tables to join them (ADR 103)."""
_OF_TASKS: Final = _SCHEDULABLE.where(
    among(reminders.c.workspace_id, reminders.c.task_id, "tasks"), reminders.c.before_due.is_not(None)
)
_NAMED: Final = _SCHEDULABLE.where(among(reminders.c.workspace_id, reminders.c.id, "reminders"))
_OF_USER: Final = Pages(_SCHEDULABLE.where(_MINE), reminders.c.id)

_JOINED: Final = select(members.c.workspace_id, members.c.user_id).where(members.c.user_id == bindparam("user"))
_MARK: Final = upsert(stale_reminders).from_select(["workspace_id", "user_id"], _JOINED)
_MARK_STALE: Final = _MARK.on_conflict_do_update(
    index_elements=list(stale_reminders.primary_key), set_={stale_reminders.c.after: None}
).execution_options(**BULK)
_THIS_STALE: Final = and_(
    stale_reminders.c.workspace_id == bindparam("workspace"), stale_reminders.c.user_id == bindparam("user")
)
_NOWHERE: Final = UUID(int=0)
_FIRST: Final = (_NOWHERE, _NOWHERE)
_STALE: Final = ordered(select(*stale_reminders.c), list(stale_reminders.primary_key), resumed=True)
"""From the first one on. A condition is needed for the index to be used."""
_LOCK_STALE: Final = select(*stale_reminders.c).where(_THIS_STALE).with_for_update(skip_locked=True)
_SET_STALE: Final = update(stale_reminders).where(_THIS_STALE)
_END_STALE: Final = delete(stale_reminders).where(_THIS_STALE)
_OUTDATED: Final = (
    select(reminders.c.workspace_id, reminders.c.id)
    .join_from(reminders, workspaces, workspaces.c.id == reminders.c.workspace_id)
    .where(
        reminders.c.zone_data < bindparam("version"),
        reminders.c.workspace_id.not_in(bindparam("without", expanding=True)),
        workspaces.c.deleted_at.is_(None),
    )
    .order_by(reminders.c.zone_data)
    .limit(bindparam("limit"))
)


class Reminders:
    """Implements domain.model.reminders.ReminderRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, reminder: Reminder) -> None:
        await self._runner.run(_INSERT, REMINDERS.values(reminder))

    async def get(self, workspace_id: UUID, reminder_id: UUID) -> Reminder | None:
        return REMINDERS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "reminder": reminder_id}))

    async def count(self, workspace_id: UUID, *, user_id: UUID, task_id: UUID, limit: int) -> tuple[int, int]:
        place = {"workspace": workspace_id, "user": user_id, "task": task_id, "limit": limit}
        row = await self._runner.row(_COUNT, place)
        assert row is not None, "a count is a row"
        return row[0], row[1]

    async def page(
        self, workspace_id: UUID, *, user_id: UUID, task_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Reminder]:
        place = {"workspace": workspace_id, "user": user_id, "task": task_id}
        return REMINDERS.all(await _PAGES.read(self._runner, place, after=after, limit=limit))

    async def page_of_user(
        self, workspace_id: UUID, *, user_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Reminder]:
        place = {"workspace": workspace_id, "user": user_id}
        return REMINDERS.all(await _MY_PAGES.read(self._runner, place, after=after, limit=limit))

    async def update_all(self, reminders: Sequence[Reminder]) -> None:
        changes = [
            {"workspace": each.workspace_id, "reminder": each.id, **REMINDERS.changes(each)} for each in reminders
        ]
        if changes:
            await self._runner.run(_UPDATE, changes)

    async def delete(self, workspace_id: UUID, reminder_id: UUID) -> None:
        await self._runner.run(_DELETE, {"workspace": workspace_id, "reminder": reminder_id})

    async def delete_some(self, workspace_id: UUID, *, user_id: UUID, limit: int) -> int:
        return await self._runner.run(_DELETE_SOME, {"workspace": workspace_id, "user": user_id, "limit": limit})

    async def delete_everywhere(self, user_id: UUID, *, limit: int) -> Sequence[UUID]:
        return [row[0] for row in await self._runner.rows(_DELETE_EVERYWHERE, {"user": user_id, "limit": limit})]

    async def of_tasks(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Sequence[Schedulable]:
        place = {"workspace": workspace_id, "tasks": padded(list(task_ids))}
        return [_schedulable(row) for row in await self._runner.rows(_OF_TASKS, place)]

    async def of_user(
        self, workspace_id: UUID, user_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[Schedulable]:
        place = {"workspace": workspace_id, "user": user_id}
        return [_schedulable(row) for row in await _OF_USER.read(self._runner, place, after=after, limit=limit)]

    async def named(self, workspace_id: UUID, reminder_ids: Collection[UUID]) -> Sequence[Schedulable]:
        place = {"workspace": workspace_id, "reminders": padded(list(reminder_ids))}
        return [_schedulable(row) for row in await self._runner.rows(_NAMED, place)]

    async def mark_stale(self, user_id: UUID) -> None:
        await self._runner.run(_MARK_STALE, {"user": user_id})

    async def stale(self, *, after: Stale | None, limit: int) -> Sequence[Stale]:
        place = _FIRST if after is None else (after.workspace_id, after.user_id)
        return [_stale(row) for row in await self._runner.rows(_STALE, page_parameters(place, limit))]

    async def lock_stale(self, workspace_id: UUID, user_id: UUID) -> Stale | None:
        row = await self._runner.row(_LOCK_STALE, {"workspace": workspace_id, "user": user_id})
        return None if row is None else _stale(row)

    async def set_stale(self, stale: Stale) -> None:
        place = {"workspace": stale.workspace_id, "user": stale.user_id}
        await self._runner.run(_SET_STALE, {**place, "after": stale.after})

    async def end_stale(self, workspace_id: UUID, user_id: UUID) -> None:
        await self._runner.run(_END_STALE, {"workspace": workspace_id, "user": user_id})

    async def outdated(self, *, zone_data: str, without: Collection[UUID], limit: int) -> Sequence[tuple[UUID, UUID]]:
        places = padded(sorted(without) or [_NOWHERE])
        rows = await self._runner.rows(_OUTDATED, {"version": zone_data, "without": places, "limit": limit})
        return [(row[0], row[1]) for row in rows]


def _schedulable(row: Row) -> Schedulable:
    *columns, date, time, zone, time_zone, reminder_time, account_changed_at = row
    return Schedulable(
        reminder=REMINDERS.load(columns),
        due=None if date is None else WallClock(date=date, time=time, time_zone=zone),
        settings=Settings(time_zone=time_zone, reminder_time=reminder_time),
        account_changed_at=account_changed_at,
    )


def _stale(row: Row) -> Stale:
    workspace_id, user_id, after = row
    return Stale(workspace_id=workspace_id, user_id=user_id, after=after)

"""The repository of reminders."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, func, insert, select, update

from domain.model.reminders import Reminder, Settings
from persistence.compiled import BULK, Row, padded
from persistence.paging import Pages
from persistence.reminder_rows import REMINDERS, reminders
from persistence.runners import Runner
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
_UPDATE: Final = update(reminders).where(_ONE)
_DELETE: Final = delete(reminders).where(_ONE)
_some: Final = select(reminders.c.id).where(_MINE).limit(bindparam("limit"))
_DELETE_SOME: Final = delete(reminders).where(_IN_WORKSPACE, reminders.c.id.in_(_some)).execution_options(**BULK)
_WITH_SETTINGS: Final = select(*REMINDERS.columns, users.c.time_zone, users.c.reminder_time).join_from(
    reminders, users, users.c.id == reminders.c.user_id
)
_BEFORE_DUE_OF: Final = _WITH_SETTINGS.where(
    among(reminders.c.workspace_id, reminders.c.task_id, "tasks"), reminders.c.before_due.is_not(None)
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

    async def before_due_of(
        self, workspace_id: UUID, task_ids: Collection[UUID]
    ) -> Sequence[tuple[Reminder, Settings]]:
        place = {"workspace": workspace_id, "tasks": padded(list(task_ids))}
        return [_with_settings(row) for row in await self._runner.rows(_BEFORE_DUE_OF, place)]


def _with_settings(row: Row) -> tuple[Reminder, Settings]:
    *columns, time_zone, reminder_time = row
    return REMINDERS.load(columns), Settings(time_zone=time_zone, reminder_time=reminder_time)

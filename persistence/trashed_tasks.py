"""The statements that find what goes into the trash and read and restore what is in it, for `persistence/tasks.py`."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, select, update

from domain.events import restored
from domain.model.tasks import Task
from persistence import task_links
from persistence.change_log import ChangeLog
from persistence.metadata import TRASH_ID
from persistence.runners import Runner
from persistence.task_rows import LIVE, TASKS, tasks
from persistence.unindexed import among, unindexed

_OF_WORKSPACE: Final = tasks.c.workspace_id == bindparam("workspace")
_SOME: Final = select(tasks.c.id).where(and_(_OF_WORKSPACE, LIVE)).limit(bindparam("limit"))
_SOME_OF_PROJECT: Final = _SOME.where(tasks.c.project_id == bindparam("project"))
_SOME_OF_SECTION: Final = _SOME.where(tasks.c.section_id == bindparam("section"))
_IN_TRASH: Final = (
    select(*TASKS.columns).where(_OF_WORKSPACE, tasks.c.trash_id == bindparam("trash")).limit(bindparam("limit"))
)
_ABOVE: Final = tasks.alias("above")
_TOPMOST: Final = _IN_TRASH.where(
    ~exists().where(
        _ABOVE.c.workspace_id == tasks.c.workspace_id,
        _ABOVE.c.id == tasks.c.parent_id,
        unindexed(_ABOVE.c.trash_id == tasks.c.trash_id),
    )
)
_RESTORE: Final = update(tasks).where(
    among(tasks.c.workspace_id, tasks.c.id, bindparam("task", type_=tasks.c.id.type)), unindexed(~LIVE)
)


async def some_of(
    runner: Runner, workspace_id: UUID, *, project_id: UUID | None, section_id: UUID | None, limit: int
) -> Sequence[UUID]:
    """See TaskRepository.some_of."""
    some = {"workspace": workspace_id, "limit": limit}
    if section_id is not None:
        rows = await runner.rows(_SOME_OF_SECTION, {**some, "section": section_id})
    else:
        rows = await runner.rows(_SOME_OF_PROJECT, {**some, "project": project_id})
    return [row[0] for row in rows]


async def topmost(runner: Runner, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
    """See TaskRepository.topmost_in_trash."""
    return await _read(runner, _TOPMOST, workspace_id, trash_id, limit)


async def read(runner: Runner, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
    """See TaskRepository.in_trash."""
    return await _read(runner, _IN_TRASH, workspace_id, trash_id, limit)


async def _read(runner: Runner, which: Select[Any], workspace_id: UUID, trash_id: UUID, limit: int) -> Sequence[Task]:
    place = {"workspace": workspace_id, "trash": trash_id, "limit": limit}
    return await task_links.with_links(runner, TASKS.all(await runner.rows(which, place)))


async def restore(change_log: ChangeLog, changes: Sequence[tuple[Task, Task]]) -> None:
    """See TaskRepository.restore_all."""
    await change_log.write_many(
        _RESTORE,
        [
            (
                {"workspace": after.workspace_id, "task": after.id, **TASKS.changes(after), TRASH_ID: None},
                restored("task.restored", after),
            )
            for _, after in changes
        ],
    )
    await task_links.store(change_log, changes)

"""The statements about the dependencies of tasks, for `persistence/tasks.py`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, select, update

from domain.model.tasks import Dependency, Task, WhichDependents
from persistence.change_log import ChangeLog
from persistence.compiled import BULK, padded
from persistence.metadata import is_live
from persistence.rare import rare
from persistence.runners import Runner
from persistence.task_links import LINKS
from persistence.task_rows import TASKS, tasks
from persistence.unindexed import among, unindexed

_links: Final = LINKS["depends_on_ids"].table
_OF_WORKSPACE: Final = _links.c.workspace_id == bindparam("workspace")
_LIVE: Final = is_live(_links)
_THESE: Final[BindParameter[UUID]] = bindparam("these", type_=tasks.c.id.type, expanding=True)
_NAMED: Final = and_(among(tasks.c.workspace_id, tasks.c.id, _THESE), unindexed(is_live(tasks)))

# Without statistics, SQLite joins from all tasks of the workspace, or reads them all where an index has every column.
# It does not reorder a subquery, and finds each id in the primary key if the rest is read in subqueries.
_to_it: Final = _links.alias("to_it")
_same: Final = tasks.alias("same")
_READ: Final = select(
    tasks.c.id,
    select(_same.c.status == "open")
    .where(_same.c.workspace_id == tasks.c.workspace_id, _same.c.id == tasks.c.id)
    .scalar_subquery(),
    select(func.count())
    .where(_to_it.c.workspace_id == tasks.c.workspace_id, _to_it.c.depends_on_id == tasks.c.id)
    .scalar_subquery(),  # those in the trash count: they can be restored
).where(_NAMED)

# Tasks in the trash are walked through, too: restoring one does not have to look for cycles.
_start: Final = select(tasks.c.id).where(_NAMED).cte("walked", recursive=True)
_walked: Final = _start.union(
    select(_links.c.depends_on_id)
    .join_from(_start, _links, _links.c.task_id == _start.c.id)
    .where(_links.c.workspace_id == bindparam("workspace"), rare(_start.c.id.is_not(None)))
)
_WALK: Final = select(_walked.c.id).limit(bindparam("limit"))

# Rows are looked up one at a time, and counted: PostgreSQL would join EXISTS with all tasks, or with all links.
_dependency: Final = tasks.alias("dependency")
_IS_OPEN: Final = (
    select(and_(_dependency.c.status == "open", unindexed(is_live(_dependency))))
    .where(_dependency.c.workspace_id == _links.c.workspace_id, _dependency.c.id == _links.c.depends_on_id)
    .scalar_subquery()
)
_WAITS: Final = (
    select(func.count())
    .where(_links.c.workspace_id == tasks.c.workspace_id, _links.c.task_id == tasks.c.id)
    .where(_links.c.depends_on_id.not_in(_THESE), _IS_OPEN)
    .scalar_subquery()
    > 0
)
_dependents: Final = select(_to_it.c.task_id).where(
    among(_to_it.c.workspace_id, _to_it.c.depends_on_id, _THESE), _to_it.c.trash_id.is_(None)
)
_ALL: Final = (
    select(*TASKS.columns, _WAITS)
    .where(among(tasks.c.workspace_id, tasks.c.id, _dependents), unindexed(is_live(tasks)))
    .limit(bindparam("limit"))
)
_DEPENDENTS: Final[Mapping[WhichDependents, Select[Any]]] = {
    "all": _ALL,
    "free": _ALL.where(tasks.c.blocked.is_(False)),
    "freed": _ALL.where(tasks.c.blocked.is_(True), ~_WAITS),
}

_COUNT: Final = select(func.count()).select_from(
    select(_links.c.task_id)
    .where(among(_links.c.workspace_id, _links.c.depends_on_id, _THESE), _links.c.task_id.not_in(_THESE))
    .distinct()
    .limit(bindparam("limit"))
    .subquery()
)


def is_awaited(task_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return whether another task depends on the one with this id.

    They are counted, because PostgreSQL would read the whole table for EXISTS: it does not know for how few rows.
    """
    found = select(func.count()).where(_OF_WORKSPACE, _LIVE, _links.c.depends_on_id == task_id)
    return found.scalar_subquery() > 0


_TO_THESE: Final = among(_links.c.workspace_id, _links.c.depends_on_id, _THESE)
_HIDE: Final = update(_links).where(_TO_THESE, _LIVE).values(trash_id=bindparam("trash")).execution_options(**BULK)
_HIDDEN: Final = (
    select(_links.c.task_id, _links.c.depends_on_id)
    .where(_TO_THESE, _links.c.trash_id.is_not(None))
    .limit(bindparam("limit"))
)
_SHOW: Final = (
    update(_links).where(_TO_THESE, _links.c.trash_id.is_not(None)).values(trash_id=None).execution_options(**BULK)
)


async def hide(change_log: ChangeLog, workspace_id: UUID, task_ids: Collection[UUID], *, trash_id: UUID) -> None:
    """See TaskRepository.hide_dependencies."""
    place = {"workspace": workspace_id, "these": padded(list(task_ids)), "trash": trash_id}
    await change_log.write_parts(_HIDE, [place])


async def hidden(
    runner: Runner, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
) -> Collection[tuple[UUID, UUID]]:
    """See TaskRepository.hidden_dependencies."""
    place = {"workspace": workspace_id, "these": padded(list(task_ids)), "limit": limit}
    return [(task_id, depends_on_id) for task_id, depends_on_id in await runner.rows(_HIDDEN, place)]


async def show(change_log: ChangeLog, workspace_id: UUID, task_ids: Collection[UUID]) -> None:
    """See TaskRepository.show_dependencies."""
    await change_log.write_parts(_SHOW, [{"workspace": workspace_id, "these": padded(list(task_ids))}])


async def read(runner: Runner, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Dependency]:
    """See TaskRepository.dependencies."""
    rows = await runner.rows(_READ, {"workspace": workspace_id, "these": padded(list(task_ids))})
    return {row[0]: Dependency(is_open=bool(row[1]), dependents=row[2]) for row in rows}


async def walk(runner: Runner, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> Collection[UUID]:
    """See TaskRepository.with_dependencies."""
    place = {"workspace": workspace_id, "these": padded(list(task_ids)), "limit": limit}
    return {row[0] for row in await runner.rows(_WALK, place)}


async def dependents(
    runner: Runner, workspace_id: UUID, task_ids: Collection[UUID], *, which: WhichDependents, limit: int
) -> Sequence[tuple[Task, bool]]:
    """See TaskRepository.dependents."""
    place = {"workspace": workspace_id, "these": padded(list(task_ids)), "limit": limit}
    return [(TASKS.load(row[:-1]), bool(row[-1])) for row in await runner.rows(_DEPENDENTS[which], place)]


async def count(runner: Runner, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> int:
    """See TaskRepository.count_dependents."""
    place = {"workspace": workspace_id, "these": padded(list(task_ids)), "limit": limit}
    row = await runner.row(_COUNT, place)
    return 0 if row is None else int(row[0])

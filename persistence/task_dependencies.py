"""The statements about the dependencies of tasks, for `persistence/tasks.py`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, exists, func, select

from domain.model.tasks import Dependency, Task, WhichDependents
from persistence.compiled import padded
from persistence.database import Runner
from persistence.task_links import LINKS
from persistence.task_rows import TASKS, tasks

_links: Final = LINKS["depends_on_ids"].table
_IN_WORKSPACE: Final = tasks.c.workspace_id == bindparam("workspace")
_THESE: Final[BindParameter[UUID]] = bindparam("these", expanding=True)

_to_it: Final = _links.alias("to_it")
_TO_IT: Final = and_(_to_it.c.workspace_id == tasks.c.workspace_id, _to_it.c.depends_on_id == tasks.c.id)
_dependent: Final = tasks.alias("dependent")
_READ: Final = select(
    tasks.c.id,
    tasks.c.status,
    select(func.count())
    .join_from(
        _to_it,
        _dependent,
        and_(_dependent.c.workspace_id == _to_it.c.workspace_id, _dependent.c.id == _to_it.c.task_id),
    )
    .where(_TO_IT)
    .scalar_subquery(),
).where(_IN_WORKSPACE, tasks.c.id.in_(_THESE))

# Tasks in the trash are walked through, too: restoring one does not have to look for cycles.
_start: Final = select(tasks.c.id).where(_IN_WORKSPACE, tasks.c.id.in_(_THESE)).cte("walked", recursive=True)
_walked: Final = _start.union(
    select(_links.c.depends_on_id)
    .join_from(_start, _links, _links.c.task_id == _start.c.id)
    .where(_links.c.workspace_id == bindparam("workspace"))
)
_WALK: Final = select(_walked.c.id).limit(bindparam("limit"))

_from_it: Final = _links.alias("from_it")
_dependency: Final = tasks.alias("dependency")
_WAITS: Final = (
    select(_dependency.c.id)
    .join_from(
        _from_it,
        _dependency,
        and_(_dependency.c.workspace_id == _from_it.c.workspace_id, _dependency.c.id == _from_it.c.depends_on_id),
    )
    .where(
        _from_it.c.workspace_id == tasks.c.workspace_id,
        _from_it.c.task_id == tasks.c.id,
        _dependency.c.status == "open",
        _dependency.c.id.not_in(_THESE),
    )
    .exists()
)
_ALL: Final = (
    select(*TASKS.columns, _WAITS)
    .where(
        _IN_WORKSPACE,
        tasks.c.id.in_(
            select(_links.c.task_id).where(
                _links.c.workspace_id == bindparam("workspace"), _links.c.depends_on_id.in_(_THESE)
            )
        ),
    )
    .limit(bindparam("limit"))
)
_DEPENDENTS: Final[Mapping[WhichDependents, Select[Any]]] = {
    "all": _ALL,
    "free": _ALL.where(tasks.c.blocked.is_(False)),
    "freed": _ALL.where(tasks.c.blocked.is_(True), ~_WAITS),
}


def is_awaited(task_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return whether another task depends on the one with this id."""
    return exists().where(_links.c.workspace_id == bindparam("workspace"), _links.c.depends_on_id == task_id)


async def read(runner: Runner, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Dependency]:
    """See TaskRepository.dependencies."""
    rows = await runner.rows(_READ, {"workspace": workspace_id, "these": padded(list(task_ids))})
    return {row[0]: Dependency(is_open=row[1] == "open", dependents=row[2]) for row in rows}


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

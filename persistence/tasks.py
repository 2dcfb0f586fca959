"""The repository of tasks."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    UpdateBase,
    and_,
    bindparam,
    delete,
    insert,
    literal,
    select,
    update,
)

from domain.events import Event, end_of, event_of
from domain.model.projects import Project
from domain.model.tasks import (
    MOST_LEVELS,
    Dependency,
    Family,
    LinkName,
    Task,
    TaskEvent,
    TaskQuery,
    WhichDependents,
)
from domain.quotas import ROW_BYTES
from persistence import task_dependencies, task_links
from persistence.change_log import ChangeLog
from persistence.compiled import BULK, padded
from persistence.database import Row, Runner
from persistence.octets import octets
from persistence.paging import around
from persistence.projects import PROJECTS, projects
from persistence.task_dependencies import is_awaited
from persistence.task_pages import page_of
from persistence.task_rows import TASKS, tasks

_IN_WORKSPACE: Final = tasks.c.workspace_id == bindparam("workspace")
_IN_PROJECT: Final = tasks.c.project_id == bindparam("project")
_ONE: Final = (_IN_WORKSPACE, tasks.c.id == bindparam("task"))

_INSERT: Final = insert(tasks)
_SELECT: Final = select(*TASKS.columns).where(*_ONE)
_UPDATE: Final = update(tasks).where(*_ONE)
_FREED: Final = (tasks.c.id, octets(tasks.c.title) + octets(tasks.c.description) + octets(tasks.c.metadata))
_LINKED: Final = {
    name: select(*TASKS.columns)
    .join(links.table, and_(links.table.c.workspace_id == tasks.c.workspace_id, links.table.c.task_id == tasks.c.id))
    .where(links.table.c.workspace_id == bindparam("workspace"), links.other == bindparam("other"))
    .order_by(links.table.c.task_id)
    .limit(bindparam("limit"))
    for name, links in task_links.LINKS.items()
}


def _deleted(which: ColumnElement[bool]) -> UpdateBase:
    return delete(tasks).where(_IN_WORKSPACE, which).returning(*_FREED).execution_options(**BULK)


_DELETE_ALL: Final = _deleted(tasks.c.id.in_(bindparam("tasks", expanding=True)))
_SOME: Final = select(tasks.c.id).where(_IN_WORKSPACE).limit(bindparam("limit"))
_SOME_OF_PROJECT: Final = _SOME.where(_IN_PROJECT)
_SOME_OF_SECTION: Final = _SOME.where(tasks.c.section_id == bindparam("section"))


def _related(next_of: Callable[[CTE], ColumnElement[bool]], columns: Sequence[Column[Any]] = TASKS.columns) -> CTE:
    """Return the rows of a task and of all that *next_of* leads to, one level after the other.

    The rows are read on the way: PostgreSQL does not know how few there are, and would join them with the whole table.
    """
    first = select(*columns, literal(1).label("level")).where(*_ONE)
    found = first.cte("found", recursive=True)
    further = select(*columns, found.c.level + 1).where(_IN_WORKSPACE, next_of(found), found.c.level < MOST_LEVELS)
    return found.union_all(further.select_from(tasks, found))


_below: Final = _related(lambda found: tasks.c.parent_id == found.c.id)
_above: Final = _related(lambda found: tasks.c.id == found.c.parent_id)
_FAMILY: Final = select(*(_below.c[column.name] for column in TASKS.columns), is_awaited(_below.c.id))
_ids_below: Final = _related(lambda found: tasks.c.parent_id == found.c.id, (tasks.c.id, tasks.c.parent_id))
_TREE: Final = select(_ids_below.c.id, _ids_below.c.parent_id)
_LINEAGE: Final = select(*(_above.c[column.name] for column in TASKS.columns))


_LAST: Final = (
    select(tasks.c.position)
    .where(tasks.c.workspace_id == projects.c.workspace_id, tasks.c.project_id == projects.c.id)
    .order_by(tasks.c.position.desc())
    .limit(1)
)
_DESTINATIONS: Final = select(*PROJECTS.columns, _LAST.scalar_subquery()).where(
    projects.c.workspace_id == bindparam("workspace")
)
_PROJECT: Final = _DESTINATIONS.where(projects.c.id == bindparam("project"))
_INBOX: Final = _DESTINATIONS.where(projects.c.is_inbox)


_AROUND: Final = around(select(*TASKS.columns).where(_IN_WORKSPACE, _IN_PROJECT), tasks.c.position)
_IN_SECTION: Final = (
    select(*TASKS.columns).where(_IN_WORKSPACE, tasks.c.section_id == bindparam("section")).limit(bindparam("limit"))
)


class Tasks:
    """Implements domain.model.tasks.TaskRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, task: Task) -> None:
        await self._change_log.write(_INSERT, TASKS.values(task), event_of("task.created", task))
        await task_links.store(self._change_log, task)

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        return TASKS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "task": task_id}))

    async def family(self, workspace_id: UUID, task_id: UUID) -> Family | None:
        rows = await self._runner.rows(_FAMILY, {"workspace": workspace_id, "task": task_id})
        found = TASKS.all([row[:-1] for row in rows])
        task = next((each for each in found if each.id == task_id), None)
        if task is None:
            return None
        subtasks = [each for each in found if each is not task]
        return Family(task=task, subtasks=subtasks, has_dependents=any(row[-1] for row in rows))

    async def tree(self, workspace_id: UUID, task_id: UUID) -> Mapping[UUID, UUID | None]:
        rows = await self._runner.rows(_TREE, {"workspace": workspace_id, "task": task_id})
        return {row[0]: row[1] for row in rows}

    async def lineage(self, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
        rows = await self._runner.rows(_LINEAGE, {"workspace": workspace_id, "task": task_id})
        by_id: dict[UUID | None, Task] = {task.id: task for task in TASKS.all(rows)}
        lineage: list[Task] = []
        while (above := by_id.pop(lineage[-1].parent_id if lineage else task_id, None)) is not None:
            lineage.append(above)
        return lineage

    async def destination(self, workspace_id: UUID, *, project_id: UUID | None) -> tuple[Project, str | None] | None:
        if project_id is None:
            row = await self._runner.row(_INBOX, {"workspace": workspace_id})
        else:
            row = await self._runner.row(_PROJECT, {"workspace": workspace_id, "project": project_id})
        if row is None:
            return None
        return PROJECTS.load(row[:-1]), row[-1]

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Task]:
        place = {"workspace": workspace_id, "project": project_id, "cut": cut, "limit": limit}
        return sorted(TASKS.all(await self._runner.rows(_AROUND, place)), key=lambda task: task.position)

    async def in_section(self, workspace_id: UUID, section_id: UUID, *, limit: int) -> Sequence[Task]:
        place = {"workspace": workspace_id, "section": section_id, "limit": limit}
        return sorted(TASKS.all(await self._runner.rows(_IN_SECTION, place)), key=lambda task: task.position)

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        return TASKS.all(await self._runner.rows(*page_of(query)))

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        key = {"workspace": task.workspace_id, "task": task.id}
        values = {**key, **TASKS.changes(task, before=before)}
        await self._change_log.write(_UPDATE, values, event_of(event, task, before=before))
        await task_links.store(self._change_log, task, before=before)

    async def linked(self, workspace_id: UUID, name: LinkName, other_id: UUID, *, limit: int) -> Sequence[Task]:
        place = {"workspace": workspace_id, "other": other_id, "limit": limit}
        return TASKS.all(await self._runner.rows(_LINKED[name], place))

    async def delete_all(self, workspace_id: UUID, task_ids: Collection[UUID], *, revision: int) -> None:
        some = {"workspace": workspace_id, "tasks": padded(list(task_ids))}
        await self._change_log.write_all(_DELETE_ALL, some, _ends(workspace_id, revision))

    async def some_of(
        self, workspace_id: UUID, *, project_id: UUID | None = None, section_id: UUID | None = None, limit: int
    ) -> Sequence[UUID]:
        some = {"workspace": workspace_id, "limit": limit}
        if section_id is not None:
            rows = await self._runner.rows(_SOME_OF_SECTION, {**some, "section": section_id})
        else:
            rows = await self._runner.rows(_SOME_OF_PROJECT, {**some, "project": project_id})
        return [row[0] for row in rows]

    async def dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Dependency]:
        return await task_dependencies.read(self._runner, workspace_id, task_ids)

    async def with_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[UUID]:
        return await task_dependencies.walk(self._runner, workspace_id, task_ids, limit=limit)

    async def dependents(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, which: WhichDependents, limit: int
    ) -> Sequence[tuple[Task, bool]]:
        return await task_dependencies.dependents(self._runner, workspace_id, task_ids, which=which, limit=limit)


def _ends(workspace_id: UUID, revision: int) -> Callable[[Row], Event]:
    def end(row: Row) -> Event:
        freed_bytes = ROW_BYTES + int(row[1])
        return end_of("task.deleted", row[0], workspace_id=workspace_id, revision=revision, freed_bytes=freed_bytes)

    return end

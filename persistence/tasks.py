"""The table and the repository of tasks, with a statement for each combination of filter, sort and page."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Select,
    SmallInteger,
    Table,
    Text,
    Time,
    UpdateBase,
    Uuid,
    and_,
    bindparam,
    delete,
    insert,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.selectable import TypedReturnsRows

from domain.errors import IdTaken
from domain.events import Event, end_of, event_of
from domain.model.projects import Project
from domain.model.tasks import PRIORITIES, STATUSES, Task, TaskEvent, TaskQuery
from domain.quotas import ROW_BYTES
from domain.task_metadata import as_text, from_text
from domain.wall_clocks import WallClock, due_key
from persistence import task_links
from persistence.change_log import ChangeLog
from persistence.compiled import BULK, padded
from persistence.database import Row, Runner
from persistence.mapping import Mapper, Stored, loader
from persistence.metadata import INSTANT, SORTED_TEXT, logged_as, means, metadata
from persistence.octets import octets
from persistence.paging import ordered, page_parameters
from persistence.projects import PROJECTS, projects
from persistence.task_links import task_labels

tasks: Final = Table(
    "tasks",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("section_id", Uuid),
    Column("parent_id", Uuid),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("start_date", Date),
    Column("start_time", Time),
    Column("start_time_zone", Text),
    Column("due_date", Date),
    Column("due_time", Time),
    Column("due_time_zone", Text),
    Column("due_key", SORTED_TEXT, nullable=False),
    Column("label_ids", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("position", SORTED_TEXT, nullable=False),
    Column("completed_at", INSTANT),
    Column("closed_with", Uuid),
    Column("created_by", Uuid, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(
        ["workspace_id", "project_id"],
        ["projects.workspace_id", "projects.id"],
        name="fk_tasks_project_id",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["workspace_id", "section_id"], ["sections.workspace_id", "sections.id"], name="fk_tasks_section_id"
    ),
    CheckConstraint("status IN ('open', 'completed', 'cancelled')", name="status"),
    CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completed_at"),
    CheckConstraint("priority BETWEEN 0 AND 4", name="priority"),
    CheckConstraint("start_date IS NOT NULL OR start_time IS NULL", name="start_time"),
    CheckConstraint("start_time IS NOT NULL OR start_time_zone IS NULL", name="start_time_zone"),
    CheckConstraint("due_date IS NOT NULL OR due_time IS NULL", name="due_time"),
    CheckConstraint("due_time IS NOT NULL OR due_time_zone IS NULL", name="due_time_zone"),
    info=logged_as("task"),
)

TASK_ORDERS: Final = {
    "position": tasks.c.position,
    "due": tasks.c.due_key,
    "priority": tasks.c.priority,
    "created_at": tasks.c.created_at,
    "updated_at": tasks.c.updated_at,
}
"""The sort keys of tasks. For each, there is an index in a workspace and one in a project."""

for _name, _column in TASK_ORDERS.items():
    Index(f"ix_tasks_{_name}", tasks.c.workspace_id, tasks.c.status, _column, tasks.c.id)
    Index(
        f"ix_tasks_project_{_name}",
        tasks.c.workspace_id,
        tasks.c.project_id,
        tasks.c.status,
        _column,
        tasks.c.id,
    )


for _column in (tasks.c.section_id, tasks.c.parent_id):  # a parent has no foreign key: see the migration
    _is_given = _column.is_not(None)
    Index(
        f"ix_tasks_{_column.name}",
        tasks.c.workspace_id,
        _column,
        tasks.c.id,
        postgresql_where=_is_given,
        sqlite_where=_is_given,
    )


_LOAD_WALL_CLOCK: Final = loader(WallClock)


def _load_wall_clock(date: dt.date | None, time: dt.time | None, time_zone: str | None) -> WallClock | None:
    return None if date is None else _LOAD_WALL_CLOCK((date, time, time_zone))


def _wall_clock(*columns: Column[Any]) -> Stored:
    return Stored(
        columns=columns,
        dump=lambda value: (None, None, None) if value is None else (value.date, value.time, value.time_zone),
        load=_load_wall_clock,
    )


_MAPPER: Final = Mapper(
    Task,
    tasks,
    stored={
        "priority": Stored(
            columns=(tasks.c.priority,),
            dump=lambda priority: (PRIORITIES.index(priority),),
            load=PRIORITIES.__getitem__,
        ),
        "start": _wall_clock(tasks.c.start_date, tasks.c.start_time, tasks.c.start_time_zone),
        "due": _wall_clock(tasks.c.due_date, tasks.c.due_time, tasks.c.due_time_zone),
        "label_ids": Stored(
            columns=(tasks.c.label_ids,), dump=lambda ids: (task_links.to_text(ids),), load=task_links.from_text
        ),
        "metadata": Stored(columns=(tasks.c.metadata,), dump=lambda value: (as_text(value),), load=from_text),
    },
    derived={"due_key": lambda task: due_key(task.due)},
    fixed=("id", "workspace_id", "created_by", "created_at"),
)
_IN_WORKSPACE: Final = tasks.c.workspace_id == bindparam("workspace")
_IN_PROJECT: Final = tasks.c.project_id == bindparam("project")
_WITH_PARENT: Final = tasks.c.parent_id == bindparam("parent")
_ONE: Final = (_IN_WORKSPACE, tasks.c.id == bindparam("task"))

_INSERT: Final = insert(tasks)
_SELECT: Final = select(*_MAPPER.columns).where(*_ONE)
_UPDATE: Final = update(tasks).where(*_ONE)
_FREED: Final = (tasks.c.id, octets(tasks.c.title) + octets(tasks.c.description) + octets(tasks.c.metadata))
_WITH_LABEL: Final = (
    select(*_MAPPER.columns)
    .join(task_labels, and_(task_labels.c.workspace_id == tasks.c.workspace_id, task_labels.c.task_id == tasks.c.id))
    .where(task_labels.c.workspace_id == bindparam("workspace"), task_labels.c.label_id == bindparam("label"))
    .order_by(task_labels.c.task_id)
    .limit(bindparam("limit"))
)


def _deleted(which: ColumnElement[bool]) -> UpdateBase:
    return delete(tasks).where(_IN_WORKSPACE, which).returning(*_FREED).execution_options(**BULK)


def _some(within: ColumnElement[bool]) -> ColumnElement[bool]:
    return tasks.c.id.in_(select(tasks.c.id).where(_IN_WORKSPACE, within).limit(bindparam("limit")))


_DELETE_ALL: Final = _deleted(tasks.c.id.in_(bindparam("tasks", expanding=True)))
_DELETE_SOME_OF_PROJECT: Final = _deleted(_some(_IN_PROJECT))
_DELETE_SOME_OF_SECTION: Final = _deleted(_some(tasks.c.section_id == bindparam("section")))


def _related(next_of: Callable[[CTE], ColumnElement[bool]]) -> Select[Any]:
    """Return the statement that reads a task and all that *next_of* leads to, one level after the other."""
    found = select(tasks.c.id, tasks.c.parent_id).where(*_ONE).cte("found", recursive=True)
    related = found.union(
        select(tasks.c.id, tasks.c.parent_id).where(_IN_WORKSPACE, next_of(found)).select_from(tasks, found)
    )
    return select(*_MAPPER.columns).where(_IN_WORKSPACE, tasks.c.id.in_(select(related.c.id)))


_FAMILY: Final = _related(lambda found: tasks.c.parent_id == found.c.id)
_LINEAGE: Final = _related(lambda found: tasks.c.id == found.c.parent_id)


_LAST: Final = (
    select(tasks.c.position)
    .where(tasks.c.workspace_id == projects.c.workspace_id, tasks.c.project_id == projects.c.id)
    .order_by(tasks.c.position.desc())
    .limit(1)
)
# Looks at the end of the project's index for each status only.
_DESTINATIONS: Final = select(
    *PROJECTS.columns, *(_LAST.where(tasks.c.status == status).scalar_subquery() for status in STATUSES)
).where(projects.c.workspace_id == bindparam("workspace"))
_PROJECT: Final = _DESTINATIONS.where(projects.c.id == bindparam("project"))
_INBOX: Final = _DESTINATIONS.where(projects.c.is_inbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """What decides which statement reads a page. Everything else is a parameter."""

    in_project: bool
    with_parent: bool
    with_status: bool
    order: str
    descending: bool
    resumed: bool


@cache
def _page(shape: PageShape) -> TypedReturnsRows[Any]:
    """Return the statement that reads in order from one index, and stops at the limit. It is built at its first use.

    All forty of them, most of which nobody uses, took 6 MB.

    The status is before the sort key in the indexes. Without a filter by it, a page of each status is read, and the two
    are merged: at most twice the limit.
    """
    key = TASK_ORDERS[shape.order]
    in_order = partial(ordered, columns=(key, tasks.c.id), descending=shape.descending, resumed=shape.resumed)
    rows = select(*_MAPPER.columns).where(_IN_WORKSPACE, *((_IN_PROJECT,) if shape.in_project else ()))
    if shape.with_parent:  # of a task's few subtasks, all are read
        few = rows.where(_WITH_PARENT, *((tasks.c.status == bindparam("status"),) if shape.with_status else ()))
        return in_order(few)
    if shape.with_status:
        return in_order(rows.where(tasks.c.status == bindparam("status")))
    branches = [in_order(rows.where(tasks.c.status == status)) for status in STATUSES]
    return _merged(branches, key, descending=shape.descending)


def _merged(branches: Sequence[Select[Any]], key: ColumnElement[Any], *, descending: bool) -> Select[Any]:
    """Return the first rows of all *branches*, each of which is in the order of *key*, then id."""
    with_key = [select(each.add_columns(key.label("sort_key")).subquery()) for each in branches]
    merged = union_all(*with_key).subquery()
    columns = [merged.c[column.name] for column in _MAPPER.columns]
    return ordered(select(*columns), (merged.c.sort_key, merged.c.id), descending=descending)


class Tasks:
    """Implements domain.model.tasks.TaskRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, task: Task) -> None:
        await self._change_log.write(_INSERT, _MAPPER.values(task), event_of("task.created", task))
        await task_links.store(self._change_log, task)

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        return _MAPPER.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "task": task_id}))

    async def family(self, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
        found = _MAPPER.all(await self._runner.rows(_FAMILY, {"workspace": workspace_id, "task": task_id}))
        return found if len(found) == 1 else sorted(found, key=lambda task: task.id != task_id)

    async def lineage(self, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
        rows = await self._runner.rows(_LINEAGE, {"workspace": workspace_id, "task": task_id})
        by_id: dict[UUID | None, Task] = {task.id: task for task in _MAPPER.all(rows)}
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
        width = len(PROJECTS.columns)
        return PROJECTS.load(row[:width]), max(filter(None, row[width:]), default=None)

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        shape = PageShape(
            in_project=query.project_id is not None,
            with_parent=query.parent_id is not None,
            with_status=query.status is not None,
            order=query.order,
            descending=query.descending,
            resumed=query.after is not None,
        )
        return _MAPPER.all(await self._runner.rows(_page(shape), _page_parameters(query)))

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        key = {"workspace": task.workspace_id, "task": task.id}
        values = {**key, **_MAPPER.changes(task, before=before)}
        await self._change_log.write(_UPDATE, values, event_of(event, task, before=before))
        await task_links.store(self._change_log, task, before=before)

    async def with_label(self, workspace_id: UUID, label_id: UUID, *, limit: int) -> Sequence[Task]:
        place = {"workspace": workspace_id, "label": label_id, "limit": limit}
        return _MAPPER.all(await self._runner.rows(_WITH_LABEL, place))

    async def delete_all(self, workspace_id: UUID, task_ids: Collection[UUID], *, revision: int) -> None:
        some = {"workspace": workspace_id, "tasks": padded(list(task_ids))}
        await self._change_log.write_all(_DELETE_ALL, some, _ends(workspace_id, revision))

    async def delete_some(
        self,
        workspace_id: UUID,
        *,
        project_id: UUID | None = None,
        section_id: UUID | None = None,
        revision: int,
        limit: int,
    ) -> int:
        some = {"workspace": workspace_id, "limit": limit}
        end = _ends(workspace_id, revision)
        if section_id is not None:
            return await self._change_log.write_all(_DELETE_SOME_OF_SECTION, {**some, "section": section_id}, end)
        return await self._change_log.write_all(_DELETE_SOME_OF_PROJECT, {**some, "project": project_id}, end)


def _ends(workspace_id: UUID, revision: int) -> Callable[[Row], Event]:
    def end(row: Row) -> Event:
        freed_bytes = ROW_BYTES + int(row[1])
        return end_of("task.deleted", row[0], workspace_id=workspace_id, revision=revision, freed_bytes=freed_bytes)

    return end


def _page_parameters(query: TaskQuery) -> dict[str, object]:
    parameters = {"workspace": query.workspace_id, **page_parameters(query.after, query.limit)}
    if query.project_id is not None:
        parameters["project"] = query.project_id
    if query.parent_id is not None:
        parameters["parent"] = query.parent_id
    if query.status is not None:
        parameters["status"] = query.status
    return parameters

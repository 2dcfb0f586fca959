"""Tasks, as rows, and the statements that list them: one for each shape of filter, sort and page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
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
    Uuid,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.sql.selectable import TypedReturnsRows

from domain.dues import Due, due_key
from domain.errors import IdTaken
from domain.events import Event, end_of, event_of
from domain.model.tasks import PRIORITIES, STATUSES, Task, TaskEvent, TaskQuery
from domain.quotas import ROW_BYTES
from persistence.change_log import ChangeLog
from persistence.database import Row, Runner
from persistence.metadata import INSTANT, SORTED_TEXT, logged_as, means, metadata
from persistence.octets import octets

tasks: Final = Table(
    "tasks",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("project_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("due_date", Date),
    Column("due_time", Time),
    Column("due_time_zone", Text),
    Column("due_key", SORTED_TEXT, nullable=False),
    Column("position", SORTED_TEXT, nullable=False),
    Column("completed_at", INSTANT),
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
    CheckConstraint("status IN ('open', 'completed')", name="status"),
    CheckConstraint("(status = 'completed') = (completed_at IS NOT NULL)", name="completed_at"),
    CheckConstraint("priority BETWEEN 0 AND 4", name="priority"),
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
"""What tasks can be listed by, both in a workspace and in a project, read in order from an index."""

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

_COLUMNS: Final = (
    tasks.c.id,
    tasks.c.workspace_id,
    tasks.c.project_id,
    tasks.c.title,
    tasks.c.description,
    tasks.c.status,
    tasks.c.priority,
    tasks.c.due_date,
    tasks.c.due_time,
    tasks.c.due_time_zone,
    tasks.c.due_key,
    tasks.c.position,
    tasks.c.completed_at,
    tasks.c.created_by,
    tasks.c.created_at,
    tasks.c.updated_at,
    tasks.c.revision,
)
_IN_WORKSPACE: Final = tasks.c.workspace_id == bindparam("workspace")
_IN_PROJECT: Final = tasks.c.project_id == bindparam("project")
_ONE: Final = (_IN_WORKSPACE, tasks.c.id == bindparam("task"))

_INSERT: Final = insert(tasks)
_SELECT: Final = select(*_COLUMNS).where(*_ONE)
_UPDATE: Final = update(tasks).where(*_ONE)
_FREED: Final = (tasks.c.id, octets(tasks.c.title) + octets(tasks.c.description))
_DELETE: Final = delete(tasks).where(*_ONE).returning(*_FREED)
_AT_ONCE: Final = 1000
"""How many tasks are deleted before others get their turn."""
_SOME: Final = select(tasks.c.id).where(_IN_WORKSPACE, _IN_PROJECT).limit(_AT_ONCE)
_DELETE_SOME: Final = delete(tasks).where(_IN_WORKSPACE, tasks.c.id.in_(_SOME)).returning(*_FREED)


def _last_position() -> Select[Any]:
    """Looks at the end of the project's index once for each status, rather than through it."""
    ends = [
        select(
            select(tasks.c.position)
            .where(_IN_WORKSPACE, _IN_PROJECT, tasks.c.status == status)
            .order_by(tasks.c.position.desc())
            .limit(1)
            .subquery()
        )
        for status in STATUSES
    ]
    return select(func.max(union_all(*ends).subquery().c.position))


_LAST_POSITION: Final = _last_position()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """What decides which statement lists a page. Everything else is a parameter."""

    in_project: bool
    with_status: bool
    order: str
    descending: bool
    resumed: bool


def _page(shape: PageShape) -> TypedReturnsRows[Any]:
    """Read in order from one index and stopped at the limit, for every shape.

    The status stands before the sort key in the indexes. Without a filter by it, a page of each status is
    read, and the two are merged: no more than twice the limit.
    """
    if shape.with_status:
        return _branch(shape, bindparam("status", type_=tasks.c.status.type))
    branches = [select(_branch(shape, literal(status)).subquery()) for status in STATUSES]
    merged = union_all(*branches).subquery()
    by = (merged.c[TASK_ORDERS[shape.order].name], merged.c.id)
    return select(merged).order_by(*_directed(by, descending=shape.descending)).limit(bindparam("limit"))


def _branch(shape: PageShape, status: ColumnElement[str]) -> Select[Any]:
    by = (TASK_ORDERS[shape.order], tasks.c.id)
    statement = select(*_COLUMNS).where(_IN_WORKSPACE, tasks.c.status == status)
    if shape.in_project:
        statement = statement.where(_IN_PROJECT)
    if shape.resumed:
        after = tuple_(bindparam("after_key", type_=by[0].type), bindparam("after_id", type_=by[1].type))
        statement = statement.where(tuple_(*by) < after if shape.descending else tuple_(*by) > after)
    return statement.order_by(*_directed(by, descending=shape.descending)).limit(bindparam("limit"))


def _directed(columns: Sequence[ColumnElement[Any]], *, descending: bool) -> Sequence[ColumnElement[Any]]:
    return [column.desc() if descending else column.asc() for column in columns]


_SHAPES: Final = (
    PageShape(in_project=p, with_status=s, order=order, descending=d, resumed=r)
    for p, s, order, d, r in product((False, True), (False, True), TASK_ORDERS, (False, True), (False, True))
)
PAGES: Final[Mapping[PageShape, TypedReturnsRows[Any]]] = {shape: _page(shape) for shape in _SHAPES}


class Tasks:
    """Implements domain.model.tasks.TaskRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, task: Task) -> None:
        """One write. Raises IdTaken."""
        values = {
            "id": task.id,
            "workspace_id": task.workspace_id,
            "created_by": task.created_by,
            "created_at": task.created_at,
            **_changing_values(task),
        }
        await self._change_log.write(_INSERT, values, event_of("task.created", task))

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        """One read."""
        row = await self._runner.row(_SELECT, {"workspace": workspace_id, "task": task_id})
        return None if row is None else _task(row)

    async def last_position(self, workspace_id: UUID, *, project_id: UUID) -> str | None:
        """One read."""
        row = await self._runner.row(_LAST_POSITION, {"workspace": workspace_id, "project": project_id})
        return None if row is None else row[0]

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        """One read."""
        shape = PageShape(
            in_project=query.project_id is not None,
            with_status=query.status is not None,
            order=query.order,
            descending=query.descending,
            resumed=query.after is not None,
        )
        rows = await self._runner.rows(PAGES[shape], _page_parameters(query))
        return [_task(row) for row in rows]

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        """One write."""
        key = {"workspace": task.workspace_id, "task": task.id}
        await self._change_log.write(_UPDATE, {**key, **_changing_values(task)}, event_of(event, task, before=before))

    async def delete(self, workspace_id: UUID, task_id: UUID, *, revision: int) -> None:
        """One write."""
        end = _ends(workspace_id, revision)
        await self._change_log.write_one(_DELETE, {"workspace": workspace_id, "task": task_id}, end)

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, revision: int) -> None:
        """One write for each thousand, and a last one that finds none."""
        place = {"workspace": workspace_id, "project": project_id}
        while await self._change_log.write_all(_DELETE_SOME, place, _ends(workspace_id, revision)):
            pass


def _ends(workspace_id: UUID, revision: int) -> Callable[[Row], Event]:
    def end(row: Row) -> Event:
        freed_bytes = ROW_BYTES + int(row[1])
        return end_of("task.deleted", row[0], workspace_id=workspace_id, revision=revision, freed_bytes=freed_bytes)

    return end


def _page_parameters(query: TaskQuery) -> dict[str, object]:
    parameters: dict[str, object] = {"workspace": query.workspace_id, "limit": query.limit}
    if query.project_id is not None:
        parameters["project"] = query.project_id
    if query.status is not None:
        parameters["status"] = query.status
    if query.after is not None:
        parameters["after_key"], parameters["after_id"] = query.after
    return parameters


def _changing_values(task: Task) -> dict[str, object]:
    return {
        "project_id": task.project_id,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "priority": PRIORITIES.index(task.priority),
        "due_date": None if task.due is None else task.due.date,
        "due_time": None if task.due is None else task.due.time,
        "due_time_zone": None if task.due is None else task.due.time_zone,
        "due_key": due_key(task.due),
        "position": task.position,
        "completed_at": task.completed_at,
        "updated_at": task.updated_at,
        "revision": task.revision,
    }


def _task(row: Row) -> Task:
    (
        task_id,
        workspace_id,
        project_id,
        title,
        description,
        status,
        priority,
        due_date,
        due_time,
        due_time_zone,
        _,
        position,
        completed_at,
        created_by,
        created_at,
        updated_at,
        revision,
    ) = row
    due = None if due_date is None else Due(date=due_date, time=due_time, time_zone=due_time_zone)
    return Task(
        id=task_id,
        workspace_id=workspace_id,
        project_id=project_id,
        title=title,
        description=description,
        status=status,
        priority=PRIORITIES[priority],
        due=due,
        position=position,
        completed_at=completed_at,
        created_by=created_by,
        created_at=created_at,
        updated_at=updated_at,
        revision=revision,
    )

"""The table of tasks, with its indexes and its mapper."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Time,
    Uuid,
    and_,
    bindparam,
    false,
    select,
)

from domain.errors import IdTaken
from domain.model.tasks import PRIORITIES, Task
from domain.task_metadata import as_text, from_text
from domain.task_recurrence import Recurrence
from domain.wall_clocks import WallClock, due_key
from persistence import task_links
from persistence.constants import constant
from persistence.mapping import Mapper, Parts, Stored, loader
from persistence.metadata import INSTANT, SORTED_TEXT, is_live, logged_as, means, metadata, partial_index, trash_id
from persistence.unindexed import among, unindexed

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
    Column("assignee_ids", Text, nullable=False, server_default=constant("")),
    Column("depends_on_ids", Text, nullable=False, server_default=constant("")),
    Column("blocked", Boolean, nullable=False, server_default=false()),
    trash_id(),
    Column("recurrence_rule", Text),
    Column(
        "recurrence_anchor",
        Text,
        CheckConstraint("recurrence_anchor IN ('due', 'completion')", name="recurrence_anchor"),
    ),
    Column(
        "recurrence_overdue", Text, CheckConstraint("recurrence_overdue IN ('skip', 'step')", name="recurrence_overdue")
    ),
    Column("series_start_date", Date),
    Column("series_start_time", Time),
    Column("occurrence_date", Date),
    Column("occurrence_time", Time),
    Column(
        "occurrence_since",
        INSTANT,
        CheckConstraint(
            "recurrence_rule IS NULL OR (due_date IS NOT NULL AND recurrence_anchor IS NOT NULL"
            " AND recurrence_overdue IS NOT NULL AND series_start_date IS NOT NULL AND occurrence_date IS NOT NULL"
            " AND occurrence_since IS NOT NULL)",
            name="recurrence",
        ),
    ),
    Column(
        "remaining",
        BigInteger,
        CheckConstraint(
            "recurrence_rule IS NULL OR ((series_start_time IS NULL) = (due_time IS NULL)"
            " AND (occurrence_time IS NULL) = (due_time IS NULL))",
            name="recurrence_time",
        ),
    ),
    Column("completion_id", Uuid),
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(
        ["workspace_id", "project_id"],
        ["projects.workspace_id", "projects.id"],
        name="fk_tasks_project_id",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["workspace_id", "section_id"],
        ["sections.workspace_id", "sections.id"],
        name="fk_tasks_section_id",
        ondelete="CASCADE",
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
"""The sort keys of tasks. For each, there is an index in a workspace, one in a project and one in a section.

Positions are an order only of the tasks of a section, or of those of a project without a section: see task_buckets.
"""


LIVE: Final = is_live(tasks)
ONE_TASK: Final = and_(tasks.c.workspace_id == bindparam("workspace"), unindexed(LIVE), tasks.c.id == bindparam("task"))
THESE_TASKS: Final = and_(among(tasks.c.workspace_id, tasks.c.id, "tasks"), unindexed(LIVE))


def _index(name: str, *columns: Column[Any], where: ColumnElement[bool] | None = None) -> None:
    """An index of live tasks."""
    partial_index(name, tasks.c.workspace_id, *columns, where=LIVE if where is None else and_(where, LIVE))


for _name, _column in TASK_ORDERS.items():
    if _name == "position":
        _key: tuple[Column[Any], ...] = (tasks.c.status, _column)
        _index("ix_tasks_project_position", tasks.c.project_id, *_key, where=tasks.c.section_id.is_(None))
    else:
        _key = (tasks.c.status, _column, tasks.c.id)
        _index(f"ix_tasks_{_name}", *_key)
        _index(f"ix_tasks_project_{_name}", tasks.c.project_id, *_key)
    _index(f"ix_tasks_section_{_name}", tasks.c.section_id, *_key, where=tasks.c.section_id.is_not(None))
partial_index("uq_tasks_position", tasks.c.workspace_id, tasks.c.project_id, tasks.c.position, unique=True, where=LIVE)
# A parent has no foreign key (ADR 94).
_index("ix_tasks_parent_id", tasks.c.parent_id, tasks.c.id, where=tasks.c.parent_id.is_not(None))
# A query that does not compare the project must not find this index: PostgreSQL may think that the trash is empty.
partial_index(
    "ix_tasks_project_id",
    tasks.c.workspace_id,
    tasks.c.project_id,
    where=and_(tasks.c.project_id.is_not(None), tasks.c.trash_id.is_not(None)),
)
# This has all rows, as the foreign key looks at all.
partial_index(
    "ix_tasks_section_id",
    tasks.c.workspace_id,
    tasks.c.section_id,
    tasks.c.trash_id,
    tasks.c.id,
    where=tasks.c.section_id.is_not(None),
)
partial_index(
    "ix_tasks_trash_id", tasks.c.workspace_id, tasks.c.trash_id, tasks.c.id, where=tasks.c.trash_id.is_not(None)
)


_LOAD_WALL_CLOCK: Final = loader(WallClock)


def load_wall_clock(date: dt.date, time: dt.time | None, time_zone: str | None) -> WallClock:
    """Return the value of three columns."""
    return _LOAD_WALL_CLOCK((date, time, time_zone))


def wall_clock(*columns: Column[Any]) -> Stored:
    """Return how a WallClock is stored: in a column for its date, one for its time, and one for its zone."""
    return Stored(
        columns=columns,
        dump=lambda value: (None, None, None) if value is None else (value.date, value.time, value.time_zone),
        load=load_wall_clock,
        without="None",
    )


_LOAD_RECURRENCE: Final = loader(Recurrence)


def _load_recurrence(  # noqa: PLR0913, PLR0917  # a column each
    rule: str,
    anchor: str,
    overdue: str,
    start_date: dt.date,
    start_time: dt.time | None,
    date: dt.date,
    time: dt.time | None,
    remaining: int | None,
    since: dt.datetime,
    completion_id: UUID | None,
) -> Recurrence:
    start, occurrence = load_wall_clock(start_date, start_time, None), load_wall_clock(date, time, None)
    return _LOAD_RECURRENCE((rule, anchor, overdue, start, occurrence, remaining, since, completion_id))


def _dump_recurrence(value: Recurrence | None) -> Parts:
    if value is None:
        return _NO_RECURRENCE
    start, occurrence = value.series_start, value.occurrence
    return (
        value.rule,
        value.anchor,
        value.overdue,
        start.date,
        start.time,
        occurrence.date,
        occurrence.time,
        value.remaining,
        value.occurrence_since,
        value.completion_id,
    )


_RECURRENCE: Final = Stored(
    columns=(
        tasks.c.recurrence_rule,
        tasks.c.recurrence_anchor,
        tasks.c.recurrence_overdue,
        tasks.c.series_start_date,
        tasks.c.series_start_time,
        tasks.c.occurrence_date,
        tasks.c.occurrence_time,
        tasks.c.remaining,
        tasks.c.occurrence_since,
        tasks.c.completion_id,
    ),
    dump=_dump_recurrence,
    load=_load_recurrence,
    without="None",
)
_NO_RECURRENCE: Final = (None,) * len(_RECURRENCE.columns)

TASKS: Final = Mapper(
    Task,
    tasks,
    stored={
        "priority": Stored(
            columns=(tasks.c.priority,),
            dump=lambda priority: (PRIORITIES.index(priority),),
            load=PRIORITIES.__getitem__,
        ),
        "start": wall_clock(tasks.c.start_date, tasks.c.start_time, tasks.c.start_time_zone),
        "due": wall_clock(tasks.c.due_date, tasks.c.due_time, tasks.c.due_time_zone),
        "recurrence": _RECURRENCE,
        **{
            name: Stored(
                columns=(tasks.c[name],),
                dump=lambda ids: (task_links.to_text(ids),),
                load=task_links.from_text,
                without="()",
            )
            for name in task_links.LINKS
        },
        "metadata": Stored(
            columns=(tasks.c.metadata,), dump=lambda value: (as_text(value),), load=from_text, without="{}"
        ),
    },
    derived={"due_key": lambda task: due_key(task.due)},
    fixed=("id", "workspace_id", "created_by", "created_at"),
)
NAMED: Final = select(*TASKS.columns).where(THESE_TASKS)

"""The table and the repository of completions.

A completion is a part of its task. It has no `trash_id`: it is seen through its task alone, and goes with it.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
)

from domain.model.completions import Completion, CompletionRecord, Undo, as_text, from_text
from domain.model.tasks import TaskEvent
from persistence.change_log import ChangeLog
from persistence.mapping import Mapper, Stored
from persistence.metadata import INSTANT, metadata, part_of
from persistence.paging import Pages
from persistence.runners import Runner
from persistence.task_rows import load_wall_clock, wall_clock

completions: Final = Table(
    "completions",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("task_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurrence_date", Date, nullable=False),
    Column("occurrence_time", Time),
    Column("occurrence_time_zone", Text),
    Column("due_date", Date, nullable=False),
    Column("due_time", Time),
    Column("due_time_zone", Text),
    Column("completed_by", Uuid, nullable=False),
    Column("completed_at", INSTANT, nullable=False),
    Column("start_date", Date),
    Column("start_time", Time),
    Column("start_time_zone", Text),
    Column("series_start_date", Date, nullable=False),
    Column("series_start_time", Time),
    Column("remaining", BigInteger),
    Column("occurrence_since", INSTANT, nullable=False),
    Column("previous_id", Uuid),
    Column("is_last", Boolean, nullable=False),
    Column("reopened", Text, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id"),
    ForeignKeyConstraint(
        ["workspace_id", "task_id"],
        ["tasks.workspace_id", "tasks.id"],
        name="fk_completions_task_id",
        ondelete="CASCADE",
    ),
    CheckConstraint("kind IN ('completed', 'skipped')", name="kind"),
    Index("ix_completions_completed_at", "workspace_id", "task_id", "completed_at", "id"),
    info=part_of("task"),
)

_COMPLETIONS: Final = Mapper(
    Completion,
    completions,
    stored={
        "occurrence": wall_clock(
            completions.c.occurrence_date, completions.c.occurrence_time, completions.c.occurrence_time_zone
        ),
        "due": wall_clock(completions.c.due_date, completions.c.due_time, completions.c.due_time_zone),
    },
)
_UNDOS: Final = Mapper(
    Undo,
    completions,
    stored={
        "start": wall_clock(completions.c.start_date, completions.c.start_time, completions.c.start_time_zone),
        "series_start": Stored(
            columns=(completions.c.series_start_date, completions.c.series_start_time),
            dump=lambda start: (start.date, start.time),
            load=lambda date, time: load_wall_clock(date, time, None),
        ),
        "reopened": Stored(
            columns=(completions.c.reopened,),
            dump=lambda subtasks: (as_text(subtasks),),
            load=from_text,
            without="()",
        ),
    },
)
_OF_WORKSPACE: Final = completions.c.workspace_id == bindparam("workspace")
_ONE: Final = (_OF_WORKSPACE, completions.c.id == bindparam("completion"))

_INSERT: Final = insert(completions)
_DELETE: Final = delete(completions).where(*_ONE)
_RECORD: Final = select(*_COMPLETIONS.columns, *_UNDOS.columns).where(*_ONE)
_PAGES: Final = Pages(
    select(*_COMPLETIONS.columns).where(_OF_WORKSPACE, completions.c.task_id == bindparam("task")),
    completions.c.completed_at,
    completions.c.id,
    descending=True,
)


class Completions:
    """Implements domain.model.completions.CompletionRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def record(self, workspace_id: UUID, completion_id: UUID) -> CompletionRecord | None:
        row = await self._runner.row(_RECORD, {"workspace": workspace_id, "completion": completion_id})
        if row is None:
            return None
        width = len(_COMPLETIONS.columns)
        return CompletionRecord(completion=_COMPLETIONS.load(row[:width]), undo=_UNDOS.load(row[width:]))

    async def page(
        self, workspace_id: UUID, *, task_id: UUID, after: tuple[dt.datetime, UUID] | None, limit: int
    ) -> Sequence[Completion]:
        place = {"workspace": workspace_id, "task": task_id}
        return _COMPLETIONS.all(await _PAGES.read(self._runner, place, after=after, limit=limit))


async def store(change_log: ChangeLog, record: CompletionRecord, *, event: TaskEvent) -> None:
    """Store a completion with the *event* of its task or, if the task is reopened, delete it."""
    one = record.completion
    if event == "task.reopened":
        await change_log.write_part(_DELETE, {"workspace": one.workspace_id, "completion": one.id})
    else:
        await change_log.write_part(_INSERT, {**_COMPLETIONS.values(one), **_UNDOS.values(record.undo)})

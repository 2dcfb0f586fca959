"""What a task is linked with, one row for each link, so that it can be found from the other end.

A task's own row has the ids again, in one text: a list of tasks reads one table. Both are written together.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, Uuid, bindparam, delete, insert

from domain.model.tasks import Task
from persistence.change_log import ChangeLog
from persistence.metadata import metadata, part_of

task_labels: Final = Table(
    "task_labels",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("task_id", Uuid, nullable=False),
    Column("label_id", Uuid, nullable=False),
    PrimaryKeyConstraint("workspace_id", "task_id", "label_id"),
    ForeignKeyConstraint(
        ["workspace_id", "task_id"],
        ["tasks.workspace_id", "tasks.id"],
        name="fk_task_labels_task_id",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["workspace_id", "label_id"],
        ["labels.workspace_id", "labels.id"],
        name="fk_task_labels_label_id",
        ondelete="CASCADE",
    ),
    info=part_of("task"),
)
Index("ix_task_labels_label_id", task_labels.c.workspace_id, task_labels.c.label_id, task_labels.c.task_id)

_INSERT: Final = insert(task_labels)
_DELETE: Final = delete(task_labels).where(
    task_labels.c.workspace_id == bindparam("workspace"),
    task_labels.c.task_id == bindparam("task"),
    task_labels.c.label_id == bindparam("label"),
)


async def store(change_log: ChangeLog, task: Task, *, before: Task | None = None) -> None:
    """Write the links by which *task* differs from what it was *before*."""
    old, new = set(before.label_ids) if before else set(), set(task.label_ids)
    if old == new:
        return
    key = {"workspace": task.workspace_id, "task": task.id}
    await change_log.write_parts(_DELETE, [{**key, "label": each} for each in sorted(old - new)])
    row = {"workspace_id": task.workspace_id, "task_id": task.id}
    await change_log.write_parts(_INSERT, [{**row, "label_id": each} for each in sorted(new - old)])


def to_text(ids: Iterable[UUID]) -> str:
    """Return the text of ids in a task's row."""
    return " ".join(each.hex for each in ids)


def from_text(text: str) -> Sequence[UUID]:
    """Return the ids of a text."""
    return tuple(map(UUID, text.split())) if text else ()

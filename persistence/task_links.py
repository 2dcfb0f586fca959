"""What a task is linked with, one row for each link, so that it can be found from the other end.

A task's own row has the ids again, in one text for each kind: a list of tasks reads one table. Both are written
together.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, Uuid, bindparam, delete, insert

from domain.model.tasks import LinkName, Task
from persistence.change_log import ChangeLog
from persistence.metadata import metadata, part_of


class Links:
    """The table *name* of one kind of links, and what changes it.

    Its column *other* has the id of the other end, a row of the table *references*, if that is given.
    """

    def __init__(self, name: str, other: str, *, references: str | None = None) -> None:
        ends = {"task_id": "tasks"} | ({other: references} if references else {})
        self.table = Table(
            name,
            metadata,
            Column("workspace_id", Uuid, nullable=False),
            Column("task_id", Uuid, nullable=False),
            Column(other, Uuid, nullable=False),
            PrimaryKeyConstraint("workspace_id", "task_id", other),
            *(
                ForeignKeyConstraint(
                    ["workspace_id", column],
                    [f"{table}.workspace_id", f"{table}.id"],
                    name=f"fk_{name}_{column}",
                    ondelete="CASCADE",
                )
                for column, table in ends.items()
            ),
            info=part_of("task"),
        )
        self.other: Column[UUID] = self.table.c[other]
        Index(f"ix_{name}_{other}", self.table.c.workspace_id, self.other, self.table.c.task_id)
        self.insert = insert(self.table)
        self.delete = delete(self.table).where(
            self.table.c.workspace_id == bindparam("workspace"),
            self.table.c.task_id == bindparam("task"),
            self.other == bindparam("other"),
        )


LINKS: Final[Mapping[LinkName, Links]] = {
    "label_ids": Links("task_labels", "label_id", references="labels"),
    "assignee_ids": Links("task_assignees", "user_id"),
    "depends_on_ids": Links("task_dependencies", "depends_on_id", references="tasks"),
}
"""By the member of a task that has the ids. An assignee has no foreign key: when a workspace is deleted, its members
are deleted at once, and its tasks later (ADR 83).
"""


async def store(change_log: ChangeLog, task: Task, *, before: Task | None = None) -> None:
    """Write the links by which *task* differs from what it was *before*."""
    for name, links in LINKS.items():
        old: set[UUID] = set(getattr(before, name, ()))
        new: set[UUID] = set(getattr(task, name))
        if old == new:
            continue
        key = {"workspace": task.workspace_id, "task": task.id}
        await change_log.write_parts(links.delete, [{**key, "other": each} for each in sorted(old - new)])
        row = {"workspace_id": task.workspace_id, "task_id": task.id}
        await change_log.write_parts(links.insert, [{**row, links.other.name: each} for each in sorted(new - old)])


def to_text(ids: Iterable[UUID]) -> str:
    """Return the text of ids in a task's row."""
    return " ".join(each.hex for each in ids)


def from_text(text: str) -> Sequence[UUID]:
    """Return the ids of a text."""
    return tuple(map(UUID, text.split())) if text else ()

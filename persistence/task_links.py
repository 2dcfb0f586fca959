"""What a task is linked with, one row for each link, so that it can be found from the other end.

A task's own row has the ids again, in one text for each kind: a list of tasks reads one table. Both are written
together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Uuid,
    bindparam,
    delete,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite took its ON CONFLICT over, word for word

from domain.model.tasks import LinkName, Task
from persistence.change_log import ChangeLog
from persistence.compiled import BULK, padded
from persistence.metadata import TRASH_ID, is_live, metadata, part_of, trash_id
from persistence.runners import Parameters, Runner
from persistence.unindexed import among


class Links:
    """The table *name* of one kind of links, and what changes it.

    Its column *other* has the id of the other end, a row of the table *references*, if that is given. While the other
    end is in the trash, the link has its `trash_id`, and the task does not have its id; whether the task is in the
    trash makes no difference. If *is_common*, many tasks may have the other end.
    """

    def __init__(self, name: str, other: str, *, references: str | None = None, is_common: bool = False) -> None:
        ends = {"task_id": "tasks"} | ({other: references} if references else {})
        self.table = Table(
            name,
            metadata,
            Column("workspace_id", Uuid, nullable=False),
            Column("task_id", Uuid, nullable=False),
            Column(other, Uuid, nullable=False),
            *([trash_id()] if references else []),
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
        columns = self.table.c
        apart = [columns.trash_id] if is_common else []
        Index(f"ix_{name}_{other}", columns.workspace_id, self.other, *apart, columns.task_id)
        self.is_live: ColumnElement[bool] = is_live(self.table) if references else true()
        mine = (columns.workspace_id == bindparam("workspace"), self.other == bindparam("other"))
        self.insert = insert(self.table)
        if references:  # a thing whose deletion was interrupted has links in the trash
            self.insert = self.insert.on_conflict_do_update(
                index_elements=list(self.table.primary_key), set_={TRASH_ID: None}
            )
        self.delete = delete(self.table).where(*mine, columns.task_id == bindparam("task"), self.is_live)
        task_ids = select(columns.task_id).limit(bindparam("limit"))
        self.live = task_ids.where(*mine, self.is_live)
        of_tasks = among(columns.workspace_id, columns.task_id, "tasks")
        self.of = select(columns.task_id, self.other).where(of_tasks, self.is_live)
        if references:
            self.hidden = task_ids.where(*mine, columns.trash_id == bindparam("trash"))
            of_task = (columns.workspace_id == bindparam("workspace"), columns.task_id == bindparam("task"))
            self.delete_hidden = (
                delete(self.table).where(*of_task, columns.trash_id.is_not(None)).execution_options(**BULK)
            )
            self.set_trash_id = (
                update(self.table)
                .where(of_tasks, self.other == bindparam("other"))
                .values(trash_id=bindparam("trash"))
                .execution_options(**BULK)
            )


LINKS: Final[Mapping[LinkName, Links]] = {
    "label_ids": Links("task_labels", "label_id", references="labels", is_common=True),
    "assignee_ids": Links("task_assignees", "user_id"),
    "depends_on_ids": Links("task_dependencies", "depends_on_id", references="tasks"),
}
"""By the member of a task that has the ids. An assignee has no foreign key: when a workspace is deleted, its members
are deleted at once, and its tasks later (ADR 83).
"""


async def store(change_log: ChangeLog, changes: Sequence[tuple[Task | None, Task]]) -> None:
    """Write the links by which tasks differ from what they were before; None is before a new one."""
    for name, links in LINKS.items():
        removed: list[Parameters] = []
        added: list[Parameters] = []
        for before, task in changes:
            old: set[UUID] = set(getattr(before, name, ()))
            new: set[UUID] = set(getattr(task, name))
            if old == new:
                continue
            key = {"workspace": task.workspace_id, "task": task.id}
            removed += [{**key, "other": each} for each in sorted(old - new)]
            row = {"workspace_id": task.workspace_id, "task_id": task.id}
            added += [{**row, links.other.name: each} for each in sorted(new - old)]
        for statement, many in ((links.delete, removed), (links.insert, added)):
            if many:
                await change_log.write_parts(statement, many)


async def hide(
    runner: Runner, change_log: ChangeLog, place: Parameters, *, name: LinkName, trash_id: UUID
) -> Sequence[UUID]:
    """Put links into the trash, and return the ids of their tasks. *place* is a workspace, the other end, a limit."""
    found = [row[0] for row in await runner.rows(LINKS[name].live, place)]
    await _set(change_log, place, name=name, task_ids=found, trash_id=trash_id)
    return found


async def show(
    runner: Runner, change_log: ChangeLog, place: Parameters, *, name: LinkName, trash_id: UUID
) -> Sequence[UUID]:
    """Take links out of the trash, and return the ids of their tasks. *place* is as in `hide`."""
    found = [row[0] for row in await runner.rows(LINKS[name].hidden, {**place, "trash": trash_id})]
    await _set(change_log, place, name=name, task_ids=found, trash_id=None)
    return found


async def _set(
    change_log: ChangeLog, place: Parameters, *, name: LinkName, task_ids: Sequence[UUID], trash_id: UUID | None
) -> None:
    if task_ids:
        key = {"workspace": place["workspace"], "other": place["other"]}
        values = {**key, "tasks": padded(task_ids), "trash": trash_id}
        await change_log.write_parts(LINKS[name].set_trash_id, [values])


async def with_links(runner: Runner, tasks: Sequence[Task]) -> Sequence[Task]:
    """Return *tasks*, which are in the trash, with those links that are not."""
    found: dict[tuple[UUID, LinkName], list[UUID]] = {}
    if tasks:
        place = {"workspace": tasks[0].workspace_id, "tasks": padded([task.id for task in tasks])}
        for name, links in LINKS.items():
            for task_id, other_id in await runner.rows(links.of, place):
                found.setdefault((task_id, name), []).append(other_id)
    changes: dict[UUID, dict[str, Any]] = {
        task.id: {name: tuple(sorted(found.get((task.id, name), ()))) for name in LINKS} for task in tasks
    }
    return [replace(task, **changes[task.id]) for task in tasks]


def to_text(ids: Iterable[UUID]) -> str:
    """Return the text of ids in a task's row."""
    return " ".join(each.hex for each in ids)


def from_text(text: str) -> Sequence[UUID]:
    """Return the ids of a text."""
    return tuple(map(UUID, text.split())) if text else ()

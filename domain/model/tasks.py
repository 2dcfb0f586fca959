"""Tasks: the entity, its errors and events, and the port of their repository."""

import datetime as dt
from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol
from uuid import UUID

from domain import task_metadata
from domain.errors import Conflict, Invalid, NotFound
from domain.model.completions import CompletionRecord
from domain.model.projects import Project
from domain.task_recurrence import Recurrence
from domain.wall_clocks import WallClock

Status = Literal["open", "completed", "cancelled"]

Priority = Literal["none", "low", "medium", "high", "urgent"]

STATUSES: Final[tuple[Status, ...]] = ("open", "completed", "cancelled")

PRIORITIES: Final[tuple[Priority, ...]] = ("none", "low", "medium", "high", "urgent")
"""From the lowest to the highest. A priority's rank is its index."""

FIRST_ID: Final = UUID(int=0)
"""Before the ids of all tasks."""
MOST_LEVELS: Final = 5
"""How many levels of tasks there are, with that of the tasks that are not subtasks."""

LinkName = Literal["label_ids", "assignee_ids", "depends_on_ids"]
"""The members of a task that name other things, each by its id."""

SortKey = str | int | dt.datetime

TaskEvent = Literal[
    "task.created",
    "task.updated",
    "task.completed",
    "task.skipped",
    "task.cancelled",
    "task.reopened",
    "task.moved",
    "task.deleted",
    "task.restored",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to do. `completed_at` is None unless `status` is "completed". The lists of ids are in order.

    `blocked` says whether one of the tasks that it depends on is open.

    A subtask has a parent, and is in its project and section. `closed_with` is the task that it was closed together
    with, and is reopened together with. A task that recurs has a `due`.

    `position` is ordered byte by byte (`domain/positions.py`), within the project.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    section_id: UUID | None
    parent_id: UUID | None
    title: str
    description: str
    status: Status
    priority: Priority
    start: WallClock | None
    due: WallClock | None
    recurrence: Recurrence | None
    label_ids: tuple[UUID, ...]
    assignee_ids: tuple[UUID, ...]
    depends_on_ids: tuple[UUID, ...]
    blocked: bool
    metadata: Mapping[str, str]
    position: str
    completed_at: dt.datetime | None
    closed_with: UUID | None
    created_by: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int

    @property
    def texts(self) -> tuple[str, ...]:
        """What counts against the workspace's quota."""
        rule = () if self.recurrence is None else (self.recurrence.rule,)
        return self.title, self.description, task_metadata.as_text(self.metadata), *rule

    @property
    def occurrence(self) -> WallClock | None:
        """The occurrence that a recurring task is at, as its rule schedules it."""
        return None if self.recurrence is None else self._in_zone(self.recurrence.occurrence)

    @property
    def series_start(self) -> WallClock | None:
        """The first occurrence of the series of a recurring task."""
        return None if self.recurrence is None else self._in_zone(self.recurrence.series_start)

    def _in_zone(self, value: WallClock) -> WallClock:
        assert self.due is not None, "a task that recurs is due"
        return replace(value, time_zone=self.due.time_zone)


class TaskNotFound(NotFound):
    """The workspace does not have a task with this id."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__("This workspace does not have a task with this id.")
        self.task_id = task_id


class DependencyNotFound(NotFound):
    """The workspace does not have the task with this id, that another one is to depend on, or no longer."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__("This workspace does not have a task with the id in `depends_on_id`, the end of the path.")
        self.task_id = task_id


class ParentUnknown(Invalid):
    """The body names a parent that is not a task of the workspace."""

    code = "task"
    pointer = "#/parent_id"

    def __init__(self, parent_id: UUID) -> None:
        super().__init__("This workspace does not have a task with this id.")
        self.parent_id = parent_id


class TooDeep(Invalid):
    """A task, or one of its subtasks, would be on a lower level than the last. *name* is the property at fault."""

    code = "level"

    def __init__(self, levels: int, *, name: str = "parent_id") -> None:
        super().__init__(f"Tasks have {levels} levels, and a subtask of this task would be below the last one.")
        self.levels = levels
        self.pointer = f"#/{name}"


class DependencyUnknown(Invalid):
    """The body names, at *index* of `depends_on_ids`, a task that the workspace does not have."""

    code = "task"

    def __init__(self, task_id: UUID, *, index: int) -> None:
        super().__init__("This workspace does not have a task with this id.")
        self.task_id = task_id
        self.pointer = f"#/depends_on_ids/{index}"


_ITSELF: Final = "A task cannot depend on itself."
_IN_TRASH: Final = "Tasks in the trash count, because they can be restored."


class DependencyInCycle(Invalid):
    """The body names, at *index* of `depends_on_ids`, the task itself, or one that depends on it."""

    code = "cycle"

    def __init__(self, task_id: UUID, *, index: int, is_another: bool) -> None:
        others = "This task depends on the one that you change, directly or through others, which cannot depend on it."
        super().__init__(f"{others} {_IN_TRASH}" if is_another else _ITSELF)
        self.task_id = task_id
        self.pointer = f"#/depends_on_ids/{index}"


class DependencyCycle(Conflict):
    """The task that would depend on another one is that one, or the other one depends on it."""

    summary = "A cycle of dependencies"

    def __init__(self, *, is_another: bool) -> None:
        others = "The other task depends on this one, directly or through others, so that this one cannot depend on it."
        super().__init__(f"{others} {_IN_TRASH}" if is_another else _ITSELF)


class NotWithParent(Invalid):
    """The body names a parent, and another project or section than the parent's. *name* is that of the property."""

    code = "place"

    def __init__(self, name: str) -> None:
        super().__init__("A subtask is in the project and the section of its parent. Leave this out.")
        self.pointer = f"#/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The tasks of one section or, if that is None, those of a project without a section.

    `place` is where it is among the others: the positions of the project and of the section. It is "" without a
    section, and for the project if only the buckets of one are listed.
    """

    project_id: UUID
    section_id: UUID | None
    place: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """A page of a workspace's tasks that match everything given, in the order of a sort key, then id.

    "position" is an order only within a bucket, a section or a parent.

    `order` is the sort key's name; `descending` reverses both. `after` is where the page before ended: the sort key and
    the id of its last task.
    """

    workspace_id: UUID
    project_id: UUID | None
    section_id: UUID | None = None
    parent_id: UUID | None = None
    bucket: Bucket | None = None
    status: Status | None
    order: str
    descending: bool
    after: tuple[SortKey, UUID] | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A task, with its subtasks of all levels.

    `is_archived` says whether their project is archived, `has_dependents` whether a task depends on one of them.
    """

    task: Task
    subtasks: Sequence[Task]
    is_archived: bool
    has_dependents: bool

    @property
    def all(self) -> Sequence[Task]:
        """The task, then its subtasks."""
        return self.task, *self.subtasks

    @property
    def ordinary(self) -> Sequence[Task]:
        """The subtasks that belong to what the task is now: they do not recur, and are not below one that does."""
        below = defaultdict[UUID | None, list[Task]](list)
        for each in self.subtasks:
            if each.recurrence is None:
                below[each.parent_id].append(each)
        found = [*below[self.task.id]]
        for each in found:
            found += below[each.id]
        return found


@dataclass(frozen=True, slots=True)
class Dependency:
    """What is known of a task that others are to depend on: whether it is open, and how many depend on it."""

    is_open: bool
    dependents: int


WhichDependents = Literal["all", "free", "freed"]
"""All dependents of some tasks; those that are not blocked; or those that none but these tasks block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A task on a *level*, of which the first is 1, with how many *subtasks* it has on the next one.

    The task on the first level, with the id *root_id*, has *in_all_levels* subtasks of all levels.
    """

    task: Task
    level: int
    root_id: UUID
    subtasks: int
    in_all_levels: int


class TaskRepository(Protocol):
    """The tasks of workspaces. Each change is in the workspace's log."""

    async def add(self, task: Task) -> None:
        """Store a new task. Its workspace is locked, and its project exists. Raises IdTaken."""

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        """Return the task, without a lock of its own."""

    async def named(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Sequence[Task]:
        """Return those of the tasks that exist, in any order."""

    async def with_archived(self, workspace_id: UUID, task_id: UUID) -> tuple[Task, bool] | None:
        """Return the task, and whether its project is archived."""

    async def family(self, workspace_id: UUID, task_id: UUID) -> Family | None:
        """Return the task and its subtasks of all levels, in any order. None if it does not exist."""

    async def tree(self, workspace_id: UUID, task_id: UUID) -> Mapping[UUID, UUID | None]:
        """Return the ids of the task and of its subtasks of all levels, each with that of its parent."""

    async def lineage(self, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
        """Return the task, then its parent, and so on up to the one that is not a subtask."""

    async def destination(self, workspace_id: UUID, *, project_id: UUID | None) -> tuple[Project, str | None] | None:
        """Return a project (the inbox for None) with the greatest position of its tasks, which is None without tasks.

        Return None if the project does not exist.
        """

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Task]:
        """Return the tasks of a project that are nearest to *cut*, in their order.

        At most *limit* have a position before it, and at most *limit* the same or one after it.
        """

    async def in_section(self, workspace_id: UUID, section_id: UUID, *, limit: int) -> Sequence[Task]:
        """Return the tasks of a section in their order, or any *limit* of them if it has more."""

    def buckets(
        self,
        workspace_id: UUID,
        *,
        project_id: UUID | None,
        status: Status | None,
        descending: bool,
        beyond: tuple[str, str] | None,
    ) -> AsyncGenerator[Bucket, None]:
        """Return the buckets that have tasks with this status (with any, if it is None), in the order of their places.

        Only those of one project, if it is given. *beyond* is the place of the bucket that they begin after.
        """

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        """Return at most `query.limit` tasks."""

    async def update(
        self, task: Task, *, before: Task, event: TaskEvent, record: CompletionRecord | None = None
    ) -> None:
        """Store what can change of a task, and record *event*. *before* is the task as it is stored.

        A completion (*record*) is stored with it or, with the event `task.reopened`, deleted.
        """

    async def update_all(self, changes: Sequence[tuple[Task, Task]], *, event: TaskEvent) -> None:
        """Store tasks as `update` does, in this order. Each is given as it is stored, and as it will be."""

    async def linked(
        self, workspace_id: UUID, name: LinkName, other_id: UUID, *, first: UUID = FIRST_ID, limit: int
    ) -> Sequence[Task]:
        """Return tasks that have *other_id* among the ids of their member *name*, at most *limit*.

        They are in the order of their ids, from the id *first* on.
        """

    async def dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Dependency]:
        """Return those of the tasks that exist, by id."""

    async def with_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[UUID]:
        """Return these tasks, and those that they depend on, directly and through others; at most *limit*."""

    async def dependents(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, which: WhichDependents, limit: int
    ) -> Sequence[tuple[Task, bool]]:
        """Return tasks that depend on one of these, at most *limit*.

        Each is with whether it depends on an open task that is not one of these.
        """

    async def count_dependents(self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> int:
        """Return how many other tasks depend on these live ones, at most *limit*. Those in the trash count as well."""

    async def hide_label(
        self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, limit: int
    ) -> tuple[int, Sequence[Task]]:
        """Put links of tasks with a label into the trash, at most *limit*, also those of tasks in the trash.

        Return how many, and the tasks that are live. They are as before: the caller takes the label from them.
        """

    async def show_label(
        self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, limit: int
    ) -> tuple[int, Sequence[Task]]:
        """Take links of tasks with a label out of the trash, as `hide_label` put them there.

        Return how many, and the tasks that are live. They are as before: the caller gives them the label.
        """

    async def unlink(self, workspace_id: UUID, name: LinkName, other_id: UUID, *, task_id: UUID) -> None:
        """Delete the link of a task with *other_id*, which is not among the ids of its member *name*."""

    async def forget_hidden(self, workspace_id: UUID, name: LinkName, *, task_id: UUID) -> None:
        """Delete the links of a task with things in the trash, so that it does not get them back with these."""

    async def parents(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Parent]:
        """Return those of some tasks that exist, by the id, each as the parent that it is or may become."""

    async def taken_positions(self, workspace_id: UUID, project_id: UUID, wanted: Collection[str]) -> Collection[str]:
        """Return those of the *wanted* positions that tasks of a project have."""

    async def topmost_in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        """Return tasks as `in_trash`, but only those whose parents are not in the same entry any more."""

    async def in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        """Return tasks of an entry of the trash, at most *limit*, with those links whose other ends are not in it."""

    async def restore_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        """Store tasks as live ones. Each is given as `in_trash` returned it, and as it will be."""

    async def some_of(
        self, workspace_id: UUID, *, project_id: UUID | None = None, section_id: UUID | None = None, limit: int
    ) -> Sequence[UUID]:
        """Return the ids of tasks of a project or of a section, at most *limit*."""

    async def other_subtasks(self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> Sequence[UUID]:
        """Return the ids of subtasks, on the next level, of some tasks that are not among these, at most *limit*."""

    async def hide_dependencies(self, workspace_id: UUID, task_ids: Collection[UUID], *, trash_id: UUID) -> None:
        """Put the links of all tasks that depend on these into the trash, also those of tasks in the trash."""

    async def hidden_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[tuple[UUID, UUID]]:
        """Return such links that are in the trash, at most *limit*: each a task, and one of these, its dependency."""

    async def show_dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> None:
        """Take all these links out of the trash."""

    async def delete_all(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, trash_id: UUID, revision: int
    ) -> None:
        """Put tasks into the trash. None of their subtasks is left, and no other task depends on them."""

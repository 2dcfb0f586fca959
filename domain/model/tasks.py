"""Tasks: the entity, its error and events, and the port of their repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from domain.dues import Due
from domain.errors import NotFound

Status = Literal["open", "completed"]

Priority = Literal["none", "low", "medium", "high", "urgent"]

STATUSES: Final[tuple[Status, ...]] = ("open", "completed")

PRIORITIES: Final[tuple[Priority, ...]] = ("none", "low", "medium", "high", "urgent")
"""Least first: a priority's rank is its index."""

SortKey = str | int | dt.datetime

TaskEvent = Literal["task.created", "task.updated", "task.completed", "task.reopened", "task.deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to do. `completed_at` is set exactly while `status` is "completed"."""

    id: UUID
    workspace_id: UUID
    project_id: UUID
    title: str
    description: str
    status: Status
    priority: Priority
    due: Due | None
    position: str
    completed_at: dt.datetime | None
    created_by: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int

    @property
    def texts(self) -> tuple[str, str]:
        """What counts against the workspace's quota."""
        return self.title, self.description


class TaskNotFound(NotFound):
    """The workspace has no task of this id."""

    def __init__(self, task_id: UUID) -> None:
        super().__init__("This workspace does not have a task with this id.")
        self.task_id = task_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """A stretch of a workspace's tasks in the order of a sort key, then id, strictly after a place.

    `descending` reverses both. `after` holds the sort key and the id of the place.
    """

    workspace_id: UUID
    project_id: UUID | None
    status: Status | None
    order: str
    descending: bool
    after: tuple[SortKey, UUID] | None
    limit: int


class TaskRepository(Protocol):
    """Tasks."""

    async def add(self, task: Task) -> None:
        """The task's workspace is locked, and its project is there. Raises IdTaken."""

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        """One task."""

    async def last_position(self, workspace_id: UUID, *, project_id: UUID) -> str | None:
        """The greatest position of a task in a project."""

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        """At most `query.limit` tasks."""

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        """Store everything but the id, the workspace, the author and the time of creation. *before* is as stored."""

    async def delete(self, workspace_id: UUID, task_id: UUID, *, revision: int) -> None:
        """A task that is there."""

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, revision: int) -> None:
        """Those of a project."""

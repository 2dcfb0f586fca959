"""Projects: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.errors import Conflict, Invalid, NotFound

ProjectEvent = Literal[
    "project.created",
    "project.updated",
    "project.archived",
    "project.unarchived",
    "project.moved",
    "project.deleted",
    "project.restored",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A list of tasks. Each workspace has one inbox, which gets the tasks that do not name a project.

    `position` is ordered byte by byte (`domain/positions.py`). `archived_at` is None for an active project.
    """

    id: UUID
    workspace_id: UUID
    name: str
    description: str
    is_inbox: bool
    archived_at: dt.datetime | None
    position: str
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int

    @property
    def texts(self) -> tuple[str, str]:
        """What counts against the workspace's quota."""
        return self.name, self.description


class ProjectNotFound(NotFound):
    """The workspace does not have a project with this id."""

    def __init__(self, project_id: UUID) -> None:
        super().__init__("This workspace does not have a project with this id.")
        self.project_id = project_id


class InboxProtected(Conflict):
    """The inbox cannot be archived or deleted, as it gets the tasks that do not name a project."""

    summary = "This is the inbox"

    def __init__(self, project_id: UUID) -> None:
        super().__init__("The inbox cannot be archived or deleted.")
        self.project_id = project_id


class ProjectArchived(Conflict):
    """An archived project is read-only, with its sections, tasks and comments."""

    summary = "The project is archived"

    def __init__(self, project_id: UUID) -> None:
        super().__init__("The project is archived. Unarchive it before you change it or anything in it.")
        self.project_id = project_id


class ProjectUnknown(Invalid):
    """The body names a project that the workspace does not have."""

    code = "project"
    pointer = "#/project_id"

    def __init__(self, project_id: UUID) -> None:
        super().__init__("This workspace does not have a project with this id.")
        self.project_id = project_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectQuery:
    """A page of a workspace's projects, by position, then id. `after` is where the page before ended."""

    workspace_id: UUID
    archived: bool
    after: tuple[str, UUID] | None
    limit: int


class ProjectRepository(Protocol):
    """The projects of workspaces. Each change is in the workspace's log."""

    async def add(self, project: Project) -> None:
        """Store a new project. Its workspace is locked or new. Raises IdTaken."""

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        """Return the project, without a lock of its own."""

    async def end(self, workspace_id: UUID) -> tuple[int, str | None]:
        """Return how many projects there are, archived or not, and their greatest position: None without projects."""

    async def around(self, workspace_id: UUID, *, cut: str, limit: int) -> Sequence[Project]:
        """Return the projects nearest to *cut*, archived or not, in their order.

        At most *limit* have a position before it, and at most *limit* the same or one after it.
        """

    async def page(self, query: ProjectQuery) -> Sequence[Project]:
        """Return at most `query.limit` projects."""

    async def update(self, project: Project, *, before: Project, event: ProjectEvent) -> None:
        """Store what can change of a project, and record *event*. *before* is the project as it is stored."""

    async def delete(self, workspace_id: UUID, project_id: UUID, *, trash_id: UUID, revision: int) -> None:
        """Put a project that has no tasks into the trash."""

    async def in_trash(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        """Return a project that is in the trash."""

    async def restore(self, project: Project) -> None:
        """Store a project that is in the trash as a live one."""

"""Projects: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.errors import Conflict, Invalid, NotFound

ProjectEvent = Literal[
    "project.created", "project.updated", "project.archived", "project.unarchived", "project.deleted"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A list of tasks. Each workspace has one inbox, which takes the tasks that name no project."""

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
    """The workspace has no project of this id."""

    def __init__(self, project_id: UUID) -> None:
        super().__init__("This workspace does not have a project with this id.")
        self.project_id = project_id


class InboxProtected(Conflict):
    """The inbox takes the tasks that name no project, so it can be neither archived nor deleted."""

    summary = "This is the inbox"

    def __init__(self, project_id: UUID) -> None:
        super().__init__("The inbox cannot be archived or deleted.")
        self.project_id = project_id


class ProjectArchived(Conflict):
    """An archived project takes no new tasks."""

    summary = "The project is archived"

    def __init__(self, project_id: UUID) -> None:
        super().__init__("The project is archived. Unarchive it before you add tasks to it.")
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
    """A stretch of a workspace's active or archived projects, by position and id, strictly after a place."""

    workspace_id: UUID
    archived: bool
    after: tuple[str, UUID] | None
    limit: int


class ProjectRepository(Protocol):
    """Projects."""

    async def add(self, project: Project) -> None:
        """The project's workspace is locked, or new. Raises IdTaken."""

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        """One project."""

    async def inbox(self, workspace_id: UUID) -> Project | None:
        """The project that takes tasks without one. None only when the workspace is gone."""

    async def last_position(self, workspace_id: UUID) -> str | None:
        """The greatest position of a project, archived or not."""

    async def page(self, query: ProjectQuery) -> Sequence[Project]:
        """At most `query.limit` projects."""

    async def update(self, project: Project, *, before: Project, event: ProjectEvent) -> None:
        """Store everything but the id, the workspace and the time of creation. *before* is what is stored."""

    async def delete(self, workspace_id: UUID, project_id: UUID, *, revision: int) -> None:
        """The caller has deleted its tasks."""

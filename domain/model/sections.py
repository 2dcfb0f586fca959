"""Sections: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.errors import Invalid, NotFound

SectionEvent = Literal["section.created", "section.updated", "section.moved", "section.deleted", "section.restored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A named part of a project. `position` is ordered byte by byte, within the project."""

    id: UUID
    workspace_id: UUID
    project_id: UUID
    name: str
    position: str
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int

    @property
    def texts(self) -> tuple[str, ...]:
        """What counts against the workspace's quota."""
        return (self.name,)


class SectionNotFound(NotFound):
    """The workspace does not have a section with this id."""

    def __init__(self, section_id: UUID) -> None:
        super().__init__("This workspace does not have a section with this id.")
        self.section_id = section_id


class SectionUnknown(Invalid):
    """The body names a section that the workspace, or the project that the body names, does not have."""

    code = "section"
    pointer = "#/section_id"

    def __init__(self, section_id: UUID) -> None:
        super().__init__("This project or workspace does not have a section with this id.")
        self.section_id = section_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionQuery:
    """A page of a project's sections, or of a workspace's; by project, then position.

    `after` is where the page before ended: the project and the position.
    """

    workspace_id: UUID
    project_id: UUID | None
    after: tuple[UUID, str] | None
    limit: int


class SectionRepository(Protocol):
    """The sections of workspaces. Each change is in the workspace's log."""

    async def add(self, section: Section) -> None:
        """Store a new section. Its workspace is locked, and its project exists. Raises IdTaken."""

    async def get(self, workspace_id: UUID, section_id: UUID) -> Section | None:
        """Return the section, without a lock of its own."""

    async def end(self, workspace_id: UUID, *, project_id: UUID) -> tuple[int, str | None]:
        """Return how many sections a project has, and the greatest position, which is None without sections."""

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Section]:
        """Return the sections of a project that are nearest to *cut*, in their order.

        At most *limit* have a position before it, and at most *limit* the same or one after it.
        """

    async def page(self, query: SectionQuery) -> Sequence[Section]:
        """Return at most `query.limit` sections."""

    async def update(self, section: Section, *, before: Section, event: SectionEvent) -> None:
        """Store what can change of a section, and record *event*. *before* is the section as it is stored."""

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, trash_id: UUID, revision: int) -> int:
        """Put the sections of a project, which have no tasks, into the trash. Return how many."""

    async def delete(self, workspace_id: UUID, section_id: UUID, *, trash_id: UUID, revision: int) -> None:
        """Put a section that has no tasks into the trash."""

    async def in_trash(self, workspace_id: UUID, trash_id: UUID) -> Sequence[Section]:
        """Return the sections of an entry of the trash."""

    async def restore_all(self, sections: Sequence[Section]) -> None:
        """Store sections that are in the trash as live ones."""

"""Comments: the entity, its errors and events, and the port of its repository."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from domain.errors import Forbidden, NotFound

CommentEvent = Literal["comment.created", "comment.updated", "comment.deleted", "comment.restored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What a user wrote about a task, in Markdown. `edited_at` is None until the text changes."""

    id: UUID
    workspace_id: UUID
    task_id: UUID
    author_id: UUID
    text: str
    created_at: dt.datetime
    edited_at: dt.datetime | None
    revision: int

    @property
    def texts(self) -> tuple[str, ...]:
        """What counts against the workspace's quota."""
        return (self.text,)


class CommentNotFound(NotFound):
    """The task does not have a comment with this id."""

    def __init__(self, comment_id: UUID) -> None:
        super().__init__("This task does not have a comment with this id.")
        self.comment_id = comment_id


class NotAuthor(Forbidden):
    """Somebody else wrote the comment."""

    summary = "You are not the author"

    def __init__(self, comment_id: UUID) -> None:
        super().__init__("Somebody else wrote this comment. You can neither change nor delete nor restore it.")
        self.comment_id = comment_id


class CommentRepository(Protocol):
    """The comments of workspaces. Each change is in the workspace's log."""

    async def add(self, comment: Comment) -> None:
        """Store a new comment. Its workspace is locked, and its task exists. Raises IdTaken."""

    async def get(self, workspace_id: UUID, comment_id: UUID) -> Comment | None:
        """Return the comment, without a lock of its own."""

    async def count(self, workspace_id: UUID, *, task_id: UUID) -> int:
        """Return how many comments a task has."""

    async def page(
        self, workspace_id: UUID, *, task_id: UUID, after: tuple[dt.datetime, UUID] | None, limit: int
    ) -> Sequence[Comment]:
        """Return at most *limit* comments of a task by time, then id. *after* is where the page before ended."""

    async def update(self, comment: Comment, *, before: Comment) -> None:
        """Store what can change of a comment. *before* is the comment as it is stored."""

    async def delete(self, workspace_id: UUID, comment_id: UUID, *, trash_id: UUID, revision: int) -> None:
        """Put a comment into the trash."""

    async def delete_some(
        self, workspace_id: UUID, *, task_ids: Collection[UUID], trash_id: UUID, revision: int, limit: int
    ) -> int:
        """Put comments of these tasks into an entry of the trash, at most *limit*.

        At last also those that are in entries of other tasks, sections and projects, whose deletion or restoration was
        interrupted: they are to come back with their tasks. Return how many: with fewer than *limit*, none is left.
        """

    async def in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Comment]:
        """Return comments of an entry of the trash, at most *limit*."""

    async def restore_all(self, comments: Sequence[Comment]) -> None:
        """Store comments, which are in the trash, as live ones."""

"""Comments: what members write about a task."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import blank, changeable, members, pages, tasks
from domain.limits import LimitReached
from domain.model.comments import Comment, CommentNotFound, NotAuthor
from domain.pages import DEFAULT_LIMIT, Page
from domain.roles import outranks
from domain.trash import Deletion
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given

MOST_COMMENTS: Final = 1000
"""How many comments a task has at most."""
MOST_IN_TITLE: Final = 100
"""How many characters of a comment's text are its title in the trash."""


async def page(
    uow: UnitOfWork, task_id: UUID, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Comment]:
    """Return the comments of a task, the oldest first. Raises TaskNotFound, CursorInvalid."""
    await tasks.get(uow, task_id)
    binding = f"comments {uow.workspace_id} {task_id}"
    place = None
    if cursor is not None:
        instant, comment_id = pages.decode(cursor, binding, count=2)
        place = (pages.instant_from_key(instant), pages.id_from_key(comment_id))

    async def fetch(after: tuple[dt.datetime, UUID] | None, count: int) -> Sequence[Comment]:
        return await uow.comments.page(uow.workspace_id, task_id=task_id, after=after, limit=count)

    return await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda comment: (comment.created_at, comment.id),
        weigh=lambda comment: pages.weight(*comment.texts),
        limit=limit,
        cursor_of=lambda comment: pages.encode(
            binding, pages.instant_to_key(comment.created_at), pages.id_to_key(comment.id)
        ),
    )


async def create(uow: UnitOfWork, task_id: UUID, *, text: str, comment_id: UUID | None = None) -> Comment:
    """Create a comment of the caller. Raises TextBlank, TaskNotFound, ProjectArchived, LimitReached, IdTaken."""
    blank.require_seen(text, name="text")
    await changeable.task(uow, task_id)
    await require_room(uow, task_id)
    comment = Comment(
        id=comment_id or uow.new_id(),
        workspace_id=uow.workspace_id,
        task_id=task_id,
        author_id=uow.principal.user_id,
        text=text,
        created_at=uow.now,
        edited_at=None,
        revision=await uow.next_revision(),
    )
    await uow.comments.add(comment)
    return comment


async def get(uow: UnitOfWork, task_id: UUID, comment_id: UUID) -> Comment:
    """Return one comment of a task. Raises CommentNotFound."""
    comment = await uow.comments.get(uow.workspace_id, comment_id)
    if comment is None or comment.task_id != task_id:
        raise CommentNotFound(comment_id)
    return comment


async def update(uow: UnitOfWork, task_id: UUID, comment_id: UUID, *, text: str | Unset = UNSET) -> Comment:
    """Change a comment that the caller has written.

    Raises TextBlank, CommentNotFound, NotAuthor, TaskNotFound, ProjectArchived.
    """
    blank.require_seen(text, name="text")
    comment = await get(uow, task_id, comment_id)
    if comment.author_id != uow.principal.user_id:
        raise NotAuthor(comment_id)
    await changeable.task(uow, task_id)
    changed = replace(comment, **given(text=text))
    if changed == comment:
        return comment
    changed = replace(changed, edited_at=uow.now, revision=await uow.next_revision())
    await uow.comments.update(changed, before=comment)
    return changed


async def delete(uow: UnitOfWork, task_id: UUID, comment_id: UUID) -> None:
    """Put a comment into the trash: its author can, and so can members above an editor.

    Raises CommentNotFound, MemberNotFound, NotAuthor, TaskNotFound, ProjectArchived.
    """
    comment = await get(uow, task_id, comment_id)
    await require_reach(uow, comment)
    await changeable.task(uow, task_id)
    trash_id = await Deletion("comment", comment_id).step(uow, title=comment.text[:MOST_IN_TITLE])
    await uow.comments.delete(uow.workspace_id, comment_id, trash_id=trash_id, revision=await uow.next_revision())


async def require_reach(uow: UnitOfWork, comment: Comment) -> None:
    """Raise NotAuthor unless the caller may delete and restore a comment; MemberNotFound."""
    caller = await members.get(uow, uow.principal.user_id)
    if comment.author_id != caller.user_id and not outranks(caller.role, "editor"):
        raise NotAuthor(comment.id)


async def require_room(uow: UnitOfWork, task_id: UUID) -> None:
    """Raise LimitReached if a task can have no other comment."""
    if await uow.comments.count(uow.workspace_id, task_id=task_id) >= MOST_COMMENTS:
        raise LimitReached("task", things="comments", most=MOST_COMMENTS)

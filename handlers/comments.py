"""Comments."""

from uuid import UUID

from domain import comments, restoring
from domain.model.comments import Comment
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import patched, sent
from spec import responses
from spec.models import CommentCreate, CommentPatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_comments(uow: UnitOfWork, task_id: UUID, limit: int, cursor: str | None = None) -> Response:
    """200 with the comments of the task, the oldest first."""
    return ok(page_view(await comments.page(uow, task_id, limit=limit, cursor=cursor), comment_view))


async def create_comment(uow: UnitOfWork, workspace_id: UUID, task_id: UUID, body: CommentCreate) -> Response:
    """201 with the new comment."""
    comment = await comments.create(uow, task_id, comment_id=sent(body.id, default=None), text=body.text)
    return created(
        comment_view(comment), location=f"/v1/workspaces/{workspace_id}/tasks/{task_id}/comments/{comment.id}"
    )


async def get_comment(uow: UnitOfWork, task_id: UUID, comment_id: UUID) -> Response:
    """200 with the comment."""
    return ok(comment_view(await comments.get(uow, task_id, comment_id)))


async def update_comment(uow: UnitOfWork, task_id: UUID, comment_id: UUID, body: CommentPatch) -> Response:
    """200 with the comment as it is now."""
    return ok(comment_view(await comments.update(uow, task_id, comment_id, text=patched(body.text))))


async def delete_comment(uow: UnitOfWork, task_id: UUID, comment_id: UUID) -> Response:
    """204; the comment is deleted."""
    await comments.delete(uow, task_id, comment_id)
    return no_content()


async def restore_comment(uow: UnitOfWork, task_id: UUID, comment_id: UUID) -> Response:
    """200 with the comment, which is live."""
    return ok(comment_view(await restoring.comment(uow, task_id, comment_id)))


def comment_view(comment: Comment) -> responses.Comment:
    """A `Comment`."""
    return {
        "id": comment.id,
        "workspace_id": comment.workspace_id,
        "task_id": comment.task_id,
        "author_id": comment.author_id,
        "text": comment.text,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "revision": comment.revision,
    }

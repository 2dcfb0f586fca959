"""What the operations on comments do."""

from __future__ import annotations

from tests.integration.model.things import Comment
from tests.integration.model.workspace import Body, Reason, Refused, Workspace, conflict


def create_comment(now: Workspace, *, task_id: str, new_id: str, body: Body) -> None:
    _require_active(now, task_id)
    now.comments.append(Comment(id=new_id, task_id=task_id, author_id=now.actor, text=body["text"]))


def update_comment(now: Workspace, *, task_id: str, comment_id: str, body: Body) -> None:
    """Only by the author."""
    comment = now.comment(task_id, comment_id)
    if comment.author_id != now.actor:
        raise Refused(Reason(403, "not-author"))
    _require_active(now, task_id)
    if comment.text != body["text"]:
        comment.text, comment.edited_at = body["text"], now.next


def delete_comment(now: Workspace, *, task_id: str, comment_id: str) -> None:
    """By the author, or by the owner, who is the first member."""
    comment = now.comment(task_id, comment_id)
    if now.actor not in {comment.author_id, now.members[0].id}:
        raise Refused(Reason(403, "not-author"))
    _require_active(now, task_id)
    now.comments.remove(comment)


def _require_active(now: Workspace, task_id: str) -> None:
    if now.project(now.task(task_id).project_id).archived_at is not None:
        raise Refused(conflict("project-archived"))

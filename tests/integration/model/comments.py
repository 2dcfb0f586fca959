"""What the operations on comments do."""

from __future__ import annotations

from tests.integration.model.things import Comment
from tests.integration.model.workspace import Body, Reason, Refused, Workspace


def create_comment(now: Workspace, *, task_id: str, new_id: str, body: Body) -> None:
    now.task_to_change(task_id)
    now.comments.append(Comment(id=new_id, task_id=task_id, author_id=now.actor, text=body["text"]))


def update_comment(now: Workspace, *, task_id: str, comment_id: str, body: Body) -> None:
    """Only by the author."""
    comment = now.comment(task_id, comment_id)
    if comment.author_id != now.actor:
        raise Refused(Reason(403, "not-author"))
    now.task_to_change(task_id)
    if comment.text != body["text"]:
        comment.text, comment.edited_at = body["text"], now.next


def delete_comment(now: Workspace, *, task_id: str, comment_id: str) -> None:
    comment = now.comment(task_id, comment_id)
    require_reach(now, comment)
    now.task_to_change(task_id)
    now.delete("comment", comment_id, comment)


def require_reach(now: Workspace, comment: Comment) -> None:
    """The author deletes and restores it, and so does the owner, who is the first member."""
    if now.actor not in {comment.author_id, now.members[0].id}:
        raise Refused(Reason(403, "not-author"))

"""The table and the repository of comments."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    insert,
    select,
    union_all,
    update,
)

from domain.errors import IdTaken
from domain.events import event_of, restored
from domain.model.comments import Comment, CommentEvent
from persistence.change_log import ChangeLog, ends_of
from persistence.compiled import BULK, padded
from persistence.constants import constant
from persistence.mapping import Mapper
from persistence.metadata import (
    INSTANT,
    TRASH_ID,
    is_live,
    logged_as,
    means,
    metadata,
    partial_index,
    trash_id,
)
from persistence.paging import Pages
from persistence.runners import Runner
from persistence.trash_rows import trash
from persistence.unindexed import among, unindexed

comments: Final = Table(
    "comments",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("task_id", Uuid, nullable=False),
    Column("author_id", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("edited_at", INSTANT),
    Column("revision", BigInteger, nullable=False),
    trash_id(),
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(
        ["workspace_id", "task_id"],
        ["tasks.workspace_id", "tasks.id"],
        name="fk_comments_task_id",
        ondelete="CASCADE",
    ),
    info=logged_as("comment"),
)
_LIVE: Final = is_live(comments)
partial_index(
    "ix_comments_created_at",
    comments.c.workspace_id,
    comments.c.task_id,
    comments.c.created_at,
    comments.c.id,
    where=_LIVE,
)
partial_index("ix_comments_trash_id", comments.c.workspace_id, comments.c.trash_id, comments.c.id, where=~_LIVE)
Index("ix_comments_task_id", comments.c.workspace_id, comments.c.task_id, comments.c.trash_id)

COMMENTS: Final = Mapper(Comment, comments, fixed=("id", "workspace_id", "task_id", "author_id", "created_at"))
_OF_WORKSPACE: Final = comments.c.workspace_id == bindparam("workspace")
_IN_WORKSPACE: Final = and_(_OF_WORKSPACE, _LIVE)
_OF_TASK: Final = (_IN_WORKSPACE, comments.c.task_id == bindparam("task"))
_ONE: Final = (_OF_WORKSPACE, unindexed(_LIVE), comments.c.id == bindparam("comment"))

_DELETED: Final[CommentEvent] = "comment.deleted"

_INSERT: Final = insert(comments)
_SELECT: Final = select(*COMMENTS.columns).where(*_ONE)
_COUNT: Final = select(func.count()).select_from(comments).where(*_OF_TASK)
_PAGES: Final = Pages(select(*COMMENTS.columns).where(*_OF_TASK), comments.c.created_at, comments.c.id)
_UPDATE: Final = update(comments).where(*_ONE)
_DELETE: Final = update(comments).where(*_ONE).values(trash_id=bindparam("trash")).returning(comments.c.id)
_OF_TASKS: Final = among(comments.c.workspace_id, comments.c.task_id, "tasks")
_kind: Final = (
    select(trash.c.kind)
    .where(trash.c.workspace_id == comments.c.workspace_id, trash.c.id == comments.c.trash_id)
    .scalar_subquery()
)
_live: Final = select(comments.c.id, comments.c.trash_id).where(_OF_TASKS, _LIVE).limit(bindparam("limit")).subquery()
_left: Final = (
    select(comments.c.id, comments.c.trash_id)
    .where(_OF_TASKS, unindexed(comments.c.trash_id != bindparam("trash")), _kind != constant("comment"))
    .limit(bindparam("limit"))
    .subquery()
)
_SOME: Final = union_all(select(_live), select(_left)).limit(bindparam("limit"))
"""Comments of tasks: live ones, then those that another deletion took before it was interrupted."""
_DELETE_SOME: Final = (
    update(comments)
    .where(among(comments.c.workspace_id, comments.c.id, "comments"), unindexed(_LIVE))
    .values(trash_id=bindparam("trash"))
    .returning(comments.c.id)
    .execution_options(**BULK)
)
_TAKE_OVER: Final = (
    update(comments)
    .where(among(comments.c.workspace_id, comments.c.id, "comments"), unindexed(~_LIVE))
    .values(trash_id=bindparam("trash"))
    .returning(comments.c.id)
    .execution_options(**BULK)
)
_IN_TRASH: Final = (
    select(*COMMENTS.columns)
    .where(_OF_WORKSPACE, comments.c.trash_id == bindparam("trash"))
    .order_by(comments.c.id)
    .limit(bindparam("limit"))
)
_RESTORE: Final = update(comments).where(
    among(comments.c.workspace_id, comments.c.id, bindparam("comment", type_=comments.c.id.type)), unindexed(~_LIVE)
)


class Comments:
    """Implements domain.model.comments.CommentRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, comment: Comment) -> None:
        await self._change_log.write(_INSERT, COMMENTS.values(comment), event_of("comment.created", comment))

    async def get(self, workspace_id: UUID, comment_id: UUID) -> Comment | None:
        return COMMENTS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "comment": comment_id}))

    async def count(self, workspace_id: UUID, *, task_id: UUID) -> int:
        row = await self._runner.row(_COUNT, {"workspace": workspace_id, "task": task_id})
        return 0 if row is None else int(row[0])

    async def page(
        self, workspace_id: UUID, *, task_id: UUID, after: tuple[dt.datetime, UUID] | None, limit: int
    ) -> Sequence[Comment]:
        place = {"workspace": workspace_id, "task": task_id}
        return COMMENTS.all(await _PAGES.read(self._runner, place, after=after, limit=limit))

    async def update(self, comment: Comment, *, before: Comment) -> None:
        key = {"workspace": comment.workspace_id, "comment": comment.id}
        event = event_of("comment.updated", comment, before=before)
        await self._change_log.write(_UPDATE, {**key, **COMMENTS.changes(comment, before=before)}, event)

    async def delete(self, workspace_id: UUID, comment_id: UUID, *, trash_id: UUID, revision: int) -> None:
        place = {"workspace": workspace_id, "comment": comment_id, "trash": trash_id}
        await self._change_log.write_one(_DELETE, place, ends_of(_DELETED, workspace_id, revision))

    async def delete_some(
        self, workspace_id: UUID, *, task_ids: Collection[UUID], trash_id: UUID, revision: int, limit: int
    ) -> int:
        if not task_ids:
            return 0
        place = {"workspace": workspace_id, "tasks": padded(list(task_ids)), "trash": trash_id, "limit": limit}
        found = await self._runner.rows(_SOME, place)
        some = {"workspace": workspace_id, "trash": trash_id}
        if live := [row[0] for row in found if row[1] is None]:
            end = ends_of(_DELETED, workspace_id, revision)
            await self._change_log.write_all(_DELETE_SOME, {**some, "comments": padded(live)}, end)
        if left := [row[0] for row in found if row[1] is not None]:
            await self._change_log.write_unseen(_TAKE_OVER, {**some, "comments": padded(left)})
        return len(found)

    async def in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Comment]:
        place = {"workspace": workspace_id, "trash": trash_id, "limit": limit}
        return COMMENTS.all(await self._runner.rows(_IN_TRASH, place))

    async def restore_all(self, comments: Sequence[Comment]) -> None:
        await self._change_log.write_many(
            _RESTORE,
            [
                (
                    {"workspace": each.workspace_id, "comment": each.id, **COMMENTS.changes(each), TRASH_ID: None},
                    restored("comment.restored", each),
                )
                for each in comments
            ],
        )

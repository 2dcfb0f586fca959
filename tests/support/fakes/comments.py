import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from domain.events import end_of, event_of, restored
from domain.model.comments import Comment
from domain.model.trash import TrashEntry
from tests.support.fakes.store import Store, Trashed, page_of


class FakeComments:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._comments = store.of(Comment)

    async def add(self, comment: Comment) -> None:
        key = (comment.workspace_id, comment.id)
        self._store.require_new(Comment, self._comments, key)
        assert (comment.workspace_id, comment.task_id) in self._store.tasks
        self._comments[key] = comment
        self._store.events.append(event_of("comment.created", comment))

    async def get(self, workspace_id: UUID, comment_id: UUID) -> Comment | None:
        return self._comments.get((workspace_id, comment_id))

    async def count(self, workspace_id: UUID, *, task_id: UUID) -> int:
        return len(self._of(workspace_id, [task_id]))

    async def page(
        self, workspace_id: UUID, *, task_id: UUID, after: tuple[dt.datetime, UUID] | None, limit: int
    ) -> Sequence[Comment]:
        return page_of(
            self._of(workspace_id, [task_id]), place=lambda each: (each.created_at, each.id), after=after, limit=limit
        )

    async def update(self, comment: Comment, *, before: Comment) -> None:
        assert self._comments[comment.workspace_id, comment.id] == before
        self._comments[comment.workspace_id, comment.id] = comment
        self._store.events.append(event_of("comment.updated", comment, before=before))

    async def delete(self, workspace_id: UUID, comment_id: UUID, *, trash_id: UUID, revision: int) -> None:
        self._store.to_trash(self._comments, (workspace_id, comment_id), trash_id=trash_id)
        self._store.events.append(end_of("comment.deleted", comment_id, workspace_id=workspace_id, revision=revision))

    async def delete_some(
        self, workspace_id: UUID, *, task_ids: Collection[UUID], trash_id: UUID, revision: int, limit: int
    ) -> int:
        some = self._of(workspace_id, task_ids)[:limit]
        for each in some:
            self._store.to_trash(self._comments, (workspace_id, each.id), trash_id=trash_id)
            end = end_of("comment.deleted", each.id, workspace_id=workspace_id, revision=revision)
            self._store.events.append(end)
        left = [
            each
            for each, entry_id in self._store.in_trash(Comment, workspace_id)
            if each.task_id in task_ids and entry_id != trash_id and self._was_interrupted(workspace_id, entry_id)
        ][: limit - len(some)]
        for each in left:
            self._store.trashed[Comment, workspace_id, each.id] = Trashed(each, trash_id)
        return len(some) + len(left)

    def _was_interrupted(self, workspace_id: UUID, entry_id: UUID) -> bool:
        entry = self._store.of(TrashEntry).get((workspace_id, entry_id))
        return entry is not None and entry.kind != "comment"

    async def in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Comment]:
        return [each for each, entry_id in self._store.in_trash(Comment, workspace_id) if entry_id == trash_id][:limit]

    async def restore_all(self, comments: Sequence[Comment]) -> None:
        for each in comments:
            self._store.from_trash(self._comments, (each.workspace_id, each.id), each)
            self._store.events.append(restored("comment.restored", each))

    def _of(self, workspace_id: UUID, task_ids: Collection[UUID]) -> list[Comment]:
        return [each for (at, _), each in self._comments.items() if at == workspace_id and each.task_id in task_ids]

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from domain.events import Event, is_end
from domain.model.changes import ChangeType, CommentFilter, Entity, LogEntry, LogPlace, LogRecord, id_of
from domain.model.comments import Comment
from domain.model.labels import Label
from domain.model.sections import Section
from tests.support.defaults import NOON
from tests.support.fakes.store import Store
from tests.support.service_callers import encode_event

_OTHERS: Final[Mapping[str, type[Any]]] = {"label": Label, "section": Section, "comment": Comment}


class FakeChanges:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def bounds(self, workspace_id: UUID) -> tuple[int, int]:
        workspace = self._store.workspaces[workspace_id]
        return workspace.head, self._store.changes_from.get(workspace_id, 0)

    async def entries(self, workspace_id: UUID, *, after: LogPlace, limit: int) -> Sequence[LogEntry]:
        return [entry for _, entry in self._log(workspace_id) if entry.place > after][:limit]

    def _log(self, workspace_id: UUID) -> Sequence[tuple[Event, LogEntry]]:
        numbers = Counter[int]()
        entries: list[tuple[Event, LogEntry]] = []
        events = [event for event in self._store.events if event.workspace_id == workspace_id]
        last = {(event.revision, event.kind, event.entity_id): event for event in events}
        for event in events:
            numbers[event.revision] += 1
            is_last = last[event.revision, event.kind, event.entity_id] is event
            entries.append((event, _entry(event, sequence=numbers[event.revision], is_last=is_last)))
        return sorted(entries, key=lambda each: each[1].place)

    async def logged(
        self, workspace_id: UUID, *, after: LogPlace, limit: int, types: Collection[ChangeType] | None = None
    ) -> Sequence[LogRecord]:
        later = [(event, entry) for event, entry in self._log(workspace_id) if entry.place > after]
        return [
            LogRecord(
                place=entry.place,
                event=event.type,
                entity_id=event.entity_id,
                actor_id=None,
                recorded_at=NOON,
                body=encode_event(event) if types is None or event.kind in types else None,
            )
            for event, entry in later[:limit]
        ]

    async def live(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Sequence[Entity]:
        return self._live(workspace_id, kind, ids)

    def _live(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Sequence[Entity]:
        kept: Mapping[str, Mapping[Any, Any]] = {
            "member": self._store.members,
            "project": self._store.projects,
            "task": self._store.tasks,
            **{name: self._store.of(entity) for name, entity in _OTHERS.items()},
        }
        return [
            entity for entity in kept[kind].values() if entity.workspace_id == workspace_id and id_of(entity) in ids
        ]

    async def revisions(self, workspace_id: UUID, kind: ChangeType, ids: Collection[UUID]) -> Mapping[UUID, int]:
        return {id_of(each): each.revision for each in self._live(workspace_id, kind, ids)}

    async def deletions(self, workspace_id: UUID, ids: Collection[UUID]) -> Mapping[tuple[str, UUID], int]:
        found: dict[tuple[str, UUID], int] = {}
        for event in self._store.events:
            if event.workspace_id == workspace_id and event.entity_id in ids:
                if event.is_the_end:
                    found[event.kind, event.entity_id] = event.revision
                elif event.is_restored:
                    del found[event.kind, event.entity_id]
        return found

    async def comment_ids(
        self, workspace_id: UUID, *, only: CommentFilter | None, after: UUID | None, limit: int
    ) -> Sequence[tuple[UUID, bool]]:
        live = [each for each in self._store.of(Comment).values() if each.workspace_id == workspace_id]
        trashed = [comment for comment, _ in self._store.in_trash(Comment, workspace_id)]
        ids = sorted(each.id for each in [*live, *trashed] if after is None or each.id > after)
        wanted = {each.id for each in live if only is None or self._matches(each, only)}
        return [(each, each in wanted) for each in ids[:limit]]

    def _matches(self, comment: Comment, only: CommentFilter) -> bool:
        task = self._store.tasks[comment.workspace_id, comment.task_id]
        is_recent = only.closed_since is not None and task.updated_at >= only.closed_since
        return task.status == "open" or task.revision > only.head or is_recent


def _entry(event: Event, *, sequence: int, is_last: bool) -> LogEntry:
    return LogEntry(
        place=LogPlace(event.revision, sequence),
        type=cast("ChangeType", event.kind),
        entity_id=event.entity_id,
        is_last=is_last,
        is_end=is_end(event.type),
    )

from collections.abc import Sequence
from uuid import UUID

from domain.model.trash import TrashEntry, TrashKind, TrashQuery
from tests.support.fakes.store import Store, page_of


class FakeTrash:
    def __init__(self, store: Store) -> None:
        self._entries = store.of(TrashEntry)

    async def add(self, entry: TrashEntry) -> None:
        assert await self.of(entry.workspace_id, entry.kind, entry.thing_id) is None
        self._entries[entry.workspace_id, entry.id] = entry

    async def of(self, workspace_id: UUID, kind: TrashKind, thing_id: UUID) -> TrashEntry | None:
        entries = self._entries.values()
        return next(
            (e for e in entries if (e.workspace_id, e.kind, e.thing_id) == (workspace_id, kind, thing_id)), None
        )

    async def update(self, entry: TrashEntry) -> None:
        assert (entry.workspace_id, entry.id) in self._entries
        self._entries[entry.workspace_id, entry.id] = entry

    async def remove(self, workspace_id: UUID, entry_id: UUID) -> None:
        del self._entries[workspace_id, entry_id]

    async def page(self, query: TrashQuery) -> Sequence[TrashEntry]:
        listed = [
            entry
            for entry in self._entries.values()
            if entry.workspace_id == query.workspace_id
            and query.kind in {None, entry.kind}
            and entry.expires_at > query.now
        ]
        return page_of(listed, place=lambda entry: entry.id, after=query.after, limit=query.limit, descending=True)

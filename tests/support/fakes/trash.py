from collections.abc import Sequence
from uuid import UUID

from domain.model.comments import Comment
from domain.model.labels import Label
from domain.model.projects import Project
from domain.model.sections import Section
from domain.model.tasks import Task
from domain.model.trash import TrashEntry, TrashKind, TrashQuery
from tests.support.fakes.completions import FakeCompletions
from tests.support.fakes.store import Store, page_of


class FakeTrash:
    def __init__(self, store: Store) -> None:
        self._store = store
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

    async def oldest(self, workspace_id: UUID) -> TrashEntry | None:
        mine = [entry for entry in self._entries.values() if entry.workspace_id == workspace_id]
        return min(mine, key=lambda entry: entry.id, default=None)

    async def purge(self, entry: TrashEntry, *, limit: int) -> int:
        trashed = self._store.trashed
        mine = [key for key, each in trashed.items() if each.trash_id == entry.id]
        mine.sort(key=lambda key: (Comment, Task, Section, Project, Label).index(key[0]))
        for key in mine[:limit]:
            del trashed[key]
            FakeCompletions(self._store).forget(entry.workspace_id, key[2])
        links = self._store.hidden_links
        self._store.hidden_links = {key: entry_id for key, entry_id in links.items() if entry_id != entry.id}
        if len(mine) >= limit:
            return limit
        await self.remove(entry.workspace_id, entry.id)
        return len(mine) + 1

    async def page(self, query: TrashQuery) -> Sequence[TrashEntry]:
        listed = [
            entry
            for entry in self._entries.values()
            if entry.workspace_id == query.workspace_id
            and query.kind in {None, entry.kind}
            and entry.expires_at > query.now
        ]
        return page_of(listed, place=lambda entry: entry.id, after=query.after, limit=query.limit, descending=True)

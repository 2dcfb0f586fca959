from collections.abc import Sequence
from uuid import UUID

from domain.events import end_of, event_of, restored
from domain.model.sections import Section, SectionEvent, SectionQuery
from tests.support.fakes.store import Store, nearest, page_of


class FakeSections:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._sections = store.of(Section)

    async def add(self, section: Section) -> None:
        key = (section.workspace_id, section.id)
        self._store.require_new(Section, self._sections, key)
        self._put(section)
        self._store.events.append(event_of("section.created", section))

    async def get(self, workspace_id: UUID, section_id: UUID) -> Section | None:
        return self._sections.get((workspace_id, section_id))

    async def end(self, workspace_id: UUID, *, project_id: UUID) -> tuple[int, str | None]:
        found = self._of(workspace_id, project_id)
        return len(found), max((section.position for section in found), default=None)

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Section]:
        return nearest(self._of(workspace_id, project_id), cut=cut, limit=limit)

    async def page(self, query: SectionQuery) -> Sequence[Section]:
        return page_of(
            self._of(query.workspace_id, query.project_id),
            place=lambda section: (section.project_id, section.position),
            after=query.after,
            limit=query.limit,
        )

    async def update(self, section: Section, *, before: Section, event: SectionEvent) -> None:
        assert self._sections[section.workspace_id, section.id] == before
        self._put(section)
        self._store.events.append(event_of(event, section, before=before))

    async def delete_all(self, workspace_id: UUID, *, project_id: UUID, trash_id: UUID, revision: int) -> int:
        found = self._of(workspace_id, project_id)
        for section in found:
            await self.delete(workspace_id, section.id, trash_id=trash_id, revision=revision)
        return len(found)

    async def delete(self, workspace_id: UUID, section_id: UUID, *, trash_id: UUID, revision: int) -> None:
        self._store.to_trash(self._sections, (workspace_id, section_id), trash_id=trash_id)
        assert not [t for t in self._store.tasks.values() if t.section_id == section_id]
        self._store.events.append(end_of("section.deleted", section_id, workspace_id=workspace_id, revision=revision))

    async def in_trash(self, workspace_id: UUID, trash_id: UUID) -> Sequence[Section]:
        return [each for each, entry_id in self._store.in_trash(Section, workspace_id) if entry_id == trash_id]

    async def restore_all(self, sections: Sequence[Section]) -> None:
        for section in sections:
            self._store.from_trash(self._sections, (section.workspace_id, section.id), section)
            self._put(section)
            self._store.events.append(restored("section.restored", section))

    def _of(self, workspace_id: UUID, project_id: UUID | None) -> list[Section]:
        return [
            section
            for section in self._sections.values()
            if section.workspace_id == workspace_id and project_id in {None, section.project_id}
        ]

    def _put(self, section: Section) -> None:
        """Store it. No other section in its order has its position."""
        assert not [
            each
            for each in self._of(section.workspace_id, section.project_id)
            if each.position == section.position and each.id != section.id
        ]
        self._sections[section.workspace_id, section.id] = section

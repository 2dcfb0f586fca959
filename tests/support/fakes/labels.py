from collections.abc import Collection, Sequence
from functools import cache
from uuid import UUID

from domain.events import end_of, event_of, restored
from domain.model import labels
from domain.model.labels import Label, LabelEvent
from tests.support.fakes.store import Store, nearest, page_of

_name_key = cache(labels.name_key)
"""A table stores the key. Here it would be computed from the name of each label whenever one is looked for."""


class FakeLabels:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._labels = store.of(Label)

    async def add(self, label: Label) -> None:
        key = (label.workspace_id, label.id)
        self._store.require_new(Label, self._labels, key)
        self._put(label)
        self._store.events.append(event_of("label.created", label))

    async def get(self, workspace_id: UUID, label_id: UUID) -> Label | None:
        return self._labels.get((workspace_id, label_id))

    async def named(self, workspace_id: UUID, key: str) -> UUID | None:
        return next((label.id for label in self._all(workspace_id) if _name_key(label.name) == key), None)

    async def existing(self, workspace_id: UUID, label_ids: Collection[UUID]) -> Collection[UUID]:
        return {label.id for label in self._all(workspace_id)} & set(label_ids)

    async def count(self, workspace_id: UUID) -> int:
        return len(self._all(workspace_id))

    async def last_position(self, workspace_id: UUID) -> str | None:
        return max((label.position for label in self._all(workspace_id)), default=None)

    async def around(self, workspace_id: UUID, *, cut: str, limit: int) -> Sequence[Label]:
        return nearest(self._all(workspace_id), cut=cut, limit=limit)

    async def page(self, workspace_id: UUID, *, after: str | None, limit: int) -> Sequence[Label]:
        return page_of(self._all(workspace_id), place=lambda label: label.position, after=after, limit=limit)

    async def update(self, label: Label, *, before: Label, event: LabelEvent) -> None:
        assert self._labels[label.workspace_id, label.id] == before
        self._put(label)
        self._store.events.append(event_of(event, label, before=before))

    async def delete(self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, revision: int) -> None:
        self._store.to_trash(self._labels, (workspace_id, label_id), trash_id=trash_id)
        assert not [t for t in self._store.tasks.values() if label_id in t.label_ids]
        self._store.events.append(end_of("label.deleted", label_id, workspace_id=workspace_id, revision=revision))

    async def in_trash(self, workspace_id: UUID, label_id: UUID) -> Label | None:
        return next((each for each, _ in self._store.in_trash(Label, workspace_id) if each.id == label_id), None)

    async def restore(self, label: Label) -> None:
        self._store.from_trash(self._labels, (label.workspace_id, label.id), label)
        self._put(label)
        self._store.events.append(restored("label.restored", label))

    def _all(self, workspace_id: UUID) -> list[Label]:
        return [label for label in self._labels.values() if label.workspace_id == workspace_id]

    def _put(self, label: Label) -> None:
        """Store it. No other label in its order has its position."""
        there = [each for each in self._labels.values() if each.position == label.position]
        assert not [each for each in there if each.workspace_id == label.workspace_id and each.id != label.id]
        self._labels[label.workspace_id, label.id] = label

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

from domain.errors import IdTaken
from domain.events import event_of
from domain.model.workspaces import AccountHeads, Workspace, WorkspaceChange
from tests.support.fakes.store import Store, page_of, without


class FakeWorkspaces:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, workspace: Workspace) -> None:
        if workspace.id in self._store.workspaces:
            raise IdTaken
        self._store.workspaces[workspace.id] = workspace
        self._store.events.append(event_of("workspace.created", workspace))

    async def get(self, workspace_id: UUID, *, user_id: UUID) -> Workspace | None:
        member = self._store.members.get((workspace_id, user_id))
        return None if member is None else replace(self._store.workspaces[workspace_id], role=member.role)

    async def page(
        self,
        user_id: UUID,
        *,
        only: Collection[UUID] | None = None,
        after: tuple[dt.datetime, UUID] | None,
        limit: int,
    ) -> Sequence[Workspace]:
        found = [await self.get(workspace_id, user_id=user_id) for workspace_id in self._store.workspaces_of(user_id)]
        mine = [w for w in found if w is not None and (only is None or w.id in only)]
        first = [w for w in mine if w.personal and after is None]
        others = [w for w in mine if not w.personal]
        return [*first, *page_of(others, place=lambda w: (w.created_at, w.id), after=after, limit=limit)][:limit]

    async def heads(self, user_id: UUID, *, only: Collection[UUID] | None) -> AccountHeads:
        heads = [
            WorkspaceChange(
                workspace_id=each, head=self._store.workspaces[each].head, role=self._store.members[each, user_id].role
            )
            for each in self._store.workspaces_of(user_id)
            if only is None or each in only
        ]
        fired = self._store.fired_reminders.get(user_id, ())
        return AccountHeads(workspaces=heads, reminders_fired=max((each.number for each in fired), default=0))

    async def departures(self, user_id: UUID, *, limit: int) -> Sequence[UUID]:
        return [workspace_id for who, workspace_id in reversed(self._store.departures) if who == user_id][:limit]

    async def lock_joined(self, user_id: UUID) -> None:
        pass

    async def update(self, workspace: Workspace) -> None:
        stored = self._store.workspaces[workspace.id]
        self._store.workspaces[workspace.id] = replace(workspace, head=stored.head)
        self._store.events.append(event_of("workspace.updated", workspace))

    async def delete(self, workspace_ids: Sequence[UUID]) -> None:
        store = self._store
        store.departures += [(who, at) for at, who in store.members if at in workspace_ids]
        store.workspaces = without(store.workspaces, lambda workspace: workspace.id in workspace_ids)
        store.events = [event for event in store.events if event.workspace_id not in workspace_ids]
        store.delete_in(workspace_ids)

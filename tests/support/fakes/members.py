import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from domain.events import end_of, event_of
from domain.model.members import Member, MembershipSummary
from tests.support.fakes.store import Store, page_of


class FakeMembers:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, member: Member) -> None:
        self._store.members[member.workspace_id, member.user_id] = member
        self._store.events.append(event_of("member.added", member))

    async def get(self, workspace_id: UUID, user_id: UUID) -> Member | None:
        return self._store.members.get((workspace_id, user_id))

    async def existing(self, workspace_id: UUID, user_ids: Collection[UUID]) -> Collection[UUID]:
        return {user_id for user_id in user_ids if (workspace_id, user_id) in self._store.members}

    async def page(self, workspace_id: UUID, *, after: UUID | None, limit: int) -> Sequence[Member]:
        here = [member for (at, _), member in self._store.members.items() if at == workspace_id]
        return page_of(here, place=lambda m: m.user_id, after=after, limit=limit)

    async def has_address(self, workspace_id: UUID, *, email_key: str) -> bool:
        here = [self._store.users[who] for at, who in self._store.members if at == workspace_id]
        return any(user.email_verified_at and (user.email or "").lower() == email_key for user in here)

    async def count_joined(self, user_id: UUID) -> int:
        return sum(who == user_id for _, who in self._store.members)

    async def count_owners(self, workspace_id: UUID) -> int:
        return sum(m.role == "owner" for (at, _), m in self._store.members.items() if at == workspace_id)

    async def update(self, member: Member) -> None:
        self._store.members[member.workspace_id, member.user_id] = member
        self._store.events.append(event_of("member.updated", member))

    async def delete(self, workspace_id: UUID, user_id: UUID, *, revision: int) -> None:
        self._remove(workspace_id, user_id)
        self._store.departures.append((user_id, workspace_id))
        end = end_of("member.removed", user_id, workspace_id=workspace_id, revision=revision)
        self._store.events.append(end)

    async def membership_summaries(self, user_id: UUID) -> Sequence[MembershipSummary]:
        found = []
        for workspace_id in self._store.workspaces_of(user_id):
            others = [m for (at, of), m in self._store.members.items() if at == workspace_id and of != user_id]
            summary = MembershipSummary(
                workspace_id=workspace_id,
                role=self._store.members[workspace_id, user_id].role,
                other_members=len(others),
                other_owners=sum(other.role == "owner" for other in others),
            )
            found.append(summary)
        return found

    async def rename(self, user_id: UUID, *, name: str, at: dt.datetime) -> None:
        for workspace_id in self._store.workspaces_of(user_id):
            key = (workspace_id, user_id)
            revision = self._store.take_number(workspace_id)
            renamed = replace(self._store.members[key], name=name, updated_at=at, revision=revision)
            self._store.members[key] = renamed
            self._store.events.append(event_of("member.updated", renamed))

    async def next_revisions(self, user_id: UUID) -> Mapping[UUID, int]:
        return {each: self._store.take_number(each) for each in self._store.workspaces_of(user_id)}

    async def forget(self, user_id: UUID, *, limit: int) -> int:  # noqa: ARG002 -- its events have no payloads
        return 0

    async def remove(self, user_id: UUID, *, revisions: Mapping[UUID, int]) -> None:
        for workspace_id, revision in revisions.items():
            self._remove(workspace_id, user_id)
            end = end_of("member.removed", user_id, workspace_id=workspace_id, revision=revision)
            self._store.events.append(end)

    def _remove(self, workspace_id: UUID, user_id: UUID) -> None:
        del self._store.members[workspace_id, user_id]
        here = [task for (at, _), task in self._store.tasks.items() if at == workspace_id]
        assert not [task for task in here if user_id in task.assignee_ids]

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import UUID

from domain.model.invitations import Invitation
from domain.roles import ROLES, Role
from tests.support.fakes.store import Store, page_of, without


class FakeInvitationReader:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        found = self._store.invitations.get(self._store.invitation_digests.get(digest, UUID(int=0)))
        return found if found and found.expires_at > now else None


class FakeInvitations(FakeInvitationReader):
    async def put(self, invitation: Invitation, *, email_key: str) -> Role | None:
        place = (invitation.workspace_id, email_key)
        old = next((i for i in self._store.invitations.values() if (i.workspace_id, i.email.lower()) == place), None)
        self._drop(lambda i: i is old)
        self._store.invitations[invitation.id] = invitation
        return old.role if old and old.expires_at > invitation.created_at else None

    async def get(self, workspace_id: UUID, invitation_id: UUID, *, now: dt.datetime) -> Invitation | None:
        found = self._store.invitations.get(invitation_id)
        return found if found and found.workspace_id == workspace_id and found.expires_at > now else None

    async def page(
        self, workspace_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        here = [i for i in self._store.invitations.values() if i.workspace_id == workspace_id and i.expires_at > now]
        return page_of(here, place=lambda i: i.id, after=after, limit=limit)

    async def set_digest(
        self, workspace_id: UUID, invitation_id: UUID, *, digest: bytes, mailed_at: dt.datetime | None
    ) -> None:
        found = self._store.invitations[invitation_id]
        assert found.workspace_id == workspace_id
        self._store.invitations[invitation_id] = replace(found, mailed_at=mailed_at)
        digests = self._store.invitation_digests.items()
        self._store.invitation_digests = {old: of for old, of in digests if of != invitation_id}
        self._store.invitation_digests[digest] = invitation_id

    async def delete(self, workspace_id: UUID, invitation_id: UUID) -> bool:
        found = self._store.invitations.get(invitation_id)
        self._drop(lambda i: i is found and i.workspace_id == workspace_id)
        return found is not None and invitation_id not in self._store.invitations

    async def withdraw(self, workspace_id: UUID, *, invited_by: UUID, roles: Collection[Role] = ROLES) -> None:
        self._drop(lambda i: i.workspace_id == workspace_id and i.invited_by == invited_by and i.role in roles)

    async def withdraw_to(self, workspace_id: UUID, *, user_id: UUID) -> None:
        keys = {key for key, of in self._store.email_keys.items() if of == user_id}
        self._drop(lambda i: i.workspace_id == workspace_id and i.email.lower() in keys)

    async def withdraw_all(self, invited_by: UUID) -> None:
        joined = self._store.workspaces_of(invited_by)
        self._drop(lambda i: i.workspace_id in joined and i.invited_by == invited_by)

    def _drop(self, is_gone: Callable[[Invitation], bool]) -> None:
        self._store.invitations = without(self._store.invitations, is_gone)

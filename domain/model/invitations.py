"""Invitations to workspaces: the entity, its errors, and the port of its repository."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import Conflict, Invalid, NotFound
from domain.roles import ROLES, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An offer to become a member, for whoever has its token.

    `mailed_at` is when the token was sent to `email`: None before that, and where the server does not send e-mail.
    """

    id: UUID
    workspace_id: UUID
    email: str
    role: Role
    invited_by: UUID
    created_at: dt.datetime
    expires_at: dt.datetime
    mailed_at: dt.datetime | None = None


class InvitationNotFound(NotFound):
    """The workspace does not have an open invitation with this id."""

    def __init__(self, invitation_id: UUID) -> None:
        super().__init__("This workspace does not have an open invitation with this id.")
        self.invitation_id = invitation_id


class AlreadyMember(Conflict):
    """A user accepted an invitation to a workspace that they are a member of."""

    summary = "Already a member"

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__(
            "You are a member of this workspace already, and an admin of it can change your role. The invitation was "
            "not used: another account can accept it."
        )
        self.workspace_id = workspace_id


class AddressOfMember(Conflict):
    """The address to invite is the caller's own, or one that a member of the workspace has verified."""

    summary = "Already a member"

    def __init__(self) -> None:
        super().__init__("This is the address of a member of the workspace, who does not need an invitation.")


class InvitationInvalid(Invalid):
    """The token does not belong to an open invitation."""

    code = "token"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("This token is unknown, expired, withdrawn or used. Ask for another invitation.")
        self.pointer = pointer


class InvitationReader(Protocol):
    """Finds an invitation by its token."""

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        """Return the invitation whose token has this digest, if it is not expired. It is not locked."""


class InvitationRepository(InvitationReader, Protocol):
    """Invitations. They are changed under the lock on their workspace.

    They are not in the change log, which must not have e-mail addresses.
    """

    async def put(self, invitation: Invitation, *, email_key: str) -> Role | None:
        """Store an invitation without a token. It replaces that of the same address, whose role is returned."""

    async def get(self, workspace_id: UUID, invitation_id: UUID, *, now: dt.datetime) -> Invitation | None:
        """Return the invitation if it is not expired."""

    async def page(
        self, workspace_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        """Return at most *limit* that are not expired, in order of id, which is by age."""

    async def set_digest(
        self, workspace_id: UUID, invitation_id: UUID, *, digest: bytes, mailed_at: dt.datetime | None
    ) -> None:
        """Store the digest of a new token in place of the earlier one. *mailed_at* is None if it is not sent."""

    async def delete(self, workspace_id: UUID, invitation_id: UUID) -> bool:
        """Return False if there is none."""

    async def withdraw(self, workspace_id: UUID, *, invited_by: UUID, roles: Collection[Role] = ROLES) -> None:
        """Delete the invitations of a member to one of these roles."""

    async def withdraw_to(self, workspace_id: UUID, *, user_id: UUID) -> None:
        """Delete the invitation to a user's address."""

    async def withdraw_all(self, invited_by: UUID) -> None:
        """Delete the invitations of a user in all of their workspaces, which are locked."""

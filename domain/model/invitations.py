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
    """An offer to become a member, to whoever has its token.

    `mailed_at` is when the token was sent to *email*; None before that, and where whoever invited got it to pass it on.
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
    """The workspace has no invitation of this id that waits to be accepted."""

    def __init__(self, invitation_id: UUID) -> None:
        super().__init__("This workspace does not have an open invitation with this id.")
        self.invitation_id = invitation_id


class AlreadyMember(Conflict):
    """Somebody accepted an invitation to a workspace that they are in."""

    summary = "Already a member"

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__(
            "You are a member of this workspace already, and an admin of it can change your role. The invitation was "
            "not used: another account can accept it."
        )
        self.workspace_id = workspace_id


class AddressOfMember(Conflict):
    """Somebody is to be invited to a workspace, and the address is the caller's, or a member of it has verified it."""

    summary = "Already a member"

    def __init__(self) -> None:
        super().__init__("This is the address of a member of the workspace, who does not need an invitation.")


class InvitationInvalid(Invalid):
    """The token is of no invitation that waits to be accepted."""

    code = "token"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("This token is unknown, expired, withdrawn or used. Ask for another invitation.")
        self.pointer = pointer


class InvitationReader(Protocol):
    """Who can tell which invitation a token is of."""

    async def find_invitation(self, digest: bytes, *, now: dt.datetime) -> Invitation | None:
        """The one whose token has this digest, in whatever workspace, if it is not expired. It is not locked."""


class InvitationRepository(InvitationReader, Protocol):
    """Invitations. They are changed under the lock on their workspace.

    The log does not tell of them, as no e-mail address is ever in it.
    """

    async def put(self, invitation: Invitation, *, email_key: str) -> Role | None:
        """In the place of the one that this address has, if any, whose role is returned. It has no token yet."""

    async def get(self, workspace_id: UUID, invitation_id: UUID, *, now: dt.datetime) -> Invitation | None:
        """One that is not expired."""

    async def page(
        self, workspace_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int
    ) -> Sequence[Invitation]:
        """At most *limit* that are not expired, ordered by id, which is by age."""

    async def set_digest(
        self, workspace_id: UUID, invitation_id: UUID, *, digest: bytes, mailed_at: dt.datetime | None
    ) -> None:
        """That of a new token, in the place of an earlier one; *mailed_at* is when it is sent by mail, if it is."""

    async def delete(self, workspace_id: UUID, invitation_id: UUID) -> bool:
        """False when there is none."""

    async def withdraw(self, workspace_id: UUID, *, invited_by: UUID, roles: Collection[Role] = ROLES) -> None:
        """Delete what a member has invited to one of these roles."""

    async def withdraw_to(self, workspace_id: UUID, *, user_id: UUID) -> None:
        """Delete what was sent to a user's address."""

    async def withdraw_all(self, invited_by: UUID) -> None:
        """Delete what a user has invited to any of their workspaces, which the caller has locked."""

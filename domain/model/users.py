"""Accounts: the entity, its errors, and the port of its repository."""

import datetime as dt
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import Conflict, Forbidden, NotFound, Unauthenticated
from domain.model.invitations import InvitationReader
from domain.model.one_time_tokens import OneTimeToken


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `email` is kept as it was written; `domain.emails.email_key` is what it is found by.

    Only an account that an identity provider vouched for may have none. `email_verified_at` is when it was shown that
    what is sent there is read by the user; None until then. `new_email` takes its place once that was shown of it.
    """

    id: UUID
    email: str | None
    email_verified_at: dt.datetime | None
    name: str
    time_zone: str
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int
    new_email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a password is checked against. The hash says how it was made; an account from outside has none.

    A new password must not be `email` or `name`.
    """

    user_id: UUID
    email: str | None
    name: str
    password_hash: str | None


class UserNotFound(NotFound):
    """There is no account with this e-mail address. Only an operator is told."""

    def __init__(self) -> None:
        super().__init__("No account has this e-mail address.")


class EmailTaken(Conflict):
    """Somebody registered this address before, in whatever case they wrote it."""

    summary = "The e-mail address is taken"

    def __init__(self) -> None:
        super().__init__("An account has this e-mail address already.")


class EmailVerified(Conflict):
    """There is nothing left to prove about the address."""

    summary = "The e-mail address is verified"

    def __init__(self) -> None:
        super().__init__("Your e-mail address is verified already, or your account does not have one.")


class AccountGone(Unauthenticated):
    """The account was deleted, or the call's session or token ended, while the call was on its way."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__("The account is deleted, or the session or token of this request has ended. Log in again.")
        self.user_id = user_id


class RegistrationClosed(Forbidden):
    """The operator lets nobody register."""

    summary = "Registration is closed"

    def __init__(self) -> None:
        super().__init__("Registration is closed. Ask the operator of this server for an account.")


class InvitationRequired(Forbidden):
    """The operator lets nobody register who is not invited."""

    summary = "An invitation is required"

    def __init__(self) -> None:
        super().__init__("Registration needs an invitation. Send its token as `invitation_token`.")


class CredentialRepository(InvitationReader, Protocol):
    """Reads outside of any transaction: a password is checked before one is opened, and a token before work is done."""

    async def find(self, user_id: UUID) -> Credentials | None:
        """The credentials of a user, as last committed."""

    async def find_by_email(self, email_key: str) -> Credentials | None:
        """The credentials of the user with this `email_key`, as last committed."""

    async def find_token(self, digest: bytes) -> OneTimeToken | None:
        """The token of this digest, expired or not, as last committed."""


class UserRepository(Protocol):
    """Accounts. A write that touches an account locks its row first, before any workspace.

    The row of the caller of a write that names no workspace is locked from the beginning.
    """

    async def add(self, user: User, *, email_key: str | None, password_hash: str | None) -> None:
        """Raises EmailTaken when another account has this *email_key*."""

    async def get(self, user_id: UUID) -> User | None:
        """Without a lock."""

    async def lock(self, user_id: UUID) -> User | None:
        """The user, and their row is ours until the transaction ends."""

    async def lock_if_password(self, user_id: UUID, *, password_hash: str) -> bool:
        """Lock the user's row if *password_hash*, read earlier, is still the stored one."""

    async def update(self, user: User) -> None:
        """Store the address, the one that is to replace it, the name, the time zone, and what goes with them.

        Raises EmailTaken when another account has the address.
        """

    async def set_password(self, user_id: UUID, *, password_hash: str) -> None:
        """Store a hash, of a new password or a better one of the same. It is in no representation: no new revision."""

    async def call_off_email(self, user_id: UUID) -> None:
        """Forget the address that is to replace theirs. It is in no representation: no new revision."""

    async def delete(self, user_id: UUID) -> None:
        """The user's identity, sessions and tokens go too. The caller has taken them out of all workspaces."""

"""Accounts: the entity, its errors, and the port of its repository."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from domain.errors import Conflict, Forbidden, NotFound, Unauthenticated
from domain.model.invitations import InvitationReader
from domain.model.one_time_tokens import OneTimeToken

REMINDER_TIME: Final = dt.time(9)
"""The `reminder_time` of a new account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `email` is as the user wrote it; an account is found by `domain.emails.email_key`.

    Only an account from an identity provider may have no `email`. `email_verified_at` is when the user proved that they
    read what is sent there. `new_email` replaces `email` once that is proved of it. `reminder_time`, in `time_zone`, is
    when tasks that are due on a day count as due for reminders.
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
    reminder_time: dt.time = REMINDER_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a password is checked against. An account from an identity provider does not have a hash.

    A new password must not be `email` or `name`.
    """

    user_id: UUID
    email: str | None
    name: str
    password_hash: str | None


class UserNotFound(NotFound):
    """No account has this e-mail address. Only an operator is sent this error."""

    def __init__(self) -> None:
        super().__init__("No account has this e-mail address.")


class EmailTaken(Conflict):
    """Another account has this address, in any upper or lower case."""

    summary = "The e-mail address is taken"

    def __init__(self) -> None:
        super().__init__("An account has this e-mail address already.")


class EmailVerified(Conflict):
    """The address is verified already, or there is none."""

    summary = "The e-mail address is verified"

    def __init__(self) -> None:
        super().__init__("Your e-mail address is verified already, or your account does not have one.")


class AccountGone(Unauthenticated):
    """The account was deleted, or the session or token of the request ended, during the request."""

    def __init__(self, user_id: UUID) -> None:
        super().__init__("The account is deleted, or the session or token of this request has ended. Log in again.")
        self.user_id = user_id


class RegistrationClosed(Forbidden):
    """The operator has closed registration."""

    summary = "Registration is closed"

    def __init__(self) -> None:
        super().__init__("Registration is closed. Ask the operator of this server for an account.")


class InvitationRequired(Forbidden):
    """The operator allows registration only with an invitation."""

    summary = "An invitation is required"

    def __init__(self) -> None:
        super().__init__("Registration needs an invitation. Send its token as `invitation_token`.")


class CredentialRepository(InvitationReader, Protocol):
    """Reads outside of any transaction, as a password or a token is checked before one is opened."""

    async def find(self, user_id: UUID) -> Credentials | None:
        """Return the credentials of a user, as last committed."""

    async def find_by_email(self, email_key: str) -> Credentials | None:
        """Return the credentials of the user with this `email_key`, as last committed."""

    async def find_token(self, digest: bytes) -> OneTimeToken | None:
        """Return the token with this digest, expired or not, as last committed."""


class UserRepository(Protocol):
    """Accounts. A write that changes an account locks its row first, before any workspace.

    A write that names no workspace holds the lock on its caller's account from the beginning.
    """

    async def add(self, user: User, *, email_key: str | None, password_hash: str | None) -> None:
        """Store a new account. Raises EmailTaken if another account has this *email_key*."""

    async def get(self, user_id: UUID) -> User | None:
        """Return the user, without a lock."""

    async def lock(self, user_id: UUID) -> User | None:
        """Lock the user's row until the transaction ends, and return the user."""

    async def lock_if_password(self, user_id: UUID, *, password_hash: str) -> bool:
        """Lock the user's row if *password_hash*, read earlier, is still stored. Return whether it is."""

    async def update(self, user: User) -> None:
        """Store what can change of an account. Raises EmailTaken if another account has the address."""

    async def set_password(self, user_id: UUID, *, password_hash: str) -> None:
        """Store a hash. It is not in any response, so the revision stays."""

    async def call_off_email(self, user_id: UUID) -> None:
        """Delete `new_email`. It is not in any response, so the revision stays."""

    async def delete(self, user_id: UUID) -> None:
        """Delete an account with its identity, sessions and tokens. The user is not a member of any workspace."""

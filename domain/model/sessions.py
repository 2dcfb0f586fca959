"""Sessions and their tokens, their errors, and the port of their repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import NotFound, Unauthenticated


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in. It lasts until `expires_at`, which each refresh moves. `device` is what uses it, if known.

    `last_used_at` can be up to a minute old.
    """

    id: UUID
    user_id: UUID
    device: str | None
    created_at: dt.datetime
    last_refreshed_at: dt.datetime
    last_used_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """What the database keeps of a session's access or refresh token."""

    digest: bytes
    session_id: UUID
    expires_at: dt.datetime


class SessionNotFound(NotFound):
    """The caller does not have a session with this id."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__("You do not have a session with this id.")
        self.session_id = session_id


class NoCurrentSession(NotFound):
    """The token of the request does not belong to a session. It is a personal one, or an identity provider's."""

    def __init__(self) -> None:
        super().__init__(
            "Your token does not belong to a session. It is a personal token, or an identity provider's token."
        )


class WrongCredentials(Unauthenticated):
    """No user has this address with this password. The error does not say which of the two is wrong."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class RefreshTokenInvalid(Unauthenticated):
    """The refresh token is malformed, unknown, expired, or of a session that has ended."""

    def __init__(self) -> None:
        super().__init__("The refresh token is unknown or expired, or its session has ended. Log in again.")


class SessionRepository(Protocol):
    """Sessions and their tokens. A session is locked before its tokens, and a user before several sessions."""

    async def add(self, session: Session) -> None:
        """Store a session, without tokens."""

    async def add_tokens(self, *, access: StoredToken, refresh: StoredToken) -> None:
        """Store an access token and a refresh token of one session, which has no live refresh token."""

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[Session]:
        """Return at most *limit* live sessions, in order of id, which is by age."""

    async def get(self, session_id: UUID, *, user_id: UUID, now: dt.datetime) -> Session | None:
        """Return a session of this user that has not expired."""

    async def lock_by_refresh_token(self, digest: bytes) -> Session | None:
        """Lock the user, then the session, that this refresh token belongs to, spent or not. Return the session."""

    async def spend(self, session_id: UUID, *, at: dt.datetime) -> bytes | None:
        """Mark the live refresh token of a locked session as spent, and return its digest. There is at most one."""

    async def replaced_at(self, digest: bytes) -> dt.datetime | None:
        """Return when a refresh token was spent. None for one that is live or unknown."""

    async def extend(self, session: Session) -> None:
        """Store when a session was refreshed and when it expires, and delete its tokens that have expired."""

    async def delete(self, session_id: UUID, *, user_id: UUID) -> bool:
        """Delete a session of this user, with its tokens. Return False if there is none."""

    async def delete_all(self, user_id: UUID, *, keep: UUID | None = None) -> None:
        """Delete a user's sessions except the one to *keep*. The user is locked."""

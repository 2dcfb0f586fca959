"""Sessions and their tokens, their errors, and the port of their repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import NotFound, Unauthenticated


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One log-in, alive until `expires_at`, which each refresh pushes on; `device` is where, if that is known.

    `last_used_at` lags behind by up to a minute.
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
    """The caller has no session of this id."""

    def __init__(self, session_id: UUID) -> None:
        super().__init__("You do not have a session with this id.")
        self.session_id = session_id


class NoCurrentSession(NotFound):
    """The call came with a token that belongs to no session of ours: a personal one, or an identity provider's."""

    def __init__(self) -> None:
        super().__init__(
            "Your token does not belong to a session. It is a personal token, or an identity provider's token."
        )


class WrongCredentials(Unauthenticated):
    """No user has this address and this password; which of the two is wrong is not told."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class RefreshTokenInvalid(Unauthenticated):
    """The refresh token is malformed, unknown, expired, or of a session that has ended."""

    def __init__(self) -> None:
        super().__init__("The refresh token is unknown or expired, or its session has ended. Log in again.")


class SessionRepository(Protocol):
    """Sessions and their tokens. A session's row is locked before its tokens, a user's before several."""

    async def add(self, session: Session) -> None:
        """A session without tokens."""

    async def add_tokens(self, *, access: StoredToken, refresh: StoredToken) -> None:
        """Both of the same session."""

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[Session]:
        """At most *limit* live sessions, ordered by id, which is by age."""

    async def get(self, session_id: UUID, *, user_id: UUID, now: dt.datetime) -> Session | None:
        """A live session of this user."""

    async def lock_by_refresh_token(self, digest: bytes) -> Session | None:
        """The session that ever had this refresh token, spent or not; its row is ours, and its user's before it."""

    async def spend(self, session_id: UUID, *, at: dt.datetime) -> bytes | None:
        """Mark the live refresh token of a session, locked before, as spent: its digest. There is at most one."""

    async def replaced_at(self, digest: bytes) -> dt.datetime | None:
        """When a refresh token was spent; None for one that is live, or unknown."""

    async def extend(self, session: Session) -> None:
        """Store when the session was refreshed and will expire, and drop its tokens that expired by then."""

    async def delete(self, session_id: UUID, *, user_id: UUID) -> bool:
        """End a session of this user, and its tokens. False when there is none."""

    async def delete_all(self, user_id: UUID, *, keep: UUID | None = None) -> None:
        """End a user's sessions, but for the one to *keep*. The caller has locked the user."""

"""The events of an account, and the port of their log."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

AccountEventType = Literal[
    "account.registered",
    "email.verified",
    "email.change_requested",
    "email.changed",
    "password.changed",
    "password.reset",
    "session.started",
    "session.ended",
    "session.reused",
    "sessions.ended",
    "token.created",
    "token.deleted",
    "tokens.deleted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """Something that happened to an account. `address` and `device` are of the request that did it, if known.

    `session_id` is the session that it happened to, otherwise the session of the request. So is `token_id`.
    """

    id: UUID
    type: AccountEventType
    recorded_at: dt.datetime
    address: str | None
    device: str | None
    session_id: UUID | None
    token_id: UUID | None


class AccountLog(Protocol):
    """What happened to accounts, for their owners to read. It is deleted with the account."""

    async def add(
        self,
        kind: AccountEventType,
        *,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        token_id: UUID | None = None,
    ) -> None:
        """Record an event of *user_id*, otherwise of the caller. The account is locked.

        Without a *session_id* or *token_id*, those of the request are recorded, and always its time and origin.
        """

    async def page(self, user_id: UUID, *, before: UUID | None, limit: int) -> Sequence[AccountEvent]:
        """Return at most *limit* events, the newest first; where *before* is given, only older ones."""

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
    """Something that happened to an account. `address` and `device` are those of the call that did it, if known.

    `session_id` is the session that it happened to, or else the one that the call came through; so is `token_id`.
    """

    id: UUID
    type: AccountEventType
    recorded_at: dt.datetime
    address: str | None
    device: str | None
    session_id: UUID | None
    token_id: UUID | None


class AccountLog(Protocol):
    """What happened to accounts, for their owners to read. It goes with the account."""

    async def add(
        self,
        kind: AccountEventType,
        *,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        token_id: UUID | None = None,
    ) -> None:
        """Note what happens to the caller's account, or to that of *user_id*, which is locked; now, and from here.

        Where it is about no session, or no token, the one that the call comes with is noted.
        """

    async def page(self, user_id: UUID, *, before: UUID | None, limit: int) -> Sequence[AccountEvent]:
        """At most *limit* events, the newest first."""

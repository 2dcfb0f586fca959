"""E-mails that wait to be sent, and the port of their queue."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

EmailKind = Literal["verification", "reset", "invitation", "email_change", "email_changing", "email_changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEmail:
    """A mail that is to be sent at `due_at`, after `attempts` that came to nothing. What it says is found out then.

    A reset has no `user_id`: whoever asks for one may give an address that nobody has.
    """

    id: UUID
    kind: EmailKind
    email: str
    email_key: str
    created_at: dt.datetime
    due_at: dt.datetime
    attempts: int = 0
    user_id: UUID | None = None
    workspace_id: UUID | None = None
    invitation_id: UUID | None = None


class EmailOutbox(Protocol):
    """Mails that are to be sent, written down together with what they tell of."""

    async def add(self, queued_email: QueuedEmail) -> None:
        """Of a kind, an address has one mail waiting at most; of invitations and changes of address, any number.

        Another one changes whose mail the waiting one is, and how the address is spelled. So there is one write either
        way, and its time does not say whether a mail waits.
        """

    async def are_due(self, *, now: dt.datetime) -> bool:
        """Whether there is a mail to be sent by now."""

    async def lock_due(self, *, now: dt.datetime, limit: int) -> Sequence[QueuedEmail]:
        """At most *limit* mails that are due, the longest first, but for those that somebody locked; they are ours."""

    async def put_off(self, queued_emails: Sequence[QueuedEmail]) -> None:
        """Store when they are due, and how often they were tried."""

    async def remove(self, email_id: UUID) -> None:
        """It may be gone already."""

    async def withdraw(self, kind: EmailKind, *, user_id: UUID) -> None:
        """Remove what waits of this kind that is about this user, whatever its address."""

    async def note_sending(self, queued_email: QueuedEmail, *, at: dt.datetime, unless_after: dt.datetime) -> bool:
        """Note that its address is sent a mail of its kind *at* this time. False if one was sent *unless_after*."""

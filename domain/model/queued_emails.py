"""E-mails that wait to be sent, and the port of their queue."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

EmailKind = Literal["verification", "reset", "invitation", "email_change", "email_changing", "email_changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEmail:
    """An e-mail to send at `due_at`, after that many failed `attempts`. Its text is written only then.

    A reset does not have a `user_id`: it may have been requested for an address that no account has.
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
    """E-mails to send. They are stored in the transaction of what they are about."""

    async def add(self, queued_email: QueuedEmail) -> None:
        """Store an e-mail. One of a kind waits for an address; of invitations and changes of address, any number.

        Where one waits already, it gets the new user and the new spelling of the address. So there is always one write,
        and its time does not show whether one waited.
        """

    async def are_due(self, *, now: dt.datetime) -> bool:
        """Return whether an e-mail is due."""

    async def lock_due(self, *, now: dt.datetime, limit: int) -> Sequence[QueuedEmail]:
        """Lock and return at most *limit* e-mails that are due, the oldest first, except those that are locked."""

    async def put_off(self, queued_emails: Sequence[QueuedEmail]) -> None:
        """Store when e-mails are due, and their attempts. An e-mail that was deleted is left out."""

    async def remove(self, email_id: UUID) -> None:
        """Delete an e-mail, if it still exists."""

    async def withdraw(self, kind: EmailKind, *, user_id: UUID) -> None:
        """Delete the e-mails of this kind about a user, to any address."""

    async def note_sending(self, queued_email: QueuedEmail, *, at: dt.datetime, unless_after: dt.datetime) -> bool:
        """Record that an e-mail of its kind is sent to its address *at* this time.

        Return False, and change nothing, if one was sent later than *unless_after*.
        """

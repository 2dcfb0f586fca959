import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain.model.queued_emails import EmailKind, QueuedEmail
from tests.support.fakes.store import Store, without


class FakeOutbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, queued_email: QueuedEmail) -> None:
        for other in self._store.queued_emails.values():
            is_like_others = not queued_email.invitation_id and queued_email.kind != "email_change"
            if is_like_others and (other.kind, other.email_key) == (queued_email.kind, queued_email.email_key):
                self._store.queued_emails[other.id] = replace(
                    other, email=queued_email.email, user_id=queued_email.user_id
                )
                return
        self._store.queued_emails[queued_email.id] = queued_email

    async def are_due(self, *, now: dt.datetime) -> bool:
        return any(queued_email.due_at <= now for queued_email in self._store.queued_emails.values())

    async def lock_due(self, *, now: dt.datetime, limit: int) -> Sequence[QueuedEmail]:
        due = [queued_email for queued_email in self._store.queued_emails.values() if queued_email.due_at <= now]
        return sorted(due, key=lambda queued_email: queued_email.due_at)[:limit]

    async def put_off(self, queued_emails: Sequence[QueuedEmail]) -> None:
        self._store.queued_emails.update(
            {
                queued_email.id: queued_email
                for queued_email in queued_emails
                if queued_email.id in self._store.queued_emails
            }
        )

    async def remove(self, email_id: UUID) -> None:
        self._store.queued_emails.pop(email_id, None)

    async def withdraw(self, kind: EmailKind, *, user_id: UUID) -> None:
        self._store.queued_emails = without(
            self._store.queued_emails, lambda queued_email: (queued_email.kind, queued_email.user_id) == (kind, user_id)
        )

    async def note_sending(self, queued_email: QueuedEmail, *, at: dt.datetime, unless_after: dt.datetime) -> bool:
        last = self._store.mail_pauses.get((queued_email.kind, queued_email.email_key))
        if last is not None and last > unless_after:
            return False
        self._store.mail_pauses[queued_email.kind, queued_email.email_key] = at
        return True

"""The tables and the repository of e-mails to send. Servers that send from one table skip what another has locked."""

import datetime as dt
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite took its ON CONFLICT over, word for word

from domain.model.queued_emails import EmailKind, QueuedEmail
from domain.queued_emails import APART
from persistence.constants import constant
from persistence.mapping import Mapper
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.purges import Expired
from persistence.runners import Runner

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("user_id", Uuid),
    Column("workspace_id", Uuid),
    Column("invitation_id", Uuid),
    Column("created_at", INSTANT, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("attempts", Integer, nullable=False),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    CheckConstraint(
        "kind IN ('verification', 'reset', 'invitation', 'email_change', 'email_changing', 'email_changed')",
        name="kind",
    ),
    Index(None, "due_at"),
    Index(None, "user_id"),
    info=UNLOGGED,
)
"""E-mails to send. They have no token: it is created when the e-mail is sent."""
ONE_A_KIND: Final = and_(outbox.c.invitation_id.is_(None), outbox.c.kind != constant("email_change"))
"""The e-mails of which only one waits for an address. Each of the others is about something of its own."""
Index(
    "uq_outbox_kind_email_key",
    outbox.c.kind,
    outbox.c.email_key,
    unique=True,
    postgresql_where=ONE_A_KIND,
    sqlite_where=ONE_A_KIND,
)

mail_pauses: Final = Table(
    "mail_pauses",
    metadata,
    Column("kind", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("sent_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("kind", "email_key"),
    Index(None, "sent_at"),
    info=UNLOGGED,
)
"""When an address was last sent an e-mail that somebody else requested."""

_MAPPER: Final = Mapper(QueuedEmail, outbox)
_THIS: Final = outbox.c.id == bindparam("mail")
_IS_DUE: Final = outbox.c.due_at <= bindparam("now")

_NEW: Final = insert(outbox)
_INSERT: Final = _NEW.on_conflict_do_update(
    index_elements=[outbox.c.kind, outbox.c.email_key],
    index_where=ONE_A_KIND,
    set_={name: _NEW.excluded[name] for name in ("email", "user_id")},
)
_ANY_DUE: Final = select(outbox.c.id).where(_IS_DUE).order_by(outbox.c.due_at).limit(1)
_LOCK_DUE: Final = (
    select(*_MAPPER.columns)
    .where(_IS_DUE)
    .order_by(outbox.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_PUT_OFF: Final = update(outbox).where(_THIS)
_DELETE: Final = delete(outbox).where(_THIS)
_WITHDRAW: Final = delete(outbox).where(outbox.c.user_id == bindparam("user"), outbox.c.kind == bindparam("kind"))
_SENDING: Final = insert(mail_pauses)
_NOTE_SENDING: Final = _SENDING.on_conflict_do_update(
    index_elements=[mail_pauses.c.kind, mail_pauses.c.email_key],
    set_={"sent_at": _SENDING.excluded.sent_at},
    where=mail_pauses.c.sent_at <= bindparam("until", type_=mail_pauses.c.sent_at.type),
).returning(mail_pauses.c.sent_at)

_OVER: Final = Expired(mail_pauses, mail_pauses.c.sent_at)


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the pauses that are over. Return how many; repeat until there are none."""
    return await _OVER.delete_some(runner, before=now - APART)


class Outbox:
    """Implements domain.model.queued_emails.EmailOutbox."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def add(self, queued_email: QueuedEmail) -> None:
        await self._runner.run(_INSERT, _MAPPER.values(queued_email))

    async def are_due(self, *, now: dt.datetime) -> bool:
        return await self._runner.row(_ANY_DUE, {"now": now}) is not None

    async def lock_due(self, *, now: dt.datetime, limit: int) -> Sequence[QueuedEmail]:
        return _MAPPER.all(await self._runner.rows(_LOCK_DUE, {"now": now, "limit": limit}))

    async def put_off(self, queued_emails: Sequence[QueuedEmail]) -> None:

        if queued_emails:
            changes = [
                {"mail": queued_email.id, "due_at": queued_email.due_at, "attempts": queued_email.attempts}
                for queued_email in queued_emails
            ]
            await self._runner.run(_PUT_OFF, changes)

    async def remove(self, email_id: UUID) -> None:
        await self._runner.run(_DELETE, {"mail": email_id})

    async def withdraw(self, kind: EmailKind, *, user_id: UUID) -> None:
        await self._runner.run(_WITHDRAW, {"kind": kind, "user": user_id})

    async def note_sending(self, queued_email: QueuedEmail, *, at: dt.datetime, unless_after: dt.datetime) -> bool:
        values = {"kind": queued_email.kind, "email_key": queued_email.email_key, "sent_at": at, "until": unless_after}
        return await self._runner.row(_NOTE_SENDING, values) is not None

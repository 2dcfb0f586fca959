"""The table and the repository of tokens that were sent by e-mail."""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    delete,
)
from sqlalchemy.dialects.postgresql import insert  # SQLite took its ON CONFLICT over, word for word

from domain.model.one_time_tokens import OneTimeKind, OneTimeToken
from persistence.mapping import Mapper
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.purges import Expired
from persistence.runners import Runner

one_time_tokens: Final = Table(
    "one_time_tokens",
    metadata,
    Column("digest", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("digest"),
    UniqueConstraint("user_id", "kind"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    CheckConstraint("kind IN ('verification', 'reset', 'email_change')", name="kind"),
    Index(None, "expires_at"),
    info=UNLOGGED,
)

ONE_TIME_TOKENS: Final = Mapper(OneTimeToken, one_time_tokens)

_NEW: Final = insert(one_time_tokens)
_REPLACE: Final = _NEW.on_conflict_do_update(
    index_elements=[one_time_tokens.c.user_id, one_time_tokens.c.kind],
    set_={name: _NEW.excluded[name] for name in ("digest", "email_key", "expires_at")},
    where=one_time_tokens.c.expires_at <= bindparam("until", type_=one_time_tokens.c.expires_at.type),
).returning(one_time_tokens.c.digest)
_SPEND: Final = (
    delete(one_time_tokens)
    .where(one_time_tokens.c.digest == bindparam("digest"), one_time_tokens.c.expires_at > bindparam("now"))
    .returning(one_time_tokens.c.digest)
)
_DELETE: Final = delete(one_time_tokens).where(
    one_time_tokens.c.user_id == bindparam("user"), one_time_tokens.c.kind == bindparam("kind")
)
_EXPIRED: Final = Expired(one_time_tokens, one_time_tokens.c.expires_at)


class OneTimeTokens:
    """Implements domain.model.one_time_tokens.OneTimeTokenRepository."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def replace(self, token: OneTimeToken, *, if_expiring_until: dt.datetime) -> bool:
        values = {**ONE_TIME_TOKENS.values(token), "until": if_expiring_until}
        return await self._runner.row(_REPLACE, values) is not None

    async def spend(self, digest: bytes, *, now: dt.datetime) -> bool:
        return await self._runner.row(_SPEND, {"digest": digest, "now": now}) is not None

    async def delete(self, user_id: UUID, *, kind: OneTimeKind) -> None:
        await self._runner.run(_DELETE, {"user": user_id, "kind": kind})


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the expired tokens. Return how many; repeat until there are none."""
    return await _EXPIRED.delete_some(runner, before=now)

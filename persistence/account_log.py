"""The table and the repository of account events. They are read by the account's owner, and deleted after a year."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    insert,
    select,
)

from domain.model.account_log import AccountEvent, AccountEventType
from domain.origins import Origin
from domain.principals import Principal
from persistence.mapping import Mapper
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.paging import Pages
from persistence.purges import Expired
from persistence.runners import Runner

account_events: Final = Table(
    "account_events",
    metadata,
    Column("id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("address", Text),
    Column("device", Text),
    Column("session_id", Uuid),
    Column("token_id", Uuid),
    PrimaryKeyConstraint("id"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    Index(None, "user_id", "id"),
    Index(None, "recorded_at"),
    info=UNLOGGED,
)
"""Events of accounts. `session_id` and `token_id` may be of sessions and tokens that are deleted."""

KEPT: Final = dt.timedelta(days=400)
"""How long an event is kept: a year, and some time to read it."""

_MAPPER: Final = Mapper(AccountEvent, account_events)
_INSERT: Final = insert(account_events)
_PAGES: Final = Pages(
    select(*_MAPPER.columns).where(account_events.c.user_id == bindparam("user")), account_events.c.id, descending=True
)
_OLD: Final = Expired(account_events, account_events.c.recorded_at)


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some of the events that are older than KEPT. Return how many; repeat until there are none."""
    return await _OLD.delete_some(runner, before=now - KEPT)


class Request(Protocol):
    """What is recorded of the request in which something happens."""

    @property
    def caller(self) -> Principal | None:
        """The user who sent it; None if it needs no token."""

    @property
    def now(self) -> dt.datetime:
        """Its time."""

    @property
    def origin(self) -> Origin:
        """Where it comes from."""

    def new_id(self) -> UUID:
        """Create an id for an event."""


class AccountLog:
    """Implements domain.model.account_log.AccountLog for one *request*."""

    def __init__(self, runner: Runner, request: Request) -> None:
        self._runner = runner
        self._request = request

    async def add(
        self,
        kind: AccountEventType,
        *,
        user_id: UUID | None = None,
        session_id: UUID | None = None,
        token_id: UUID | None = None,
    ) -> None:
        caller, origin = self._request.caller, self._request.origin
        values = {
            "id": self._request.new_id(),
            "user_id": user_id or (caller.user_id if caller else None),
            "type": kind,
            "recorded_at": self._request.now,
            "address": origin.address,
            "device": origin.device,
            "session_id": session_id or (caller.session_id if caller else None),
            "token_id": token_id or (caller.token_id if caller else None),
        }
        await self._runner.run(_INSERT, values)

    async def page(self, user_id: UUID, *, before: UUID | None, limit: int) -> Sequence[AccountEvent]:
        return _MAPPER.all(await _PAGES.read(self._runner, {"user": user_id}, after=before, limit=limit))

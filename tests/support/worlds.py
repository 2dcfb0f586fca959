"""The implementations of the ports: on dictionaries, and on databases."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from sqlalchemy import insert, select, update

from domain.model.activity import LoggedEvent
from domain.model.users import User
from domain.principals import Principal
from domain.unit_of_work import UnitOfWork
from persistence import erasures
from persistence.database import Database
from persistence.events import events
from persistence.memberships import workspaces
from tests.support.defaults import NOON
from tests.support.fakes.store import Store
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.service_callers import Caller

Logged = tuple[int, str, UUID]


class World(Protocol):
    """What a port test needs of either."""

    def unit(
        self, user: User | None = None, *, workspace_id: UUID | None = None, session_id: UUID | None = None
    ) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work of *user*, or of nobody in particular. It is committed, unless it fails."""

    async def log_of(self, workspace_id: UUID) -> list[Logged]:
        """A workspace's log in order: the number of each change, the type of the event, the id that it happened to."""

    async def log(self, workspace_id: UUID, logged: Sequence[LoggedEvent]) -> None:
        """Append events to a workspace's log, which has none after the first of them."""

    async def empty_deleted(self) -> None:
        """Delete what is left of deleted workspaces, as servers do later."""


class FakeWorld:
    """Dictionaries. Nothing is rolled back if a unit of work fails: a fake rejects before it changes anything."""

    def __init__(self) -> None:
        self._store = Store()

    @asynccontextmanager
    async def unit(
        self, user: User | None = None, *, workspace_id: UUID | None = None, session_id: UUID | None = None
    ) -> AsyncIterator[UnitOfWork]:
        yield FakeUnitOfWork(
            store=self._store, principal=_principal(user, session_id=session_id), workspace_id=workspace_id
        )

    async def log_of(self, workspace_id: UUID) -> list[Logged]:
        return [(e.revision, e.type, e.entity_id) for e in self._store.events if e.workspace_id == workspace_id]

    async def log(self, workspace_id: UUID, logged: Sequence[LoggedEvent]) -> None:
        self._store.read_events.setdefault(workspace_id, []).extend(logged)

    async def empty_deleted(self) -> None:
        """Nothing is left."""


@dataclass(frozen=True)
class DatabaseWorld:
    """A migrated database."""

    database: Database

    @asynccontextmanager
    async def unit(
        self, user: User | None = None, *, workspace_id: UUID | None = None, session_id: UUID | None = None
    ) -> AsyncIterator[UnitOfWork]:
        caller = Caller(database=self.database, principal=_principal(user, session_id=session_id))
        async with replace(caller, workspace=workspace_id).unit() as uow:
            yield uow
            await uow.commit()

    async def log_of(self, workspace_id: UUID) -> list[Logged]:
        columns = (events.c.revision, events.c.type, events.c.entity_id)
        statement = select(*columns).where(events.c.workspace_id == workspace_id)
        rows = await self.database.rows(statement.order_by(events.c.revision, events.c.sequence), {})
        return [(revision, kind, entity_id) for revision, kind, entity_id in rows]

    async def log(self, workspace_id: UUID, logged: Sequence[LoggedEvent]) -> None:
        rows = [
            {
                "workspace_id": workspace_id,
                "revision": each.revision,
                "sequence": each.sequence,
                "type": each.type,
                "entity_id": each.entity_id,
                "actor_id": each.actor_id,
                "recorded_at": each.recorded_at,
                "body": each.payload,
            }
            for each in logged
        ]
        async with self.database.transaction() as transaction:
            await transaction.run(insert(events), rows)
            this = update(workspaces).where(workspaces.c.id == workspace_id)
            await transaction.run(this, {"head": logged[-1].revision})

    async def empty_deleted(self) -> None:
        is_left = True
        while is_left:
            async with self.database.transaction() as transaction:
                is_left = await erasures.purge(transaction, now=NOON) > 0


def _principal(user: User | None, *, session_id: UUID | None) -> Principal | None:
    return None if user is None else Principal(user_id=user.id, session_id=session_id)

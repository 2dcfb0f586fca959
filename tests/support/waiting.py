"""Which transactions wait for which, read from the database: no test has to guess how long that takes."""

import asyncio
from typing import Any, Final

from sqlalchemy import text

from persistence.database import Database
from persistence.postgresql import PostgresqlConnections
from persistence.sqlite import SqliteConnections
from tests.support.patience import PATIENCE_S

_BETWEEN_LOOKS_S: Final = 0.01
_WAITING: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def until_held_up(call: asyncio.Task[Any], *, database: Database) -> None:
    """Wait until *call* waits for what another transaction holds. Fails if it ends before."""
    await until_held_up_or_done(call, database=database)
    assert not call.done(), f"it did not wait: {call}"


async def until_held_up_or_done(call: asyncio.Task[Any], *, database: Database) -> None:
    """The same, for *call* that may skip locked rows: it waits on SQLite only, which has one writer at a time."""
    async with asyncio.timeout(PATIENCE_S):
        while not call.done() and await _waiting(database) == 0:  # noqa: ASYNC110 -- seen in the database
            await asyncio.sleep(_BETWEEN_LOOKS_S)


async def _waiting(database: Database) -> int:
    """How many wait: for their turn in a workspace, to write, or for a lock of PostgreSQL."""
    waiting = database._turns.waiting + writers_waiting(database)  # noqa: SLF001 -- nobody else has a use for it
    if waiting or isinstance(database._connections, SqliteConnections):  # noqa: SLF001 -- as above
        return waiting
    row = await database.row(_WAITING, {})
    return 0 if row is None else int(row[0])


def writers_waiting(database: Database) -> int:
    """How many transactions wait for others to end, of whatever workspace."""
    connections = database._connections  # noqa: SLF001 -- as above
    if isinstance(connections, SqliteConnections):
        return len(connections._turn._waiters or ())  # noqa: SLF001 -- as above
    assert isinstance(connections, PostgresqlConnections)
    return len(connections._writing._waiters or ())  # noqa: SLF001 -- as above

"""The one way to a database: a read runs here, in autocommit; a write runs in a transaction that is begun here.

What SQLite and PostgreSQL do differently is in their modules.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Executable, UpdateBase

from persistence.drivers import Connections
from persistence.runners import Parameters, Row
from persistence.sent_statements import BEGIN, logged
from persistence.transactions import Transaction, only
from persistence.urls import WAIT_S, driver_arguments, name_of, parse_url, sqlite_timeout
from persistence.waiting import MOST_WAITING, Turns


class Database:
    """A database, as one process uses it.

    *pool_size* is how many connections it opens at most; on SQLite there are two. *wait_s* is how long a request waits
    for its turn, for a connection, or for a lock, before StorageUnavailable; *most_waiting* can wait for one turn.
    *prepares* says whether a prepared statement on PostgreSQL can be used in another transaction. It connects when it
    is first used. Raises ValueError for a URL that `parse_url` rejects.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        wait_s: float = WAIT_S,
        most_waiting: int = MOST_WAITING,
        prepares: bool = True,
    ) -> None:
        self.name: Final = name_of(url)
        self._connections = _connections(url, pool_size=pool_size, wait_s=wait_s, prepares=prepares)
        self._turns = Turns(wait_s, most_waiting=most_waiting)

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        """See Runner; in autocommit."""
        return only(await self.rows(statement, parameters), statement)

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        """See Runner; in autocommit. Raises RuntimeError for a write, as `run` does."""
        if isinstance(statement, UpdateBase):
            raise _outside_of_a_transaction(statement)
        compiled = self._connections.statements.compiled(statement, parameters)
        values = logged(compiled.text, compiled.bind(parameters))
        return compiled.loaded(await self._connections.fetch(compiled.text, values))

    async def run(
        self,
        statement: Executable,
        parameters: Parameters | Sequence[Parameters],  # noqa: ARG002 -- a Runner's signature
    ) -> int:
        """Raise RuntimeError: a write needs a transaction."""
        raise _outside_of_a_transaction(statement)

    async def begin(self, *, turn: UUID | None = None) -> Transaction:
        """Begin a transaction that may write. On SQLite there is one at a time; the others wait here.

        *turn* is the workspace or account that it locks first. Of those with the same one, all but one wait here,
        without a connection, in the order of the calls. Raises StorageUnavailable.
        """
        logged(BEGIN, ())
        if turn is None:
            return Transaction(self._connections.statements, await self._connections.begin(), _nothing)
        await self._turns.take(turn)
        try:
            opened = await self._connections.begin()
        except BaseException:
            self._turns.end(turn)
            raise
        return Transaction(self._connections.statements, opened, partial(self._turns.end, turn))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction outside of any request. It is committed when the context is left without an error."""
        transaction = await self.begin()
        try:
            yield transaction
            await transaction.commit()
        finally:
            await transaction.close()

    async def give_way(self, age_s: float) -> None:
        """Let other processes write, after a transaction that was open so long, before the next of a series.

        On SQLite they look now and then whether they can, and would never find the moment between two transactions.
        """
        await asyncio.sleep(min(age_s, self._connections.longest_pause_s))

    async def require_writable(self) -> None:
        """Raise StorageUnavailable if the database can be read, but not written, such as after a failover."""
        await self._connections.require_writable()

    async def close(self) -> None:
        """Close all connections. None may be in use."""
        await self._connections.close()


def _outside_of_a_transaction(statement: Executable) -> RuntimeError:
    return RuntimeError(f"a write outside of a transaction: {statement}")


def _nothing() -> None:
    """No turn ends."""


def _connections(url: str, *, pool_size: int, wait_s: float, prepares: bool) -> Connections:
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        from persistence.sqlite import SqliteConnections  # noqa: PLC0415  # a process needs one of the two drivers

        return SqliteConnections(
            parsed.database or "", name=name_of(url), turn_s=wait_s, lock_s=sqlite_timeout(parsed, default_s=wait_s)
        )
    from persistence.postgresql import PostgresqlConnections  # noqa: PLC0415  # as above

    return PostgresqlConnections(
        driver_arguments(parsed), name=name_of(url), pool_size=pool_size, wait_s=wait_s, prepares=prepares
    )

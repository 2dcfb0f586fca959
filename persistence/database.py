"""The one place through which every statement runs.

A read runs by itself, in autocommit; a transaction writes. Both have the same three methods (`row`, `rows`, `run`), so
that a repository does not depend on which of the two it has. What SQLite and PostgreSQL do differently is in their
modules.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import Executable, UpdateBase

from persistence.combined import Write, combine
from persistence.compiled import Parameters, Row, Statements, Values
from persistence.urls import WAIT_S, driver_arguments, name_of, parse_url, sqlite_timeout
from persistence.waiting import MOST_WAITING, Turns

__all__ = ["Database", "Parameters", "Row", "Runner", "SentStatement", "Transaction", "Write", "Writer"]

BEGIN: Final = "BEGIN"
COMMIT: Final = "COMMIT"
ROLLBACK: Final = "ROLLBACK"
SAVEPOINT: Final = "SAVEPOINT part"
RELEASE: Final = "RELEASE SAVEPOINT part"
ROLLBACK_TO: Final = "ROLLBACK TO SAVEPOINT part"
_logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SentStatement:
    """What is logged of a statement at the level `debug`: its text, and never its values."""

    text: str
    values: Values = field(repr=False)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


class Runner(Protocol):
    """What a repository runs its statements on.

    Raises StorageUnavailable, the error that a violation means, and StatementFailed.
    """

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        """Return the only row, or None."""

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        """Return all rows."""

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        """Return how many rows were changed.

        With several parameters it runs once for each, and the number means nothing.
        """


class Writer(Runner, Protocol):
    """What the change log runs its changes on."""

    async def defer(self, write: Write) -> None:
        """Run it before the next statement, or together with what `finish` runs. So its error is raised there."""

    async def finish(self, writes: Sequence[Write]) -> None:
        """Run what was deferred, then *writes*. On PostgreSQL all of it is one statement.

        No two of them may change the same row. Raises RuntimeError if one does not change exactly one row.
        """


class OpenTransaction(Protocol):
    """A transaction as a driver has it."""

    async def fetch(self, text: str, values: Values, *, bulk: bool) -> Sequence[Row]:
        """Return the rows of a statement. *bulk* says that it may change many rows."""

    async def execute(self, text: str, values: Values, *, bulk: bool) -> int:
        """Return how many rows a statement changed."""

    async def execute_all(self, text: str, many: Sequence[Values]) -> None:
        """Run a statement once for each of *many*."""

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""

    async def close(self) -> None:
        """Roll back what is not committed, and release everything. After a commit it does not wait for anything."""


class Connections(Protocol):
    """The connections of one process to a database. They are opened when they are first used.

    `longest_pause_s` is how long other processes that wait to write may not look whether they can. 0: they are called.
    """

    longest_pause_s: float

    @property
    def statements(self) -> Statements:
        """The compiled statements."""

    async def fetch(self, text: str, values: Values) -> Sequence[Row]:
        """Return the rows of a statement that only reads, in autocommit."""

    async def begin(self) -> OpenTransaction:
        """Begin a transaction that may write."""

    async def require_writable(self) -> None:
        """Raise StorageUnavailable if the database can be read, but not written."""

    async def close(self) -> None:
        """Close all connections. None may be in use."""


class Transaction:
    """An open transaction. Its `close` must be awaited in any case. *closed* is called once it holds nothing."""

    def __init__(self, statements: Statements, transaction: OpenTransaction, closed: Callable[[], None]) -> None:
        self._statements = statements
        self._transaction = transaction
        self._closed = closed
        self._is_committed = False
        self._deferred: list[Write] = []
        self._began_s = time.monotonic()

    @property
    def age_s(self) -> float:
        """How long it has been open."""
        return time.monotonic() - self._began_s

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        return only(await self.rows(statement, parameters), statement)

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        if self._deferred:
            await self.finish(())
        compiled = self._statements.compiled(statement, parameters)
        values = _logged(compiled.text, compiled.bind(parameters))
        return compiled.loaded(await self._transaction.fetch(compiled.text, values, bulk=compiled.is_bulk))

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        if self._deferred:
            await self.finish(())
        if isinstance(parameters, Sequence):
            compiled = self._statements.compiled(statement, parameters[0])
            many = [compiled.bind(each) for each in parameters]
            _logged(compiled.text, many[0])
            await self._transaction.execute_all(compiled.text, many)
            return -1
        compiled = self._statements.compiled(statement, parameters)
        values = _logged(compiled.text, compiled.bind(parameters))
        return await self._transaction.execute(compiled.text, values, bulk=compiled.is_bulk)

    async def defer(self, write: Write) -> None:
        if any(statement.table is write[0].table for statement, _ in self._deferred):  # it may be the same row
            await self.finish(())
        self._deferred.append(write)

    async def finish(self, writes: Sequence[Write]) -> None:
        together, self._deferred = [*self._deferred, *writes], []
        if self._statements.combines and len(together) > 1:
            counts = await self.row(*combine(together)) or ()
        else:
            counts = [await self.run(*each) for each in together]
        for (statement, _), count in zip(together, counts, strict=True):
            if count != 1:
                message = f"{count} rows instead of one: {statement}"
                raise RuntimeError(message)

    async def set_savepoint(self) -> None:
        """Begin a part that can be rolled back alone: the only one, until `release` or `roll_back_part`."""
        await self.finish(())
        await self._control(SAVEPOINT)

    async def release(self) -> None:
        """Keep what was changed since the savepoint."""
        await self.finish(())
        await self._control(RELEASE)

    async def roll_back_part(self) -> None:
        """Undo what was changed since the savepoint, even after an error of the database."""
        self._deferred.clear()
        await self._control(ROLLBACK_TO)
        await self._control(RELEASE)

    async def _control(self, text: str) -> None:
        await self._transaction.execute(text, _logged(text, ()), bulk=False)

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""
        await self.finish(())
        _logged(COMMIT, ())
        await self._transaction.commit()
        self._is_committed = True

    async def close(self) -> None:
        """Roll back what is not committed, and release everything. It runs to its end even if it is cancelled."""
        if self._is_committed:  # without the price of a task
            await self._close()
        else:
            _logged(ROLLBACK, ())
            await asyncio.shield(asyncio.ensure_future(self._close()))

    async def _close(self) -> None:
        try:
            await self._transaction.close()
        finally:
            self._closed()


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
        values = _logged(compiled.text, compiled.bind(parameters))
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
        _logged(BEGIN, ())
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


def only(rows: Sequence[Row], statement: Executable) -> Row | None:
    """Return the only row, or None. Raises RuntimeError if there are several."""
    if len(rows) > 1:
        message = f"{len(rows)} rows instead of one: {statement}"
        raise RuntimeError(message)
    return rows[0] if rows else None


def _outside_of_a_transaction(statement: Executable) -> RuntimeError:
    return RuntimeError(f"a write outside of a transaction: {statement}")


def _nothing() -> None:
    """No turn ends."""


def _logged(text: str, values: Values) -> Values:
    if _logger.isEnabledFor(logging.DEBUG):
        _logger.debug("%s", SentStatement(text, values))
    return values


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

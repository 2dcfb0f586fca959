"""PostgreSQL's connections: a pool of asyncpg's, with READ COMMITTED.

Errors are logged, so they must not have values: PostgreSQL quotes the row that violates a constraint, and asyncpg the
argument that it cannot send.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
from sqlalchemy import Boolean, Date, Integer, LargeBinary, String, Time, Uuid, func, or_, select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.types import NullType

from domain.errors import OutcomeUnknown, StorageUnavailable
from persistence.compiled import Codec, Row, Statements, Values
from persistence.constants import constant
from persistence.metadata import Timestamp, Words, to_text, to_words, with_offset
from persistence.violations import StatementFailed, hide_values, meaning_of
from persistence.waiting import take

CODECS: Final = {
    Timestamp: Codec(dump=with_offset),
    Words: Codec(dump=to_text, load=to_words),
    **dict.fromkeys((Uuid, Date, Time, Boolean, String, Integer, LargeBinary, NullType), Codec()),
}

_UNAVAILABLE: Final = ("08", "25006", "28", "3D", "40", "53", "55000", "55P03", "57")
"""The SQLSTATE classes and codes: connection lost, read-only, login refused, no such database, deadlock or
serialization failure, out of resources, not ready, lock timeout, canceled or shut down.
"""
_STATEMENTS_KEPT: Final = 500
_IDLE_S: Final = 1800
"""A connection that was idle for so long may be dead without anybody knowing."""
_IS_READ_ONLY: Final = str(
    select(or_(func.pg_is_in_recovery(), func.current_setting(constant("transaction_read_only")) == constant("on")))
)
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
_COMMIT: Final = "COMMIT"
_STATEMENT_FACTOR: Final = 6
_FOR_READS: Final = 2
"""How many connections transactions leave to reads. One read takes a millisecond or less."""
_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What the driver raises. TimeoutError is an OSError; so is a refused connection."""


class PostgresqlConnections:
    """At most *pool_size* connections of one process, opened when they are needed. The last one used is used again.

    Transactions never have all of them: they may wait for locks, and reads must not wait for that. *arguments* are
    asyncpg's. *wait_s* is how long a request waits for a connection; a statement may take six times as
    long. asyncpg's own pool costs as much as the statement of a short read (ADR 79).

    If it does not *prepare* statements to use them again, each takes one more way to the server, and each read has a
    transaction: behind a pooler, what follows a transaction may go to another server process.
    """

    longest_pause_s: float = 0

    def __init__(self, arguments: Mapping[str, Any], *, pool_size: int, wait_s: float, prepares: bool) -> None:
        self.statements: Final = Statements(
            PGDialect_asyncpg(),  # type: ignore[no-untyped-call]  # SQLAlchemy's
            CODECS,
            combines=True,
        )
        self._wait_s = wait_s
        self._prepares = prepares
        self._free = asyncio.Semaphore(pool_size)
        self._writing = asyncio.Semaphore(pool_size - min(pool_size - 1, _FOR_READS))
        self._idle: list[tuple[asyncpg.Connection, float]] = []
        self._options: Mapping[str, Any] = {
            "timeout": wait_s,
            "command_timeout": wait_s * _STATEMENT_FACTOR,
            "statement_cache_size": _STATEMENTS_KEPT if prepares else 0,
            "max_cached_statement_lifetime": 0,
            "server_settings": {"application_name": "tickbox"},  # a PgBouncer refuses most others
            **arguments,
        }

    async def fetch(self, text: str, values: Values) -> Sequence[Row]:
        """Return the rows of a statement, in autocommit. Raises StorageUnavailable."""
        connection = await self._acquire()
        try:
            if not self._prepares:
                await connection.execute(_BEGIN)
            rows: Sequence[Row] = await connection.fetch(text, *values)
            if not self._prepares:
                await connection.execute(_COMMIT)
        except _ERRORS as error:
            await self._abandon(connection)
            raise translated(error, text, connection) from error
        except BaseException:
            await self._abandon(connection)
            raise
        self._release(connection)
        return rows

    async def begin(self) -> "PostgresqlTransaction":
        """Begin a transaction. Raises StorageUnavailable."""
        await take(self._writing, self._wait_s)
        try:
            return await self._begin()
        except BaseException:
            self._writing.release()
            raise

    async def _begin(self) -> "PostgresqlTransaction":
        connection = await self._acquire()
        try:
            await connection.execute(_BEGIN)
        except _ERRORS as error:
            await self._abandon(connection)
            raise translated(error, _BEGIN, connection) from error
        except BaseException:
            await self._abandon(connection)
            raise
        return PostgresqlTransaction(self, connection)

    async def require_writable(self) -> None:
        """Raise StorageUnavailable if the server is a standby, or new transactions are read-only."""
        (row,) = await self.fetch(_IS_READ_ONLY, ())
        if row[0]:
            raise StorageUnavailable

    async def close(self) -> None:
        """Close the connections. None may be in use."""
        while self._idle:
            connection, _ = self._idle.pop()
            with contextlib.suppress(*_ERRORS):
                await connection.close(timeout=self._wait_s)

    def end(self, connection: asyncpg.Connection) -> None:
        """Take back a connection after the commit of its transaction."""
        self._writing.release()
        self._release(connection)

    async def roll_back(self, connection: asyncpg.Connection) -> None:
        """Take back a connection in a transaction that is not committed."""
        try:
            await self._reset(connection)
        finally:
            self._writing.release()

    def _release(self, connection: asyncpg.Connection) -> None:
        if not connection.is_closed():
            self._idle.append((connection, time.monotonic()))
        self._free.release()

    async def _abandon(self, connection: asyncpg.Connection) -> None:
        """Take back a connection that may be in a transaction, or in a statement that was cancelled.

        It runs to its end even if it is cancelled.
        """
        await asyncio.shield(asyncio.ensure_future(self._reset(connection)))

    async def _reset(self, connection: asyncpg.Connection) -> None:
        try:
            if not connection.is_closed():
                await connection.execute("ROLLBACK", timeout=self._wait_s)  # after the driver has cancelled what runs
        except _ERRORS:
            connection.terminate()  # its error says less than the one that led here
        finally:
            self._release(connection)

    async def _acquire(self) -> asyncpg.Connection:
        await take(self._free, self._wait_s)
        oldest = time.monotonic() - _IDLE_S
        while self._idle:
            connection, since = self._idle.pop()
            if since > oldest and not connection.is_closed():
                return connection
            connection.terminate()
        try:
            return await asyncpg.connect(**self._options)
        except _ERRORS as error:
            self._free.release()
            raise translated(error, "connect") from error
        except BaseException:
            self._free.release()
            raise


class PostgresqlTransaction:
    """A transaction on a connection of its own."""

    def __init__(self, connections: PostgresqlConnections, connection: asyncpg.Connection) -> None:
        self._connections = connections
        self._connection = connection
        self._is_committed = False

    async def fetch(self, text: str, values: Values, *, bulk: bool) -> Sequence[Row]:  # noqa: ARG002  # SQLite's
        """Return the rows of a statement."""
        try:
            rows: Sequence[Row] = await self._connection.fetch(text, *values)
        except _ERRORS as error:
            raise translated(error, text, self._connection) from error
        return rows

    async def execute(self, text: str, values: Values, *, bulk: bool) -> int:  # noqa: ARG002  # SQLite's
        """Return how many rows a statement changed."""
        try:
            status = await self._connection.execute(text, *values)
        except _ERRORS as error:
            raise translated(error, text, self._connection) from error
        count = status.rpartition(" ")[2]  # "INSERT 0 1", "UPDATE 1"
        return int(count) if count.isdecimal() else -1

    async def execute_all(self, text: str, many: Sequence[Values]) -> None:
        """Run a statement once for each of *many*."""
        try:
            await self._connection.executemany(text, many)
        except _ERRORS as error:
            raise translated(error, text, self._connection) from error

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""
        try:
            status = await self._connection.execute(_COMMIT)
        except _ERRORS as error:
            failed = translated(error, _COMMIT, self._connection)
            if isinstance(failed, StorageUnavailable) and not _is_response(error):
                raise OutcomeUnknown from error
            raise failed from error
        self._is_committed = True
        if status != _COMMIT:  # after an error in the transaction, COMMIT rolls back, and reports no error
            message = f"a commit of a failed transaction: {status}"
            raise RuntimeError(message)

    async def close(self) -> None:
        """Roll back what is not committed, and return the connection. After a commit it does not wait for anything."""
        if self._is_committed:
            self._connections.end(self._connection)
        else:
            await self._connections.roll_back(self._connection)


def _is_response(error: Exception) -> bool:
    """Whether the server itself reports that it did not commit, and goes on."""
    return isinstance(error, asyncpg.PostgresError) and getattr(error, "severity_en", None) == "ERROR"


def translated(error: Exception, text: str, connection: asyncpg.Connection | None = None) -> Exception:
    """Return the error to raise for one of the driver, from which the values are deleted."""
    hide_values(error)
    if _is_unavailable(error) or (connection is not None and connection.is_closed()):
        return StorageUnavailable()
    failed = StatementFailed(error, text, getattr(error, "constraint_name", None))
    return meaning_of(failed) or failed


def _is_unavailable(error: Exception) -> bool:
    if isinstance(error, OSError | asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError):
        return True  # the last two: the schema was migrated meanwhile
    sqlstate = getattr(error, "sqlstate", None)
    return isinstance(sqlstate, str) and sqlstate.startswith(_UNAVAILABLE)

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
_OLDEST_S: Final = 1800
"""How long a connection is used. A proxy or a name may lead to another server by then."""
_APART_S: Final = 1
"""How long there is between two times at which all connections are replaced."""
_IS_READ_ONLY: Final = str(
    select(or_(func.pg_is_in_recovery(), func.current_setting(constant("transaction_read_only")) == constant("on")))
)
_PLANS: Final = "plan_cache_mode = force_generic_plan"
"""The plan of a statement does not depend on its values: those of a workspace that the statistics do not know yet would
promise that it has no rows, so that each of its indexes would seem to be as good as the right one."""
_COMMIT: Final = "COMMIT"
_LONGEST_STATEMENT: Final = 1.5
"""How long a statement may take, in waits: it may itself wait for a lock, which the server reports first."""
_LONGEST_BULK: Final = 6
"""How long a statement may take that changes many rows, in waits."""
_LONGEST_ROLLBACK_S: Final = 1
_FOR_READS: Final = 2
"""How many connections transactions leave to reads. One read takes a millisecond or less."""
_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What the driver raises. TimeoutError is an OSError; so is a refused connection."""


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that knows when it was opened, in monotonic seconds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.opened_s = time.monotonic()


class PostgresqlConnections:
    """At most *pool_size* connections of one process, opened when they are needed. The last one used is used again.

    Transactions never have all of them: they may wait for locks, and reads must not wait for that. *arguments* are
    asyncpg's. *wait_s* is how long a request waits for a connection, and for each lock of another process. *name* is
    the database's, for the log. asyncpg's own pool costs as much as the statement of a short read (ADR 79).

    A server that does not respond to a statement in time does not respond to the others, either: all connections are
    replaced then.

    If it does not *prepare* statements to use them again, each takes one more way to the server, and each read has a
    transaction: behind a pooler, what follows a transaction may go to another server process.
    """

    longest_pause_s: float = 0

    def __init__(
        self, arguments: Mapping[str, Any], *, name: str, pool_size: int, wait_s: float, prepares: bool
    ) -> None:
        self.statements: Final = Statements(
            PGDialect_asyncpg(),  # type: ignore[no-untyped-call]  # SQLAlchemy's
            CODECS,
            combines=True,
        )
        self.longest_bulk_s: Final = wait_s * _LONGEST_BULK
        self._name = name
        self._wait_s = wait_s
        self._prepares = prepares
        self._free = asyncio.Semaphore(pool_size)
        self._writing = asyncio.Semaphore(pool_size - min(pool_size - 1, _FOR_READS))
        self._idle: list[_Connection] = []
        self._resets: set[asyncio.Task[None]] = set()
        self._replaced_s = float("-inf")
        self._begin_text = (
            f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = {max(1, round(1000 * wait_s))}"
        )
        if not prepares:  # or the connection has it
            self._begin_text += f"; SET LOCAL {_PLANS}"
        self._options: Mapping[str, Any] = {
            "connection_class": _Connection,
            "timeout": wait_s,
            "command_timeout": wait_s * _LONGEST_STATEMENT,
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
                await connection.execute(self._begin_text)
            rows: Sequence[Row] = await connection.fetch(text, *values)
            if not self._prepares:
                await connection.execute(_COMMIT)
        except _ERRORS as error:
            self._abandon(connection)
            raise self.translated(error, text, connection) from error
        except BaseException:
            self._abandon(connection)
            raise
        self._release(connection)
        return rows

    async def begin(self) -> "PostgresqlTransaction":
        """Begin a transaction. Raises StorageUnavailable."""
        await take(self._writing, self._wait_s, f"a connection to {self._name}")
        try:
            return await self._begin()
        except BaseException:
            self._writing.release()
            raise

    async def _begin(self) -> "PostgresqlTransaction":
        connection = await self._acquire()
        try:
            await connection.execute(self._begin_text)
        except _ERRORS as error:
            self._abandon(connection)
            raise self.translated(error, self._begin_text, connection) from error
        except BaseException:
            self._abandon(connection)
            raise
        return PostgresqlTransaction(self, connection)

    async def require_writable(self) -> None:
        """Raise StorageUnavailable if the server is a standby, or new transactions are read-only."""
        (row,) = await self.fetch(_IS_READ_ONLY, ())
        if row[0]:
            self._replace_all()
            raise StorageUnavailable(f"{self._name}: it is read-only")

    def _replace_all(self) -> None:
        """Use no connection any more that is open now: they lead to a server that became read-only, or hangs."""
        if time.monotonic() - self._replaced_s > _APART_S:
            self._replaced_s = time.monotonic()

    async def close(self) -> None:
        """Close the connections. None may be in use."""
        await asyncio.gather(*self._resets)
        while self._idle:
            connection = self._idle.pop()
            with contextlib.suppress(*_ERRORS):
                await connection.close(timeout=self._wait_s)

    def end(self, connection: _Connection) -> None:
        """Take back a connection after the commit of its transaction."""
        self._writing.release()
        self._release(connection)

    async def roll_back(self, connection: _Connection) -> None:
        """Take back a connection in a transaction that is not committed."""
        try:
            await self._reset(connection)
        finally:
            self._writing.release()

    def _release(self, connection: _Connection) -> None:
        if not connection.is_closed():
            self._idle.append(connection)
        self._free.release()

    def _abandon(self, connection: _Connection) -> None:
        """Take back a connection that may be in a transaction, or in a statement that was cancelled: soon."""
        task = asyncio.ensure_future(self._reset(connection))
        self._resets.add(task)
        task.add_done_callback(self._resets.discard)

    async def _reset(self, connection: _Connection) -> None:
        """Roll back, after the driver has cancelled what runs. A server that does not respond is not waited for."""
        try:
            if not connection.is_closed():
                await connection.execute("ROLLBACK", timeout=_LONGEST_ROLLBACK_S)
        except _ERRORS as error:  # it says less than the one that led here
            if isinstance(error, TimeoutError):
                self._replace_all()
            connection.terminate()
        finally:
            self._release(connection)

    async def _acquire(self) -> _Connection:
        await take(self._free, self._wait_s, f"a connection to {self._name}")
        try:
            return self._last_used() or await self._connect()
        except BaseException:
            self._free.release()
            raise

    def _last_used(self) -> _Connection | None:
        oldest_s = max(self._replaced_s, time.monotonic() - _OLDEST_S)
        while self._idle:
            connection = self._idle.pop()
            if connection.opened_s > oldest_s and not connection.is_closed():
                return connection
            connection.terminate()
        return None

    async def _connect(self) -> _Connection:
        try:
            connection: _Connection = await asyncpg.connect(**self._options)
            if self._prepares:
                await self._set_plans(connection)
        except _ERRORS as error:
            hide_values(error)
            raise self._unavailable(error) from error
        return connection

    @staticmethod
    async def _set_plans(connection: _Connection) -> None:
        try:
            await connection.execute(f"SET {_PLANS}")
        except BaseException:  # also if it is cancelled: nobody else would close it
            connection.terminate()
            raise

    def translated(self, error: Exception, text: str, connection: _Connection) -> Exception:
        """Return the error to raise for one of the driver, from which the values are deleted."""
        hide_values(error)
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError | TimeoutError):
            self._replace_all()
        if _is_unavailable(error) or connection.is_closed():
            return self._unavailable(error)
        failed = StatementFailed(error, text, getattr(error, "constraint_name", None))
        return meaning_of(failed) or failed

    def _unavailable(self, error: Exception) -> StorageUnavailable:
        reason = str(error) or ("no response in time" if isinstance(error, TimeoutError) else type(error).__name__)
        return StorageUnavailable(f"{self._name}: {reason}")


class PostgresqlTransaction:
    """A transaction on a connection of its own."""

    def __init__(self, connections: PostgresqlConnections, connection: _Connection) -> None:
        self._connections = connections
        self._connection = connection
        self._is_committed = False

    async def fetch(self, text: str, values: Values, *, bulk: bool) -> Sequence[Row]:
        """Return the rows of a statement."""
        try:
            rows: Sequence[Row] = await self._connection.fetch(text, *values, timeout=self._longest_s(bulk=bulk))
        except _ERRORS as error:
            raise self._translated(error, text) from error
        return rows

    async def execute(self, text: str, values: Values, *, bulk: bool) -> int:
        """Return how many rows a statement changed."""
        try:
            status = await self._connection.execute(text, *values, timeout=self._longest_s(bulk=bulk))
        except _ERRORS as error:
            raise self._translated(error, text) from error
        count = status.rpartition(" ")[2]  # "INSERT 0 1", "UPDATE 1"
        return int(count) if count.isdecimal() else -1

    async def execute_all(self, text: str, many: Sequence[Values]) -> None:
        """Run a statement once for each of *many*."""
        try:
            await self._connection.executemany(text, many, timeout=self._longest_s(bulk=True))
        except _ERRORS as error:
            raise self._translated(error, text) from error

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""
        try:
            status = await self._connection.execute(_COMMIT)
        except _ERRORS as error:
            failed = self._translated(error, _COMMIT)
            if isinstance(failed, StorageUnavailable) and not _is_response(error):
                raise OutcomeUnknown from error
            raise failed from error
        self._is_committed = True
        if status != _COMMIT:  # after an error in the transaction, COMMIT rolls back, and reports no error
            message = f"a commit of a failed transaction: {status}"
            raise RuntimeError(message)

    def _longest_s(self, *, bulk: bool) -> float | None:
        """How long a statement may take. None: as long as the connection's usual ones."""
        return self._connections.longest_bulk_s if bulk else None

    def _translated(self, error: Exception, text: str) -> Exception:
        return self._connections.translated(error, text, self._connection)

    async def close(self) -> None:
        """Roll back what is not committed, and return the connection. After a commit it does not wait for anything."""
        if self._is_committed:
            self._connections.end(self._connection)
        else:
            await self._connections.roll_back(self._connection)


def _is_response(error: Exception) -> bool:
    """Whether the server itself reports that it did not commit, and goes on."""
    return isinstance(error, asyncpg.PostgresError) and getattr(error, "severity_en", None) == "ERROR"


def _is_unavailable(error: Exception) -> bool:
    if isinstance(error, OSError | asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError):
        return True  # the last two: the schema was migrated meanwhile
    sqlstate = getattr(error, "sqlstate", None)
    return isinstance(sqlstate, str) and sqlstate.startswith(_UNAVAILABLE)

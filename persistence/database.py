"""The one place through which every statement runs.

A read runs by itself, in autocommit; a transaction writes. Both have the same three methods (`row`, `rows`, `run`), so
that a repository does not depend on which of the two it has.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Protocol

from sqlalchemy import Executable
from sqlalchemy import Row as VariadicRow
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import OutcomeUnknown, StorageUnavailable
from persistence.engines import WAIT_S, open_engines
from persistence.violations import meaning_of

Parameters = Mapping[str, object]
Row = VariadicRow[*tuple[Any, ...]]

_UNAVAILABLE_SQLSTATES: Final = ("08", "28", "3D", "40", "53", "55P03", "57P")
"""The SQLSTATE classes: connection lost, login refused, no such database, deadlock or serialization failure, out of
resources, lock timeout, shutdown.
"""
_UNAVAILABLE_SQLITE: Final = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_CANTOPEN",
    "SQLITE_FULL",
    "SQLITE_READONLY",
    "SQLITE_IOERR",
    "SQLITE_NOTADB",
)
"""Beginnings of names: most have variants, such as SQLITE_BUSY_SNAPSHOT."""


class Runner(Protocol):
    """What a repository runs its statements on. Raises StorageUnavailable, and the error that a violation means."""

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        """Return the only row, or None."""

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        """Return all rows."""

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        """Return how many rows were changed.

        With several parameters it runs once for each, and the number means nothing.
        """


class Transaction:
    """An open transaction on a connection of its own. Its `close` must be awaited in any case."""

    def __init__(self, connection: AsyncConnection, turn: asyncio.Lock | None) -> None:
        self._connection = connection
        self._turn = turn

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        with _translated():
            return (await self._connection.execute(statement, parameters)).one_or_none()

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        with _translated():
            return (await self._connection.execute(statement, parameters)).all()

    async def run(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> int:
        with _translated():
            return (await self._connection.execute(statement, parameters)).rowcount

    async def commit(self) -> None:
        """Commit. No statement may follow, as it would begin another transaction.

        Raises OutcomeUnknown where a statement would raise StorageUnavailable: the commit may have succeeded.
        """
        try:
            with _translated():
                await self._connection.commit()
        except StorageUnavailable as error:
            raise OutcomeUnknown from error

    async def close(self) -> None:
        """Roll back what is not committed, return the connection, and release the writer's lock.

        It runs to its end even if the request is cancelled meanwhile.
        """
        await asyncio.shield(asyncio.ensure_future(self._close()))

    async def _close(self) -> None:
        try:
            await self._connection.close()
        finally:
            if self._turn is not None:
                self._turn.release()


class Database:
    """A database, as one process uses it: pools of connections and, on SQLite, the lock for the only writer.

    *pool_size* is how many connections it opens at most (SQLite: for reading). *wait_s* is how long a request waits for
    one, or to be the writer, before StorageUnavailable. It connects when it is first used.
    """

    def __init__(self, url: str, *, pool_size: int = 10, wait_s: float = WAIT_S) -> None:
        self._engines = open_engines(url, pool_size=pool_size, wait_s=wait_s)
        self._wait_s = wait_s
        self._turn = asyncio.Lock() if self._engines.one_writer else None

    async def row(self, statement: Executable, parameters: Parameters) -> Row | None:
        """See Runner; in autocommit."""
        with _translated():
            async with self._engines.reading.connect() as connection:
                return (await connection.execute(statement, parameters)).one_or_none()

    async def rows(self, statement: Executable, parameters: Parameters) -> Sequence[Row]:
        """See Runner; in autocommit."""
        with _translated():
            async with self._engines.reading.connect() as connection:
                return (await connection.execute(statement, parameters)).all()

    async def run(
        self,
        statement: Executable,
        parameters: Parameters | Sequence[Parameters],  # noqa: ARG002 -- a Runner's signature
    ) -> int:
        """Raise RuntimeError: a write needs a transaction."""
        message = f"a write outside of a transaction: {statement}"
        raise RuntimeError(message)

    async def begin(self) -> Transaction:
        """Begin a transaction that may write. On SQLite there is one at a time; the others wait here.

        SQLite itself would poll: with 50 writers that took twenty times as long.
        """
        with _translated():
            if self._turn is not None:
                async with asyncio.timeout(self._wait_s):
                    await self._turn.acquire()
            try:
                connection = await self._engines.writing.connect()
            except BaseException:
                if self._turn is not None:
                    self._turn.release()
                raise
            transaction = Transaction(connection, self._turn)
            try:
                await connection.begin()
            except BaseException:
                await transaction.close()
                raise
            return transaction

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction outside of any request. It is committed when the context is left without an error."""
        transaction = await self.begin()
        try:
            yield transaction
            await transaction.commit()
        finally:
            await transaction.close()

    async def close(self) -> None:
        """Close all connections. None may be in use."""
        await self._engines.reading.dispose()
        await self._engines.writing.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Translate a driver's exceptions into domain errors, where there is one."""
    try:
        yield
    except IntegrityError as error:
        meaning = meaning_of(error)
        if meaning is None:
            raise
        raise meaning from error
    except DBAPIError as error:
        if not _is_unavailable(error):
            raise
        raise StorageUnavailable from error
    except (PoolTimeoutError, OSError) as error:  # TimeoutError is an OSError; so is a refused connection
        raise StorageUnavailable from error


def _is_unavailable(error: DBAPIError) -> bool:
    cause = error.driver_exception
    if error.connection_invalidated or isinstance(cause, OSError):
        return True
    sqlstate = getattr(cause, "sqlstate", None)
    if isinstance(sqlstate, str):
        return sqlstate.startswith(_UNAVAILABLE_SQLSTATES)
    return getattr(cause, "sqlite_errorname", "").startswith(_UNAVAILABLE_SQLITE)

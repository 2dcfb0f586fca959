"""SQLite's connections: one that reads, and one that writes, to a file in WAL mode.

Readers and the writer do not block each other. Statements run in the event loop's thread, because they take less time
than it takes to hand them to another one. Only what may take long is handed over: a commit, which waits for the disk,
and what touches many rows (`compiled.bulk`). So what others wait for is one statement (ADR 79).

One transaction writes at a time; the others wait in order. SQLite itself would poll, which took twenty times as long
with 50 writers. Only where another process writes to the file is there no other way.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from domain.errors import OutcomeUnknown, StorageUnavailable
from persistence.compiled import Row, Statements, Values
from persistence.schema import REVISION, VERSION_TABLE
from persistence.sqlite_errors import error_name, is_busy, translated
from persistence.sqlite_file import SHM, WAL, OpenFile, identity
from persistence.sqlite_values import CODECS
from persistence.waiting import take

Result = TypeVar("Result")

PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY")
"""A commit is on the disk before it returns. What can undo a statement is in memory: SQLite would create a file for one
that changes more than 16 pages, as the completion of a task does.
"""
STATEMENTS_KEPT: Final = 500

_SHORTEST_PAUSE_S: Final = 0.001
_LONGEST_PAUSE_S: Final = 0.05
_LEAST_FREE_BYTES: Final = 1024 * 1024
"""What one write may need of the disk, at most."""


class SqliteConnections:
    """The connections of one process to the file *path*. They are opened when they are first used.

    *name* is the database's, for the log. *turn_s* is how long a transaction waits for its turn, and *lock_s* how long
    anything waits for other processes.
    """

    longest_pause_s: float = _LONGEST_PAUSE_S

    def __init__(self, path: str, *, name: str, turn_s: float, lock_s: float) -> None:
        self.statements: Final = Statements(SQLiteDialect(paramstyle="qmark"), CODECS, combines=False)
        self.name: Final = name
        self._path = path
        self._turn_s = turn_s
        self._lock_s = lock_s
        self._turn = asyncio.Semaphore(1)
        self._thread: ThreadPoolExecutor | None = None
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._file: OpenFile | None = None
        self._is_replacement = False

    async def fetch(self, text: str, values: Values) -> Sequence[Row]:
        """Return the rows of a statement that only reads. Raises StorageUnavailable."""

        def read() -> Sequence[Row]:
            if self._file is not None and not self._file.is_unchanged():
                self._follow_changes(self._file, may_leave=not self._turn.locked())
            if self._reader is None:
                self._reader = self._open()
            return self._reader.execute(text, values).fetchall()

        return await self._patiently(read, text)

    async def begin(self) -> "SqliteTransaction":
        """Begin to write. Raises StorageUnavailable if other transactions take too long."""
        await take(self._turn, self._turn_s, f"the turn to write to {self.name}")
        try:
            return await self._patiently(self._begin, "BEGIN IMMEDIATE")
        except BaseException:
            self._turn.release()
            raise

    async def require_writable(self) -> None:
        """Raise StorageUnavailable if the file is read-only, deleted, replaced or damaged, or its disk is full."""
        try:
            is_full = shutil.disk_usage(self._path).free < _LEAST_FREE_BYTES
        except OSError as error:
            raise StorageUnavailable(str(error)) from error
        if is_full:
            raise self._unavailable("its disk is full")
        if not os.access(self._path, os.W_OK):
            raise self._unavailable("it is read-only")
        self.require_same_file(WAL, SHM)

    async def close(self) -> None:
        """Close the connections. None may be in use."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self._close()

    def require_same_file(self, *suffixes: str) -> None:
        """Raise StorageUnavailable if the file, or one beside it with *suffixes*, is not the one that is open.

        What is written to a file without a name is lost.
        """
        if self._file is None:
            return
        if self._file.is_replaced():
            raise self._unavailable("it was deleted or replaced")
        if damage := self._file.damage(*suffixes):
            raise StorageUnavailable(damage)

    async def aside(self, function: Callable[[], Result]) -> Result:
        """Return what *function* returns, which runs in the writer's thread, after what runs there."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sqlite")
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def roll_back(self, connection: sqlite3.Connection) -> None:
        """Roll back the writer's transaction, after what runs in it."""
        try:
            await self.aside(connection.rollback)
        except sqlite3.Error:  # it says less than the error that led here; to close the connection rolls back, too
            self._close_writer()

    def end_turn(self) -> None:
        """Let the next transaction begin."""
        self._turn.release()

    def _begin(self) -> "SqliteTransaction":
        if self._file is not None and not self._file.is_unchanged():
            self._follow_changes(self._file, may_leave=True)
        if self._writer is None:
            self._writer = self._open()
        self._writer.execute("BEGIN IMMEDIATE")
        return SqliteTransaction(self, self._writer)

    async def _patiently(self, function: Callable[[], Result], text: str) -> Result:
        """Return what *function* returns, once no other process locks the file."""
        pause_s, waited_s = _SHORTEST_PAUSE_S, 0.0
        while True:
            try:
                return function()
            except sqlite3.Error as error:
                if not is_busy(error) or waited_s >= self._lock_s:
                    raise translated(error, text, self.name) from error
            await asyncio.sleep(pause_s)
            waited_s += pause_s
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _open(self) -> sqlite3.Connection:
        """Open the file, which must exist: SQLite would create an empty one in the place of one that was deleted."""
        before = identity(self._path)
        uri = Path(self._path).absolute().as_uri()
        connection = sqlite3.connect(
            f"{uri}?mode=rw",
            uri=True,
            timeout=0,  # it would wait in the event loop's thread
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
        )
        try:
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("SELECT 1 FROM sqlite_schema").fetchall()  # opens the files beside it
            self._require_opened(connection, before)
        except BaseException:
            connection.close()
            raise
        return connection

    def _require_opened(self, connection: sqlite3.Connection, before: object) -> None:
        """Raise StorageUnavailable if the file was replaced meanwhile, or is one that cannot be used."""
        if identity(self._path) != before or (self._file is not None and self._file.is_replaced()):
            raise self._unavailable("it was replaced")
        if self._file is None:
            if self._is_replacement and (found := _revision(connection)) != REVISION:
                raise self._unavailable(f"it was replaced by one at revision {found or 'none'} instead of {REVISION}")
            self._file = OpenFile(self._path)

    def _follow_changes(self, file: OpenFile, *, may_leave: bool) -> None:
        """Leave a file that was deleted or replaced. Raises StorageUnavailable if that, or its use, is impossible."""
        if not file.is_replaced():
            self.require_same_file()
        elif may_leave:
            self._close()
            self._is_replacement = True
        else:
            raise self._unavailable("it was deleted or replaced")

    def _close(self) -> None:
        """Close the connections, and the file.

        A write-ahead log of another file is not copied into it, but deleted: the file would take it for its own.
        """
        file, self._file = self._file, None
        is_other = file is not None and (file.is_replaced() or not file.may_checkpoint())
        for connection in (self._writer, self._reader):
            if connection is not None:
                if is_other:
                    connection.interrupt()  # closing then copies nothing
                connection.close()
        self._writer = self._reader = None
        if file is not None:
            file.close()
            if is_other:
                file.delete_beside()

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.interrupt()  # see `_close`
            self._writer.close()
        self._writer = None

    def _unavailable(self, reason: str) -> StorageUnavailable:
        return StorageUnavailable(f"{self.name}: {reason}")


class SqliteTransaction:
    """The transaction of the only writer."""

    def __init__(self, connections: SqliteConnections, connection: sqlite3.Connection) -> None:
        self._connections = connections
        self._connection = connection
        self._is_running_aside = False

    async def fetch(self, text: str, values: Values, *, bulk: bool) -> Sequence[Row]:
        """Return the rows of a statement."""
        return await self._run(lambda: self._execute(text, values).fetchall(), text, bulk=bulk)

    async def execute(self, text: str, values: Values, *, bulk: bool) -> int:
        """Return how many rows a statement changed."""
        return await self._run(lambda: self._execute(text, values).rowcount, text, bulk=bulk)

    async def execute_all(self, text: str, many: Sequence[Values]) -> None:
        """Run a statement once for each of *many*."""
        # The cursor must not leave its thread. When the garbage collector deleted it in another one, it would reset the
        # prepared statement, in the middle of its next use.
        await self._run(lambda: self._cursor().executemany(text, many).rowcount, text, bulk=True)

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""
        try:
            await self._aside(self._commit)
        except sqlite3.Error as error:
            if "FSYNC" in error_name(error):  # all was written, and may be on the disk
                raise OutcomeUnknown from error
            raise translated(error, "COMMIT", self._connections.name) from error

    async def close(self) -> None:
        """Roll back what is not committed, and end the turn. After a commit it does not wait for anything."""
        try:
            if self._is_running_aside or self._connection.in_transaction:
                await self._connections.roll_back(self._connection)
        finally:
            self._connections.end_turn()

    async def _run(self, function: Callable[[], Result], text: str, *, bulk: bool) -> Result:
        try:
            return await self._aside(function) if bulk else function()
        except sqlite3.Error as error:
            raise translated(error, text, self._connections.name) from error

    async def _aside(self, function: Callable[[], Result]) -> Result:
        self._is_running_aside = True
        result = await self._connections.aside(function)
        self._is_running_aside = False
        return result

    def _execute(self, text: str, values: Values) -> sqlite3.Cursor:
        return self._cursor().execute(text, values)

    def _cursor(self) -> sqlite3.Cursor:
        """Return a cursor in the transaction. After some errors SQLite has ended it: a statement would then commit."""
        if not self._connection.in_transaction:
            raise StorageUnavailable("SQLite has ended the transaction after an error")
        return self._connection.cursor()

    def _commit(self) -> None:
        self._connections.require_same_file(WAL)
        self._cursor().execute("COMMIT")


def _revision(connection: sqlite3.Connection) -> str | None:
    """Return the revision of the schema; None for a database that was never migrated."""
    try:
        row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608  # a constant
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return None
    return None if row is None else str(row[0])

"""SQLite's connections: one that reads, and one that writes, to a file in WAL mode.

Readers and the writer do not block each other. Statements run in the event loop's thread, because they take less time
than it takes to hand them to another one. Only what may take long is handed over: a commit, which waits for the disk,
and what touches many rows (`compiled.bulk`). So what others wait for is one statement (ADR 79).

One transaction writes at a time; the others wait in order. SQLite itself would poll, which took twenty times as long
with 50 writers. Only where another process writes to the file is there no other way.
"""

import asyncio
import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID, SafeUUID

from sqlalchemy import Boolean, Date, Integer, LargeBinary, String, Time, Uuid
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.types import NullType

from domain.errors import OutcomeUnknown, StorageUnavailable
from persistence.compiled import Codec, Codecs, Row, Statements, Values
from persistence.metadata import Timestamp, Words, from_microseconds, to_microseconds, to_text, to_words
from persistence.violations import StatementFailed, meaning_of, name_in
from persistence.waiting import take

Result = TypeVar("Result")
_Identity = tuple[int, int]
"""The device and the number of a file."""

_UUIDS_KEPT: Final = 1000
"""The rows of a list share most of them."""


def _uuid(digits: str) -> UUID:
    """Return the UUID that was stored. The constructor takes three times as long, because it reads other forms, too."""
    new = UUID.__new__(UUID)
    object.__setattr__(new, "int", int(digits, 16))
    object.__setattr__(new, "is_safe", SafeUUID.unknown)
    return new


CODECS: Final[Codecs] = {
    Uuid: Codec(dump=attrgetter("hex"), load=lru_cache(_UUIDS_KEPT)(_uuid)),
    Timestamp: Codec(dump=to_microseconds, load=from_microseconds),
    Date: Codec(dump=dt.date.isoformat, load=dt.date.fromisoformat),
    Time: Codec(dump=lambda time: time.isoformat("microseconds"), load=dt.time.fromisoformat),
    Boolean: Codec(load=bool),
    Words: Codec(dump=to_text, load=to_words),
    **dict.fromkeys((String, Integer, LargeBinary, NullType), Codec()),
}
PRAGMAS: Final = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY")
"""A commit is on the disk before it returns. What can undo a statement is in memory: SQLite would create a file for one
that changes more than 16 pages, as the completion of a task does.
"""
STATEMENTS_KEPT: Final = 500

_UNAVAILABLE: Final = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_CANTOPEN",
    "SQLITE_FULL",
    "SQLITE_READONLY",
    "SQLITE_IOERR",
    "SQLITE_NOTADB",
)
"""Beginnings of names: most have variants, such as SQLITE_BUSY_SNAPSHOT."""
_SHORTEST_PAUSE_S: Final = 0.001
_LONGEST_PAUSE_S: Final = 0.05


class SqliteConnections:
    """The connections of one process to the file *path*. They are opened when they are first used.

    *turn_s* is how long a transaction waits for its turn, and *lock_s* how long anything waits for other processes.
    """

    longest_pause_s: float = _LONGEST_PAUSE_S

    def __init__(self, path: str, *, turn_s: float, lock_s: float) -> None:
        self.statements: Final = Statements(SQLiteDialect(paramstyle="qmark"), CODECS, combines=False)
        self._path = path
        self._turn_s = turn_s
        self._lock_s = lock_s
        self._turn = asyncio.Semaphore(1)
        self._thread: ThreadPoolExecutor | None = None
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._opened: Mapping[str, _Identity | None] = {}

    async def fetch(self, text: str, values: Values) -> Sequence[Row]:
        """Return the rows of a statement that only reads. Raises StorageUnavailable."""

        def read() -> Sequence[Row]:
            if self._is_another_file():
                if self._turn.locked():
                    raise StorageUnavailable
                self._leave_file()
            if self._reader is None:
                self._reader = self._open()
            return self._reader.execute(text, values).fetchall()

        return await self._patiently(read, text)

    async def begin(self) -> "SqliteTransaction":
        """Begin to write. Raises StorageUnavailable if other transactions take too long."""
        await take(self._turn, self._turn_s)
        try:
            return await self._patiently(self._begin, "BEGIN IMMEDIATE")
        except BaseException:
            self._turn.release()
            raise

    async def require_writable(self) -> None:
        """Raise StorageUnavailable if the file is read-only, deleted or replaced, or its disk is full."""
        try:
            is_full = shutil.disk_usage(self._path).free == 0
        except OSError as error:
            raise StorageUnavailable from error
        if is_full or self._is_another_file() or not os.access(self._path, os.W_OK):
            raise StorageUnavailable

    async def close(self) -> None:
        """Close the connections. None may be in use."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self._close()

    def require_same_file(self) -> None:
        """Raise StorageUnavailable if the file is not the one that the connections have opened."""
        if self._is_another_file():
            raise StorageUnavailable

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
        if self._is_another_file():
            self._leave_file()
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
                    raise translated(error, text) from error
            await asyncio.sleep(pause_s)
            waited_s += pause_s
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _open(self) -> sqlite3.Connection:
        """Open the file, which must exist: SQLite would create an empty one in the place of one that was deleted."""
        before = self._identities()[""]
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
        except BaseException:
            connection.close()
            raise
        opened = self._identities()
        if not before == opened[""] == self._opened.get("", before):
            connection.close()
            raise StorageUnavailable  # it was replaced meanwhile
        self._opened = opened
        return connection

    def _is_another_file(self) -> bool:
        """Whether the file that is open was deleted or replaced: what is written to it is lost."""
        return bool(self._opened) and _identity(self._path) != self._opened[""]

    def _leave_file(self) -> None:
        """Close the connections to a file that was deleted or replaced.

        Its write-ahead log is deleted: it still lies beside the new file, which would take it for its own. If another
        process was faster, the one that lies there is the new file's, and stays.
        """
        opened = self._opened
        self._close()
        for suffix, identity in self._identities().items():
            if suffix and identity is not None and identity == opened[suffix]:
                Path(self._path + suffix).unlink(missing_ok=True)

    def _identities(self) -> Mapping[str, "_Identity | None"]:
        """The identities of the file and of those beside it, by what their names have more."""
        return {suffix: _identity(self._path + suffix) for suffix in ("", "-wal", "-shm")}

    def _close(self) -> None:
        self._close_writer()
        if self._reader is not None:
            self._reader.close()
        self._reader, self._opened = None, {}

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None


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
        await self._run(lambda: self._cursor().executemany(text, many), text, bulk=True)

    async def commit(self) -> None:
        """Commit. Raises StorageUnavailable if it failed, and OutcomeUnknown if it may have."""
        try:
            await self._aside(self._commit)
        except sqlite3.Error as error:
            if "FSYNC" in error_name(error):  # all was written, and may be on the disk
                raise OutcomeUnknown from error
            raise translated(error, "COMMIT") from error

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
            raise translated(error, text) from error

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
            raise StorageUnavailable
        return self._connection.cursor()

    def _commit(self) -> None:
        self._connections.require_same_file()
        self._cursor().execute("COMMIT")


def _identity(path: str) -> _Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # once a statement: a third of the time of a Path's
    except OSError:
        return None
    return found.st_dev, found.st_ino


def error_name(error: sqlite3.Error) -> str:
    """Return SQLite's name for an error, such as SQLITE_BUSY. Empty if the driver raised it by itself."""
    return getattr(error, "sqlite_errorname", "")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has locked the file, so that the same may succeed later."""
    return error_name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def translated(error: sqlite3.Error, text: str) -> Exception:
    """Return the error to raise for one of the driver."""
    if error_name(error).startswith(_UNAVAILABLE):
        return StorageUnavailable()
    failed = StatementFailed(error, text, name_in(str(error)) if isinstance(error, sqlite3.IntegrityError) else None)
    return meaning_of(failed) or failed

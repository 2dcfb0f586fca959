"""What others do to the file of an SQLite database, and to the two beside it, while it is open here.

SQLite does not notice it. It goes on writing to a file that has no name any more, and copies its write-ahead log into a
file that was restored meanwhile, which damages that.
"""

import contextlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

WAL: Final = "-wal"
SHM: Final = "-shm"

Identity = tuple[int, int]
"""The device and the number of a file."""
_HEADER_BYTES: Final = 100
_INDEX: Final = Struct("=32x8s56xI28xI")
"""Of the shared memory; see _Checkpoints, and "WAL-Index File Format" in SQLite's documentation."""
_ADVICE: Final = "the database cannot be used: stop every server; restore it, if it was overwritten; start again"
_logger: Final = logging.getLogger(__name__)


class OpenFile:
    """The file *path*, which connections of this process have opened. Raises FileNotFoundError if one is deleted.

    In WAL mode nothing changes the file but checkpoints, which the shared memory counts. So a file that has another
    header without a checkpoint was overwritten. Close it after all connections, and have only one in a process: what it
    closes loses this process's locks.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._damage = ""
        with contextlib.ExitStack() as opened:
            self._main = _opened(path, opened)
            self._index = _opened(path + SHM, opened)
            self._identity = identity(path)
            self._beside = {suffix: identity(path + suffix) for suffix in (WAL, SHM)}
            self._known = self._look()
            self._descriptors = opened.pop_all()

    def close(self) -> None:
        """Close what was opened here."""
        self._descriptors.close()

    def is_unchanged(self) -> bool:
        """Whether nothing was written to the file since the last look at it. It costs as much as `os.stat`."""
        return _look(self._path) == self._known.seen and not self._damage

    def is_replaced(self) -> bool:
        """Whether the file was deleted, or replaced by another."""
        return identity(self._path) != self._identity

    def damage(self, *suffixes: str) -> str:
        """Return what was done to the file, or to those beside it with *suffixes*. Empty: nothing.

        It stays, because nothing that happens later undoes it, and is logged once.
        """
        if not self._damage:
            self._damage = self._found_damage(suffixes)
            if self._damage:
                _logger.error(_ADVICE, extra={"cause": self._damage})
        return self._damage

    def _found_damage(self, suffixes: Sequence[str]) -> str:
        if self.is_overwritten():
            return f"{self._path} was overwritten while it was open"
        lost = [self._path + suffix for suffix in suffixes if identity(self._path + suffix) != self._beside[suffix]]
        return f"deleted or replaced while open: {' and '.join(lost)}" if lost else ""

    def is_overwritten(self) -> bool:
        """Whether another program has written to the file, and not through SQLite."""
        before = self._known
        header = self._read_header()  # first: a checkpoint that has begun to write it is among the counts by now
        checkpoints = self._read_checkpoints()
        is_idle = checkpoints.done == checkpoints.begun
        if is_idle and checkpoints == before.checkpoints and header != before.header:
            return True
        self._known = self._look()
        return False

    def may_checkpoint(self) -> bool:
        """Whether the write-ahead log still belongs to the file. If it has no name any more, what is in it is saved."""
        return not self.is_overwritten() and identity(self._path + WAL) in {None, self._beside[WAL]}

    def delete_beside(self) -> None:
        """Delete the two files beside it, because they are not those of the file that is there now.

        If another process was faster, those that are there are the new file's, and stay.
        """
        for suffix, opened in self._beside.items():
            if opened is not None and identity(self._path + suffix) == opened:
                Path(self._path + suffix).unlink(missing_ok=True)

    def _look(self) -> "_Known":
        """How it is now. What is written after that is seen as a change, whatever is read here first."""
        checkpoints = self._read_checkpoints()
        header = self._read_header()
        return _Known(checkpoints, header, _look(self._path))

    def _read_header(self) -> bytes:
        return os.pread(self._main, _HEADER_BYTES, 0)

    def _read_checkpoints(self) -> "_Checkpoints":
        return _Checkpoints(*_INDEX.unpack(os.pread(self._index, _INDEX.size, 0)))


class _Checkpoints(NamedTuple):
    """Which log it is, and how many of its frames were copied to the file, or begun to be copied."""

    log: bytes
    done: int
    begun: int


class _Known(NamedTuple):
    """What was seen at the last look. It is replaced as one: the thread that commits looks, too."""

    checkpoints: _Checkpoints
    header: bytes
    seen: tuple[int, int, int, int] | None


def identity(path: str) -> Identity | None:
    """Return what differs between a file and another that has its name later. None without one."""
    seen = _look(path)
    return None if seen is None else seen[:2]


def _look(path: str) -> tuple[int, int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # once a statement: a third of the time of a Path's
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _opened(path: str, stack: contextlib.ExitStack) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    stack.callback(os.close, descriptor)
    return descriptor

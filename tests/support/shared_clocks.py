"""A clock that several processes share, and that jumps."""

from __future__ import annotations

import datetime as dt
import mmap
from pathlib import Path
from typing import Final

_NOTHING: Final = dt.timedelta()
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_BYTES: Final = 8


class SharedClock:
    """The real clock, and as much more as a file says: eight bytes in memory that all processes share.

    *ahead* is how much more than the others this process shows: clocks of two machines are never equal.
    """

    def __init__(self, path: Path, *, ahead: dt.timedelta = _NOTHING) -> None:
        self.path = path
        self._ahead = ahead
        with path.open("r+b") as file:
            self._microseconds = memoryview(mmap.mmap(file.fileno(), _BYTES)).cast("q")

    @classmethod
    def at(cls, instant: dt.datetime, path: Path) -> SharedClock:
        """Create a file for clocks that show this instant now."""
        path.write_bytes(bytes(_BYTES))
        clock = cls(path)
        clock.jump(instant - dt.datetime.now(dt.UTC))
        return clock

    def __call__(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self._microseconds[0] * _MICROSECOND + self._ahead

    def jump(self, by: dt.timedelta) -> None:
        """Let the clocks of all processes show that much more. Only one process may do so."""
        self._microseconds[0] += by // _MICROSECOND

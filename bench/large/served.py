"""`python -m bench.large.served FILE ...`: `tickbox ...`, which counts in FILE the statements that it sends."""

from __future__ import annotations

import logging
import mmap
import struct
import sys
from pathlib import Path

from app.command import main
from persistence import sent_statements

_FORM = struct.Struct("=q")


class _Counter(logging.Handler):
    def __init__(self, file: Path) -> None:
        super().__init__()
        with file.open("r+b") as opened:
            self._count = mmap.mmap(opened.fileno(), _FORM.size)

    def emit(self, _record: logging.LogRecord) -> None:
        _FORM.pack_into(self._count, 0, *(count + 1 for count in _FORM.unpack_from(self._count)))


def created(file: Path) -> Path:
    """The file, with the number 0 in it."""
    file.write_bytes(bytes(_FORM.size))
    return file


def count(file: Path) -> int:
    """The number of statements so far, with BEGIN and COMMIT."""
    return int(_FORM.unpack(file.read_bytes())[0])


if __name__ == "__main__":
    logger = logging.getLogger(sent_statements.__name__)
    logger.addHandler(_Counter(Path(sys.argv.pop(1))))
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    main()

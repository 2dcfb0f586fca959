"""Where the files of a contract are read from: a tree of files, such as the working tree.

A contract may be somebody else's, and reports quote it. So no tree gives a file outside of the contract's repository,
or outside of its folder if that is in none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from .texts import MAX_BYTES

OUTSIDE = "it is outside of the repository, or of the folder, of the contract"
NOWHERE = "there is no such file"


class MissingFileError(Exception):
    """A file that a reference leads to cannot be read. The text is a sentence without its name."""


class Tree(Protocol):
    """The files that are around the first file of a contract."""

    def read(self, name: str) -> bytes:
        """The content of the file at *name*, a path from the folder of the first file. Raises MissingFileError."""
        ...


class NoTree:
    """The first file is all that there is."""

    def read(self, _name: str) -> bytes:
        """Raise MissingFileError."""
        raise MissingFileError("only one file is read here")


class WorkingTree:
    """The files on the disk, from the folder of the first file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._home = _home(folder.resolve())

    def read(self, name: str) -> bytes:
        """The content of a file; see Tree."""
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._home):
                raise MissingFileError(OUTSIDE)
            if not path.is_file():
                raise MissingFileError(NOWHERE)
            if path.stat().st_size > MAX_BYTES:
                raise MissingFileError(f"it has more than {MAX_BYTES >> 20} MiB")
            return path.read_bytes()
        except OSError as error:
            raise MissingFileError(f"it cannot be read: {error.strerror}") from error
        except (ValueError, RuntimeError) as error:  # a NUL in the name; symbolic links in a circle
            raise MissingFileError(NOWHERE) from error


def _home(folder: Path) -> Path:
    """The repository that *folder* is in, or else *folder*."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)

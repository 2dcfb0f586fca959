"""What the errors of SQLite mean."""

import sqlite3
from typing import Final

from domain.errors import StorageUnavailable
from persistence.violations import StatementFailed, meaning_of, name_in

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


def error_name(error: sqlite3.Error) -> str:
    """Return SQLite's name for an error, such as SQLITE_BUSY. Empty if the driver raised it by itself."""
    return getattr(error, "sqlite_errorname", "")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process has locked the file, so that the same may succeed later."""
    return error_name(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def translated(error: sqlite3.Error, text: str, name: str) -> Exception:
    """Return the error to raise for one of the driver. *name* is the database's."""
    if error_name(error).startswith(_UNAVAILABLE):
        return StorageUnavailable(f"{name}: {error}")
    failed = StatementFailed(error, text, name_in(str(error)) if isinstance(error, sqlite3.IntegrityError) else None)
    return meaning_of(failed) or failed

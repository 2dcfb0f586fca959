"""What the violation of a constraint means, found by the constraint's name. So the database decides races."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Final

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from domain.errors import DomainError
from persistence.metadata import metadata

_SQLITE_UNIQUE: Final = re.compile(r"UNIQUE constraint failed: (.+)")
_ARGUMENT: Final = re.compile(r"(?<=query argument )(\$\d+)[^:]*: .*", re.DOTALL)
_SQLITE_CHECK: Final = re.compile(r"CHECK constraint failed: (\w+)")


class StatementFailed(Exception):
    """A statement failed for a reason that no request should cause. The text has no values, as it is logged.

    `constraint` is the name of the violated constraint or unique index, if the driver reports it.
    """

    def __init__(self, cause: Exception, statement: str, constraint: str | None = None) -> None:
        super().__init__(f"{type(cause).__name__}: {cause} [{statement}]")
        self.constraint = constraint


def meaning_of(failed: StatementFailed) -> DomainError | None:
    """Return the error that a violation means. None for one that no request should cause."""
    error_of = meanings().get(failed.constraint or "")
    return None if error_of is None else error_of()


def name_in(message: str) -> str | None:
    """Return the name of the constraint or unique index that a message of SQLite is about.

    SQLite reports a check's name, a unique key's columns, and nothing of a foreign key.
    """
    if found := _SQLITE_UNIQUE.search(message):
        return _names_by_columns().get(found[1])
    if found := _SQLITE_CHECK.search(message):
        return found[1]
    return None


def hide_values(error: BaseException) -> None:
    """Delete from an error of PostgreSQL's driver what must not be logged.

    The server's DETAIL quotes the row that violates a constraint; the driver quotes an argument that it cannot send.
    """
    if hasattr(error, "detail"):
        error.detail = None
    error.__cause__, error.__suppress_context__ = None, True
    error.args = tuple(_ARGUMENT.sub(r"\1", str(each)) for each in error.args)


@cache  # when first asked: by then every table is in the MetaData
def meanings() -> Mapping[str, Callable[[], DomainError]]:
    """The error of each constraint that says what its violation means, by the constraint's name."""
    return {
        str(key.name): key.info["means"] for table in metadata.tables.values() for key in table.constraints if key.info
    }


@cache
def _names_by_columns() -> Mapping[str, str]:
    return dict(_unique_keys())


def _unique_keys() -> Iterator[tuple[str, str]]:
    for table in metadata.tables.values():
        keys = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
        for key in [*keys, *(index for index in table.indexes if index.unique)]:
            columns = ", ".join(f"{table.name}.{column.name}" for column in key.columns)
            yield columns, str(key.name)

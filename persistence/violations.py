"""What the violation of a constraint means, found by the constraint's name. So the database decides races."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Final

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from domain.errors import DomainError
from persistence.metadata import metadata

_SQLITE_UNIQUE: Final = re.compile(r"UNIQUE constraint failed: (.+)")
_SQLITE_CHECK: Final = re.compile(r"CHECK constraint failed: (\w+)")


def meaning_of(error: IntegrityError) -> DomainError | None:
    """Return the error that a violation means. None for one that no request should cause."""
    error_of = meanings().get(constraint_of(error) or "")
    return None if error_of is None else error_of()


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the violated constraint or unique index, if the driver reports it.

    PostgreSQL reports the name. SQLite reports a check's name, a unique key's columns, and nothing of a foreign key.
    """
    name = getattr(error.driver_exception, "constraint_name", None)
    if isinstance(name, str):
        return name
    message = str(error.orig)
    if found := _SQLITE_UNIQUE.search(message):
        return _names_by_columns().get(found[1])
    if found := _SQLITE_CHECK.search(message):
        return found[1]
    return None


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

"""What a violated constraint means, told by its name. Races are decided by the database, and named here."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import IntegrityError

from domain.errors import DomainError, IdTaken
from domain.model.identities import IdentityTaken
from domain.model.users import EmailTaken
from persistence.tables import metadata

MEANINGS: Final[Mapping[str, Callable[[], DomainError]]] = {
    "uq_users_email_key": EmailTaken,
    "pk_identities": IdentityTaken,
    "pk_workspaces": IdTaken,
    "pk_projects": IdTaken,
    "pk_tasks": IdTaken,
}
"""The violations that a caller can bring about. Any other is a fault of ours, and is left as it is."""

_SQLITE_UNIQUE: Final = re.compile(r"UNIQUE constraint failed: (.+)")
_SQLITE_CHECK: Final = re.compile(r"CHECK constraint failed: (\w+)")


def meaning_of(error: IntegrityError) -> DomainError | None:
    """The fact behind a violation, if it is one of MEANINGS."""
    name = constraint_of(error)
    return MEANINGS[name]() if name is not None and name in MEANINGS else None


def constraint_of(error: IntegrityError) -> str | None:
    """The name of the violated constraint or unique index.

    PostgreSQL tells it. SQLite tells a check's name, a unique key's columns, and nothing of a foreign key.
    """
    told = getattr(error.driver_exception, "constraint_name", None)
    if isinstance(told, str):
        return told
    message = str(error.orig)
    if found := _SQLITE_UNIQUE.search(message):
        return _NAMES_BY_COLUMNS.get(found[1])
    if found := _SQLITE_CHECK.search(message):
        return found[1]
    return None


def _unique_keys() -> Iterator[tuple[str, str]]:
    for table in metadata.tables.values():
        keys = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
        for key in [*keys, *(index for index in table.indexes if index.unique)]:
            columns = ", ".join(f"{table.name}.{column.name}" for column in key.columns)
            yield columns, str(key.name)


_NAMES_BY_COLUMNS: Final = dict(_unique_keys())

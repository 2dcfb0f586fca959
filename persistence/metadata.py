"""The parts of tables: the MetaData with its naming convention, the column types, and the `info` of a table.

Each table is in the module of its repository. `persistence/repositories.py` has the MetaData with all of them.

Every constraint and index has a name that says what it is on. The naming convention gives it, unless the name in the
database is another one. A violation is recognised by that name.

A table of workspace data has `workspace_id` first in its primary key and in its foreign keys, so that its rows can be
spread over machines by workspace. The only reference that leaves a workspace is a user's id, without a foreign key.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, DateTime, FromClause, Index, MetaData, Table, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from domain.errors import DomainError

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


def to_microseconds(instant: dt.datetime) -> int:
    """Return whole microseconds since 1970. Raises TypeError for a datetime without an offset."""
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> dt.datetime:
    """Return the instant, in UTC."""
    return _EPOCH + count * _MICROSECOND


def with_offset(instant: dt.datetime) -> dt.datetime:
    """Return the instant. Raises TypeError if it has no offset: PostgreSQL's driver would take it as local time."""
    if instant.tzinfo is None:
        message = "can't store a time without an offset"
        raise TypeError(message)
    return instant


def to_text(words: Iterable[str]) -> str:
    """Return the words in one text, sorted, so that equal sets are equal texts."""
    return " ".join(sorted(words))


def to_words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


class Microseconds(TypeDecorator[dt.datetime]):
    """An instant on SQLite, as whole microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 -- a TypeDecorator's signature
        """Raises TypeError for a datetime without an offset."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 -- as above
        """Return it in UTC."""
        return None if value is None else from_microseconds(value)


class Timestamp(TypeDecorator[dt.datetime]):
    """An instant on PostgreSQL. Its driver would take one without an offset as local time; this type refuses it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 -- as above
        """Raises TypeError for a datetime without an offset."""
        return None if value is None else with_offset(value)


class Words(TypeDecorator[frozenset[str]]):
    """A small set of words, as one text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 -- as above
        """Sorted, so that equal sets are equal texts."""
        return None if value is None else to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[str] | None:  # noqa: ARG002 -- as above
        """Return a set again."""
        return None if value is None else to_words(value)


INSTANT: Final[TypeEngine[dt.datetime]] = Timestamp().with_variant(Microseconds(), "sqlite")
"""An aware datetime; one that is read is in UTC."""
SORTED_TEXT: Final[TypeEngine[str]] = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared byte by byte, on every database and in every locale."""

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

TRASH_ID: Final = "trash_id"
"""The column with the entry of the trash that a row is in (persistence/trash.py). It is null in all that is live."""


def trash_id() -> Column[Any]:
    """Return the column TRASH_ID of a table. It is the table's last one."""
    return Column(TRASH_ID, Uuid)


def is_live(table: FromClause) -> ColumnElement[bool]:
    """Whether a row is not in the trash. What reads live things has this condition, and so have their indexes."""
    return table.c[TRASH_ID].is_(None)


def partial_index(name: str | None, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False) -> Index:
    """Return an index of the rows for which *where* is true. A query that it serves must have the same condition."""
    return Index(name, *columns, unique=unique, postgresql_where=where, sqlite_where=where)


UNLOGGED: Final[dict[Any, Any]] = {"unlogged": True}
"""A Table's `info`: any repository may change it. Without it, only the change log may."""


def logged_as(kind: str) -> dict[Any, Any]:
    """A Table's `info`: the change log records each change of it with an event of this *kind*, such as "task"."""
    return {"logged_as": kind}


def part_of(kind: str) -> dict[Any, Any]:
    """A Table's `info`: its rows are parts of an entity of this *kind*, whose events record each change of them."""
    return {"part_of": kind}


def means(error: Callable[[], DomainError]) -> dict[Any, Any]:
    """A constraint's `info`: a request that violates it is refused with this *error*."""
    return {"means": error}


def is_unlogged(table: object) -> bool:
    """Whether any repository may change it. An alias, or a table of another MetaData, is not such a table."""
    return isinstance(table, Table) and "unlogged" in table.info


def is_part(table: object) -> bool:
    """Whether its rows are parts of an entity of another table."""
    return isinstance(table, Table) and "part_of" in table.info


def logged_kind(table: object) -> str | None:
    """The kind of the events that record its changes, if there are any."""
    return table.info.get("logged_as") if isinstance(table, Table) else None

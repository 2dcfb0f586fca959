"""Which migration a database is at."""

from typing import Final

from sqlalchemy import Column, MetaData, String, Table, select
from sqlalchemy.exc import DBAPIError

from persistence.database import Runner

VERSION_TABLE: Final = "alembic_version"
REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
"""The migrations of this version, oldest first. A server reads them here, as Alembic would cost 11 MB and 0.15 s."""
REVISION: Final = REVISIONS[-1]
"""The revision that this version needs."""

_versions: Final = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
_CURRENT: Final = select(_versions.c.version_num)


def is_newer(revision: str) -> bool:
    """Whether a newer version of Tickbox created *revision*: it is a number above ours.

    A revision that is neither that nor one of REVISIONS is of another program that uses Alembic.
    """
    return revision.isdecimal() and len(revision) == len(REVISION) and revision > REVISION


async def current(runner: Runner) -> str | None:
    """Return the revision of the schema; None for a database that was never migrated. Raises StorageUnavailable."""
    try:
        row = await runner.row(_CURRENT, {})
    except DBAPIError:  # there is no such table
        return None
    return None if row is None else str(row[0])

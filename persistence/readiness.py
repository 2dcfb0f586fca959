"""Which migration a database is at, and whether it can be used, as `/readyz` reports it."""

import asyncio
from typing import Final

from sqlalchemy import Column, MetaData, String, Table, select

from domain.errors import SchemaMismatched, StorageUnavailable
from persistence import schema
from persistence.database import Database
from persistence.runners import Runner
from persistence.violations import StatementFailed

WITHIN_S: Final = 2
"""How long it may take. A probe asks often, and waits a few seconds at most."""
_versions: Final = Table(schema.VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
_CURRENT: Final = select(_versions.c.version_num)


async def check(database: Database) -> None:
    """Raise StorageUnavailable unless the database can be written now, SchemaMismatched if it is of another version."""
    try:
        async with asyncio.timeout(WITHIN_S):
            await _check(database)
    except TimeoutError as error:
        raise StorageUnavailable(f"{database.name} did not respond within {WITHIN_S} s") from error
    except StatementFailed as error:  # such as of a damaged file
        raise StorageUnavailable(f"{database.name}: {error}") from error


async def _check(database: Database) -> None:
    found = await current(database)
    if found != schema.REVISION:
        is_newer = found is not None and schema.is_newer(found)
        raise SchemaMismatched(found, needed=schema.REVISION, is_newer=is_newer)
    await database.require_writable()


async def current(runner: Runner) -> str | None:
    """Return the revision of the schema; None for a database that was never migrated. Raises StorageUnavailable."""
    try:
        row = await runner.row(_CURRENT, {})
    except StatementFailed as error:
        if not _is_missing_table(error.__cause__):
            raise
        return None
    return None if row is None else str(row[0])


def _is_missing_table(cause: BaseException | None) -> bool:
    return getattr(cause, "sqlstate", None) == "42P01" or str(cause).startswith("no such table")

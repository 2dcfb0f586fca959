import asyncio
import gc
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

import pytest
from sqlalchemy import func, insert, literal, select, text

from persistence.database import Database
from persistence.engines import migration_engine
from persistence.users import users
from tests.support.databases import SqliteDatabases
from tests.support.defaults import NOON

SECRET = "$argon2id$secret"
ROW = {
    "id": UUID(int=1),
    "email": SECRET,
    "email_key": SECRET,
    "password_hash": SECRET,
    "name": "Ada",
    "time_zone": "UTC",
    "created_at": NOON,
    "updated_at": NOON,
    "revision": 1,
}
SYNCHRONOUS = text("PRAGMA synchronous")
Rows = Sequence[Mapping[str, object]]


async def insert_while_serving(url: str, rows: Rows) -> None:
    database = Database(url)
    transaction = await database.begin()
    try:
        await transaction.run(insert(users), rows)
    finally:
        await transaction.close()
        await database.close()


async def insert_while_migrating(url: str, rows: Rows) -> None:
    engine = migration_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(insert(users), [dict(row) for row in rows])
    finally:
        await engine.dispose()


@pytest.mark.parametrize("insert_rows", [insert_while_serving, insert_while_migrating])
@pytest.mark.parametrize(
    "rows",
    [
        [ROW | {"name": None}],
        [ROW, ROW | {"id": UUID(int=2)}],
        [ROW | {"created_at": NOON.replace(tzinfo=None)}],
        [ROW | {"password_hash": SECRET + "\ud800"}],
    ],
    ids=["nothing where something must be", "twice", "no offset", "a value that is not text"],
)
async def test_the_message_of_a_database_error_has_no_values(
    database_url: str, rows: Rows, insert_rows: Callable[[str, Rows], Awaitable[None]]
) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011  # whatever it is, it is logged
        await insert_rows(database_url, rows)

    assert SECRET not in "".join(traceback.format_exception(raised.value))


async def test_what_sqlite_has_committed_survives_a_power_cut(sqlite_databases: SqliteDatabases) -> None:
    url = sqlite_databases.migrated()
    database, engine = Database(url), migration_engine(url)
    async with engine.connect() as connection:
        migrating = await connection.scalar(SYNCHRONOUS)
    transaction = await database.begin()
    serving = await transaction.row(SYNCHRONOUS, {})
    await transaction.close()
    await engine.dispose()
    await database.close()
    sqlite_databases.remove(url)
    assert (serving, migrating) == ((2,), 2)  # FULL


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("prepares", [True, False])
async def test_a_plan_does_not_depend_on_the_values_of_a_statement(database_url: str, *, prepares: bool) -> None:
    database = Database(database_url, prepares=prepares)
    mode = select(func.current_setting(literal("plan_cache_mode")))

    read = await database.row(mode, {})
    async with database.transaction() as transaction:
        written = await transaction.row(mode, {})
    await database.close()

    assert (read, written) == (("force_generic_plan",), ("force_generic_plan",))


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_connection_is_closed_if_who_waits_for_it_is_cancelled(database_url: str) -> None:
    """After each number of turns of the event loop, ten times. pytest reports what is left open."""
    for turns in [*range(60)] * 10:
        database = Database(database_url)
        reading = asyncio.create_task(database.row(select(literal(1)), {}))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await database.close()
    gc.collect()

"""Databases of PostgreSQL go from test to test. Each test gets one as if it was new."""

import asyncpg
import pytest

from persistence.database import Database
from tests.support.databases import PostgresDatabases
from tests.support.service_callers import Caller


async def test_a_database_that_was_removed_comes_back_without_its_rows(postgres_databases: PostgresDatabases) -> None:
    url = postgres_databases.migrated()
    database = Database(url)
    await Caller(database=database).register("ada")
    await database.close()
    postgres_databases.remove(url)

    assert postgres_databases.migrated() == url

    database = Database(url)
    await Caller(database=database).register("ada")
    await database.close()
    postgres_databases.remove(url)


async def test_connections_that_a_test_left_are_closed(postgres_databases: PostgresDatabases) -> None:
    url = postgres_databases.migrated()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    postgres_databases.remove(url)

    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError)):
        await connection.fetch("SELECT 1")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE tasks ADD COLUMN more TEXT",
        "ALTER TABLE tasks ADD CHECK (title <> '')",
        "CREATE INDEX more ON tasks (title)",
        "DROP INDEX ix_tasks_due",
        "DROP TABLE alembic_version",
        "UPDATE alembic_version SET version_num = '0001'",
        "INSERT INTO mail_pauses VALUES ('verification', 'a', now()); ANALYZE",
    ],
)
async def test_a_database_that_was_changed_in_another_way_is_not_used_again(
    change: str, postgres_databases: PostgresDatabases
) -> None:
    url = postgres_databases.migrated()
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(change)
    await connection.close()
    postgres_databases.remove(url)

    another = postgres_databases.migrated()
    assert another != url
    postgres_databases.remove(another)

import asyncio
import datetime as dt
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import registration, workspaces
from domain.errors import OutcomeUnknown, StorageUnavailable
from persistence import schema
from persistence.database import Database
from persistence.repositories import metadata
from persistence.workspaces import lock_workspace
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller

TABLES = metadata.tables
SHORT_S = 2.0
"""Too short for what the test waits for, and long enough to connect on a busy machine."""
COUNT_USERS = select(func.count()).select_from(TABLES["users"])


def writers(database_url: str) -> int:
    """The number of transactions that `impatient` may have open at once."""
    return 1 if database_url.startswith("sqlite") else 2


@pytest.fixture
async def impatient(database_url: str) -> AsyncIterator[Database]:
    """A database with two connections that gives up soon."""
    database = Database(database_url, pool_size=2, wait_s=SHORT_S)
    yield database
    await database.close()


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = postgres_databases.migrated()
    yield url
    postgres_databases.remove(url)


@pytest.fixture
def sqlite_url(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    url = sqlite_databases.migrated()
    yield url
    sqlite_databases.remove(url)


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/nothing", "postgresql:///x?host=/nowhere", "sqlite:////nowhere/x.db"]
)
async def test_an_unreachable_database_is_unavailable(url: str) -> None:
    before = set(threading.enumerate())
    database = Database(url)

    with pytest.raises(StorageUnavailable):
        await schema.current(database)
    with pytest.raises(StorageUnavailable):
        await database.begin()
    await database.close()
    for thread in set(threading.enumerate()) - before:
        if "_connection_worker_thread" in thread.name:  # aiosqlite's thread, which sends the loop a last callback
            await asyncio.to_thread(thread.join, PATIENCE_S)
            assert not thread.is_alive()


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    transaction = await database.begin()
    await lock_workspace(transaction, ada.workspace_id)

    assert await asyncio.wait_for(ada.read(workspaces.get), timeout=PATIENCE_S)

    await transaction.close()


async def test_a_writer_that_waits_too_long_is_asked_to_try_again_later(impatient: Database, database_url: str) -> None:
    held = [await impatient.begin() for _ in range(writers(database_url))]

    with pytest.raises(StorageUnavailable):
        await impatient.begin()

    for transaction in held:
        await transaction.close()
    await (await impatient.begin()).close()


async def test_writers_that_wait_their_turn_all_succeed(database_url: str) -> None:
    database = Database(database_url, pool_size=2)
    nobody = Caller(database=database)
    attempts = [
        nobody.write(registration.register, email=f"{n}@example.com", password="pw", name="x", time_zone="UTC")
        for n in range(8)
    ]

    await asyncio.gather(*attempts)

    assert (await database.row(COUNT_USERS, {})) == (8,)
    await database.close()


async def test_a_caller_who_waits_too_long_for_a_locked_row_is_asked_to_try_again_later(postgres_url: str) -> None:
    database = Database(postgres_url, wait_s=SHORT_S)
    ada = await Caller(database=database).register("ada")
    holding, waiting = await database.begin(), await database.begin()
    await lock_workspace(holding, ada.workspace_id)

    with pytest.raises(StorageUnavailable):
        await lock_workspace(waiting, ada.workspace_id)

    await waiting.close()
    await holding.close()
    await database.close()


async def test_a_file_that_another_process_writes_to_is_unavailable(sqlite_url: str) -> None:
    database = Database(sqlite_url, wait_s=0.1)
    other = sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StorageUnavailable):
        await database.begin()

    other.close()
    await (await database.begin()).close()
    await database.close()


async def test_of_two_deadlocked_transactions_one_is_asked_to_try_again_later(postgres_url: str) -> None:
    database = Database(postgres_url)
    ada = await Caller(database=database).register("ada")
    bob = await Caller(database=database).register("bob")
    one, other = await database.begin(), await database.begin()
    await lock_workspace(one, ada.workspace_id)
    await lock_workspace(other, bob.workspace_id)

    results = await asyncio.gather(
        lock_workspace(one, bob.workspace_id), lock_workspace(other, ada.workspace_id), return_exceptions=True
    )

    assert sorted(type(result).__name__ for result in results) == ["StorageUnavailable", "tuple"]
    await one.close()
    await other.close()
    await database.close()


async def test_connections_that_the_server_closed_are_replaced(
    postgres_url: str, postgres_databases: PostgresDatabases
) -> None:
    database = Database(postgres_url)
    transaction = await database.begin()
    assert await transaction.row(COUNT_USERS, {}) == (0,)
    postgres_databases.disconnect(postgres_url)

    with pytest.raises(StorageUnavailable):
        await transaction.row(COUNT_USERS, {})
    await transaction.close()

    assert await database.row(COUNT_USERS, {}) == (0,)
    await database.close()


async def test_the_outcome_of_a_commit_without_a_response_is_unknown(
    postgres_url: str, postgres_databases: PostgresDatabases
) -> None:
    database = Database(postgres_url)
    transaction = await database.begin()
    assert await transaction.row(COUNT_USERS, {}) == (0,)
    postgres_databases.disconnect(postgres_url)

    with pytest.raises(OutcomeUnknown):
        await transaction.commit()

    await transaction.close()
    await (await database.begin()).close()
    await database.close()


@pytest.mark.parametrize("lost", [ConnectionResetError(), TimeoutError()])
async def test_the_outcome_of_an_interrupted_commit_is_unknown(
    database: Database, monkeypatch: pytest.MonkeyPatch, lost: OSError
) -> None:
    async def lose(_connection: AsyncConnection) -> None:
        raise lost

    monkeypatch.setattr(AsyncConnection, "commit", lose)
    transaction = await database.begin()

    with pytest.raises(OutcomeUnknown) as raised:
        await transaction.commit()

    await transaction.close()
    assert not isinstance(raised.value, StorageUnavailable)


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("something is wrong")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("SQLITE_BUSY_SNAPSHOT", StorageUnavailable),
        ("SQLITE_BUSY_RECOVERY", StorageUnavailable),
        ("SQLITE_LOCKED_SHAREDCACHE", StorageUnavailable),
        ("SQLITE_CANTOPEN_ISDIR", StorageUnavailable),
        ("SQLITE_FULL", StorageUnavailable),
        ("SQLITE_READONLY_DBMOVED", StorageUnavailable),
        ("SQLITE_IOERR_WRITE", StorageUnavailable),
        ("SQLITE_ERROR", OperationalError),
        ("SQLITE_CORRUPT", OperationalError),
    ],
)
async def test_a_file_that_cannot_be_used_now_is_unavailable_and_a_corrupt_one_is_an_error(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, name: str, raised: type[Exception]
) -> None:
    async def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, sqlite_error(name))

    database = Database(sqlite_url)
    monkeypatch.setattr(AsyncConnection, "execute", fail)

    with pytest.raises(raised):
        await database.row(COUNT_USERS, {})
    await database.close()


async def test_a_read_only_file_is_unavailable_to_a_writer(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    transaction = await database.begin()
    await transaction.run(text("PRAGMA query_only = ON"), {})

    with pytest.raises(StorageUnavailable):
        await transaction.run(delete(TABLES["users"]), {})
    await transaction.close()
    await database.close()


async def test_foreign_keys_are_enforced(database: Database) -> None:
    values = {
        "id": UUID(int=1),
        "user_id": UUID(int=2),
        "created_at": NOON,
        "last_refreshed_at": NOON,
        "expires_at": NOON,
    }
    transaction = await database.begin()

    with pytest.raises(IntegrityError):
        await transaction.run(insert(TABLES["sessions"]), values)
    await transaction.close()


async def test_an_instant_is_stored_to_the_microsecond_and_read_back_in_utc(database: Database) -> None:
    elsewhere = dt.timezone(dt.timedelta(hours=5, minutes=30))
    instants = [
        dt.datetime(1, 1, 2, tzinfo=dt.UTC),
        dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC),
        dt.datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=elsewhere),
        dt.datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=dt.UTC),
    ]
    ada = await Caller(database=database).register("ada")
    transaction = await database.begin()
    for number, instant in enumerate(instants):
        session_id = UUID(int=number)
        values = {"id": session_id, "user_id": ada.user_id, "created_at": NOON, "last_refreshed_at": instant}
        await transaction.run(insert(TABLES["sessions"]), {**values, "expires_at": instant})
    by_time = select(TABLES["sessions"].c.expires_at).order_by(TABLES["sessions"].c.expires_at)

    found = [row[0] for row in await transaction.rows(by_time, {})]

    assert found == instants
    assert {instant.utcoffset() for instant in found} == {dt.timedelta(0)}
    await transaction.close()


async def test_a_time_without_an_offset_is_rejected(database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    naive = NOON.replace(tzinfo=None)
    values = {"id": UUID(int=1), "user_id": ada.user_id, "created_at": naive, "last_refreshed_at": naive}
    transaction = await database.begin()

    with pytest.raises(StatementError, match="offset"):
        await transaction.run(insert(TABLES["sessions"]), {**values, "expires_at": naive})
    await transaction.close()

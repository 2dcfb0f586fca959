import asyncio
import datetime as dt
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.engine import make_url

from domain import registration, workspaces
from domain.errors import OutcomeUnknown, StorageUnavailable
from persistence import readiness, schema, sqlite_errors
from persistence.compiled import BULK
from persistence.database import Database
from persistence.repositories import metadata
from persistence.urls import name_of
from persistence.violations import StatementFailed
from persistence.workspaces import lock_workspace
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller
from tests.support.waiting import until_held_up

TABLES = metadata.tables
SHORT_S = 2.0
"""Too short for what the test waits for, and long enough to connect on a busy machine."""
ORPHAN = {
    "id": UUID(int=1),
    "user_id": UUID(int=2),
    "created_at": NOON,
    "last_refreshed_at": NOON,
    "expires_at": NOON,
}
"""A session of no user."""
COUNT_SLEEPING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
)
CANCEL_WAITING = text(
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
BACKEND = select(func.pg_backend_pid())
COUNT_USERS = select(func.count()).select_from(TABLES["users"])


def user_values(name: str) -> dict[str, object]:
    times = {"created_at": NOON, "updated_at": NOON, "revision": 1}
    return {"id": uuid4(), "email": name, "email_key": name, "name": name, "time_zone": "UTC", **times}


@pytest.fixture
async def impatient(database_url: str) -> AsyncIterator[Database]:
    """A database that gives up soon, with two connections, of which one is for reads."""
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
    database = Database(url)

    with pytest.raises(StorageUnavailable):
        await readiness.current(database)
    with pytest.raises(StorageUnavailable):
        await database.begin()
    await database.close()


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    transaction = await database.begin()
    await lock_workspace(transaction, ada.workspace_id)

    assert await asyncio.wait_for(ada.read(workspaces.get), timeout=PATIENCE_S)

    await transaction.close()


async def test_a_writer_that_waits_too_long_is_asked_to_try_again_later(impatient: Database) -> None:
    held = await impatient.begin()

    with pytest.raises(StorageUnavailable):
        await impatient.begin()

    await held.close()
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


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let the process of a connection on the server hang: it keeps the connection, and does not respond."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def reasons(raised: pytest.ExceptionInfo[StorageUnavailable]) -> str:
    return " ".join(raised.value.__notes__)


async def test_a_connection_that_hangs_in_a_transaction_is_given_up_and_others_are_used(postgres_url: str) -> None:
    database = Database(postgres_url, wait_s=SHORT_S)
    transaction = await database.begin()
    pid = await transaction.row(BACKEND, {})
    assert pid is not None
    with stopped(pid[0]):
        with pytest.raises(StorageUnavailable) as raised:
            await transaction.row(COUNT_USERS, {})
        await transaction.close()

        assert await database.row(COUNT_USERS, {}) == (0,)
        assert database._connections._idle, "and they are kept"  # type: ignore[attr-defined]  # noqa: SLF001

    assert reasons(raised) == f"{name_of(postgres_url)}: no response in time"
    await database.close()


async def test_after_one_connection_hangs_all_are_replaced(postgres_url: str) -> None:
    database = Database(postgres_url, wait_s=SHORT_S)
    transactions = [await database.begin() for _ in range(3)]
    pids = [await transaction.row(BACKEND, {}) for transaction in transactions]
    for transaction in transactions:
        await transaction.commit()
        await transaction.close()
    last = pids[-1]
    assert last is not None
    with stopped(last[0]), pytest.raises(StorageUnavailable):
        await database.row(COUNT_USERS, {})
    async with database.transaction() as transaction:
        assert await transaction.row(BACKEND, {}) not in pids
    await database.close()


async def test_a_server_that_hangs_is_not_ready_long_before_a_request_fails(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(postgres_url, wait_s=PATIENCE_S)
    pid = await database.row(BACKEND, {})
    assert pid is not None
    await readiness.check(database)
    monkeypatch.setattr(readiness, "WITHIN_S", 0.1)
    async with asyncio.timeout(PATIENCE_S):
        with stopped(pid[0]), pytest.raises(StorageUnavailable) as raised:
            await readiness.check(database)

    assert "did not respond" in reasons(raised)
    await database.close()


async def test_a_change_of_many_rows_may_take_longer(postgres_url: str) -> None:
    database = Database(postgres_url, wait_s=SHORT_S / 10)
    sleeping = text(f"SELECT pg_sleep({SHORT_S / 5})")
    transaction = await database.begin()

    await transaction.run(sleeping.execution_options(**BULK), {})
    with pytest.raises(StorageUnavailable):
        await transaction.run(sleeping, {})

    await transaction.close()
    await database.close()


async def test_the_outcome_of_a_commit_that_takes_too_long_is_unknown(postgres_url: str) -> None:
    database = Database(postgres_url, wait_s=SHORT_S / 10)
    transaction = await database.begin()
    found = await transaction.row(select(func.pg_backend_pid()), {})
    assert found is not None
    os.kill(found[0], signal.SIGSTOP)

    with pytest.raises(OutcomeUnknown):
        await transaction.commit()

    os.kill(found[0], signal.SIGCONT)
    await transaction.close()
    await database.close()


async def test_a_commit_that_the_server_refuses_is_known_to_have_failed(postgres_url: str) -> None:
    database = Database(postgres_url)
    one, other = await database.begin(), await database.begin()
    for transaction in (one, other):
        await transaction.run(text("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"), {})
    await one.row(COUNT_USERS, {})
    await other.row(COUNT_USERS, {})
    await one.run(insert(TABLES["users"]), user_values("ada"))
    await other.run(insert(TABLES["users"]), user_values("bob"))
    await one.commit()

    with pytest.raises(StorageUnavailable):
        await other.commit()

    await one.close()
    await other.close()
    await database.close()


async def test_a_commit_after_an_error_that_was_caught_is_an_error(postgres_url: str) -> None:
    database = Database(postgres_url)
    transaction = await database.begin()
    with pytest.raises(StatementFailed):
        await transaction.run(insert(TABLES["sessions"]), ORPHAN)

    with pytest.raises(RuntimeError, match="failed transaction"):
        await transaction.commit()

    await transaction.close()
    await database.close()


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
        ("SQLITE_ERROR", StatementFailed),
        ("SQLITE_CORRUPT", StatementFailed),
    ],
)
def test_a_file_that_cannot_be_used_now_is_unavailable_and_a_corrupt_one_is_an_error(
    name: str, raised: type[Exception]
) -> None:
    error = sqlite3.OperationalError("something is wrong")
    error.sqlite_errorname = name

    assert isinstance(sqlite_errors.translated(error, "SELECT", "the database"), raised)


async def test_a_read_only_file_is_unavailable_to_a_writer(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    transaction = await database.begin()
    await transaction.run(text("PRAGMA query_only = ON"), {})

    with pytest.raises(StorageUnavailable):
        await transaction.run(delete(TABLES["users"]), {})
    await transaction.close()
    await database.close()


async def test_foreign_keys_are_enforced(database: Database) -> None:
    transaction = await database.begin()

    with pytest.raises(StatementFailed):
        await transaction.run(insert(TABLES["sessions"]), ORPHAN)
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

    with pytest.raises(TypeError, match="offset"):
        await transaction.run(insert(TABLES["sessions"]), {**values, "expires_at": naive})
    await transaction.close()


async def make_read_only(database: Database) -> None:
    """Let the connection of *database* lead to a server that became read-only."""
    async with database.transaction() as transaction:
        await transaction.run(text("SELECT set_config('default_transaction_read_only', 'on', false)"), {})


async def test_a_database_that_became_read_only_is_not_ready_until_another_server_answers(postgres_url: str) -> None:
    database = Database(postgres_url)
    await database.require_writable()
    await make_read_only(database)

    with pytest.raises(StorageUnavailable):
        await database.require_writable()

    await database.require_writable()
    await database.close()


async def test_a_writer_on_a_server_that_became_read_only_is_unavailable_and_the_next_connects_anew(
    postgres_url: str,
) -> None:
    database = Database(postgres_url)
    await make_read_only(database)
    transaction = await database.begin()

    with pytest.raises(StorageUnavailable):
        await transaction.run(insert(TABLES["users"]), user_values("ada"))

    await transaction.close()
    async with database.transaction() as another:
        await another.run(insert(TABLES["users"]), user_values("ada"))
    await database.close()


async def test_no_server_of_the_wanted_kind_is_unavailable(postgres_url: str) -> None:
    url = make_url(postgres_url).update_query_dict({"target_session_attrs": "standby"})
    database = Database(url.render_as_string(hide_password=False))

    with pytest.raises(StorageUnavailable):
        await readiness.current(database)
    with pytest.raises(StorageUnavailable):
        await database.begin()
    await database.close()


async def test_a_table_of_revisions_that_cannot_be_read_is_not_taken_for_a_missing_one(
    database: Database, empty_database_url: str
) -> None:
    assert await readiness.current(database) == schema.REVISION
    other = Database(empty_database_url)
    assert await readiness.current(other) is None
    async with other.transaction() as transaction:
        await transaction.run(text("CREATE TABLE alembic_version (number INTEGER)"), {})

    with pytest.raises(StatementFailed):
        await readiness.current(other)
    await other.close()


async def test_a_rollback_that_takes_too_long_is_given_up_with_its_connection(postgres_url: str) -> None:
    database = Database(postgres_url, wait_s=SHORT_S / 10)
    transaction = await database.begin()
    found = await transaction.row(select(func.pg_backend_pid()), {})
    assert found is not None
    os.kill(found[0], signal.SIGSTOP)

    await transaction.close()

    os.kill(found[0], signal.SIGCONT)
    await database.close()


async def until_sleeping(database: Database, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await database.row(COUNT_SLEEPING, {}) != (count,):  # noqa: ASYNC110  # seen in the database
            await asyncio.sleep(0.01)


async def test_reads_that_are_cancelled_twice_give_their_connections_back(postgres_url: str) -> None:
    database = Database(postgres_url, pool_size=2, wait_s=PATIENCE_S)
    for pauses in range(8):
        reading = asyncio.create_task(database.row(text("SELECT pg_sleep(:s)"), {"s": PATIENCE_S}))
        await until_sleeping(database, 1)
        reading.cancel()
        for _ in range(pauses):
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

        await until_sleeping(database, 0)
        await asyncio.gather(*(database.row(COUNT_USERS, {}) for _ in range(4)))
    await database.close()


async def test_a_caller_whose_statement_the_operator_cancels_is_asked_to_try_again_later(
    postgres_url: str,
) -> None:
    database = Database(postgres_url)
    ada = await Caller(database=database).register("ada")
    holding, waiting = await database.begin(), await database.begin()
    await lock_workspace(holding, ada.workspace_id)
    locking = asyncio.create_task(lock_workspace(waiting, ada.workspace_id))
    await until_held_up(locking, database=database)

    await database.row(CANCEL_WAITING, {})

    with pytest.raises(StorageUnavailable):
        await locking
    await waiting.close()
    await holding.close()
    await database.close()


@pytest.mark.parametrize("way", ["row", "rows", "run"])
async def test_nothing_is_written_outside_of_a_transaction(database: Database, way: str) -> None:
    await Caller(database=database).register("ada")

    with pytest.raises(RuntimeError, match="outside of a transaction"):
        await getattr(database, way)(delete(TABLES["users"]).returning(TABLES["users"].c.id), {})

    assert await database.row(COUNT_USERS, {}) == (1,)


RENAME = update(TABLES["users"]).where(TABLES["users"].c.id == bindparam("user"))
NAMES = select(TABLES["users"].c.name)


async def test_a_deferred_write_is_made_before_the_next_statement_and_at_the_latest_at_the_commit(
    database: Database,
) -> None:
    ada = await Caller(database=database).register("ada")
    async with database.transaction() as transaction:
        await transaction.defer((RENAME, {"user": ada.user_id, "name": "first"}))
        assert await transaction.row(NAMES, {}) == ("first",)
        await transaction.defer((RENAME, {"user": ada.user_id, "name": "last"}))

    assert await database.row(NAMES, {}) == ("last",)


async def test_deferred_writes_of_one_row_are_made_one_after_the_other(database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    async with database.transaction() as transaction:
        for name in ("first", "second", "last"):
            await transaction.defer((RENAME, {"user": ada.user_id, "name": name}))

    assert await database.row(NAMES, {}) == ("last",)

"""What only SQLite has: a file that others can delete, replace and lock, and statements in the loop's own thread."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.engine import make_url

from domain import tasks
from domain.errors import StorageUnavailable
from domain.model.tasks import TaskNotFound
from domain.tasks import TaskDraft, TaskFilter
from domain.unit_of_work import UnitOfWork
from persistence.compiled import BULK
from persistence.database import Database
from persistence.repositories import metadata
from persistence.sqlite import SqliteConnections
from tests.support.databases import SqliteDatabases
from tests.support.service_callers import Caller

TABLES = metadata.tables
COUNT_USERS = select(func.count()).select_from(TABLES["users"])


@pytest.fixture
def url(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    url = sqlite_databases.migrated()
    yield url
    sqlite_databases.remove(url)


@pytest.fixture
def path(url: str) -> Path:
    return Path(make_url(url).database or "")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url, wait_s=0.1)
    yield database
    await database.close()


async def test_a_deleted_file_is_unavailable_and_is_not_created_again(database: Database, path: Path) -> None:
    await Caller(database=database).register("ada")
    path.unlink()  # noqa: ASYNC240  # at once

    with pytest.raises(StorageUnavailable):
        await database.row(COUNT_USERS, {})
    with pytest.raises(StorageUnavailable):
        await database.begin()
    assert not path.exists()  # noqa: ASYNC240  # as above


async def test_nothing_is_committed_to_a_file_that_was_deleted_meanwhile(database: Database, path: Path) -> None:
    ada = await Caller(database=database).register("ada")

    async with ada.unit() as uow:
        await tasks.create(uow, TaskDraft(title="Iron"))
        path.unlink()  # noqa: ASYNC240  # at once
        with pytest.raises(StorageUnavailable):
            await uow.commit()


async def test_a_file_that_replaces_another_is_used_from_then_on(
    database: Database, path: Path, sqlite_databases: SqliteDatabases
) -> None:
    await Caller(database=database).register("ada")
    assert await database.row(COUNT_USERS, {}) == (1,)

    os.replace(make_url(sqlite_databases.migrated()).database or "", path)  # noqa: PTH105  # of two texts

    assert await database.row(COUNT_USERS, {}) == (0,)
    await Caller(database=database).register("bob")
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT email FROM users").fetchall() == [("bob@example.com",)]
    other.close()


async def test_a_full_file_is_unavailable_until_there_is_room(database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    async with database.transaction() as transaction:
        await transaction.row(text("PRAGMA max_page_count = 1"), {})  # as many as it has

    async def fill() -> None:
        for _ in range(100):
            await ada.write(tasks.create, TaskDraft(title="Iron", description="x" * 10_000))

    with pytest.raises(StorageUnavailable):
        await fill()
    async with database.transaction() as transaction:
        await transaction.row(text("PRAGMA max_page_count = 4294967294"), {})
    await ada.write(tasks.create, TaskDraft(title="Iron"))


async def test_the_loop_goes_on_while_many_rows_are_changed(database: Database) -> None:
    ada = await Caller(database=database).register("ada")
    steps = 0

    async def count() -> None:
        nonlocal steps
        while True:
            steps += 1
            await asyncio.sleep(0)

    async with database.transaction() as transaction:
        counting = asyncio.create_task(count())
        table = TABLES["users"]
        rename = update(table).where(table.c.id == bindparam("user")).values(name="Ada King")
        await transaction.run(rename, {"user": ada.user_id})
        assert steps == 0, "a short statement runs in the loop's thread"
        await transaction.run(rename.execution_options(**BULK), {"user": ada.user_id})
        assert steps > 0
        counting.cancel()


async def test_a_writer_that_is_locked_out_by_another_program_leaves_its_turn_to_the_next(
    database: Database, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable):
        await database.begin()
    waiting = asyncio.create_task(database.begin())
    await asyncio.sleep(0)

    other.execute("ROLLBACK")

    await (await waiting).close()
    other.close()


async def test_what_another_process_has_committed_to_a_new_file_survives_those_that_notice_later(
    url: str, path: Path, sqlite_databases: SqliteDatabases
) -> None:
    first, last = Database(url), Database(url)
    await Caller(database=first).register("ada")
    assert await last.row(COUNT_USERS, {}) == (1,)
    os.replace(make_url(sqlite_databases.migrated()).database or "", path)  # noqa: PTH105  # of two texts
    await Caller(database=first).register("bob")

    assert await last.row(COUNT_USERS, {}) == (1,)
    await Caller(database=last).register("eve")

    assert await first.row(COUNT_USERS, {}) == (2,)
    for database in (first, last):
        await database.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_was_deleted_or_replaced_is_not_ready(
    database: Database,
    path: Path,
    sqlite_databases: SqliteDatabases,
    replaced: bool,  # noqa: FBT001 -- a parameter of a test
) -> None:
    await Caller(database=database).register("ada")
    await database.require_writable()
    path.unlink()  # noqa: ASYNC240  # at once
    if replaced:
        os.replace(make_url(sqlite_databases.migrated()).database or "", path)  # noqa: PTH105  # of two texts

    with pytest.raises(StorageUnavailable):
        await database.require_writable()


async def test_a_commit_that_could_not_be_written_is_known_to_have_failed(database: Database, path: Path) -> None:
    ada = await Caller(database=database).register("ada")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with ada.unit() as uow:
        await tasks.create(uow, TaskDraft(title="Iron", description="x" * 10_000))
        size = path.with_name(f"{path.name}-wal").stat().st_size  # at once
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            with pytest.raises(StorageUnavailable):
                await uow.commit()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    await ada.write(tasks.create, TaskDraft(title="Wash"))
    assert [task.title for task in (await ada.read(tasks.page, filters=TaskFilter())).items] == ["Wash"]


async def test_an_error_of_the_rollback_hides_no_other_and_ends_the_transaction(database: Database) -> None:
    ada = await Caller(database=database).register("ada")

    def refuse(action: int, what: str | None, *_: object) -> int:
        is_rollback = action == sqlite3.SQLITE_TRANSACTION and what == "ROLLBACK"
        return sqlite3.SQLITE_DENY if is_rollback else sqlite3.SQLITE_OK

    async def create_and_fail(uow: UnitOfWork) -> None:
        await tasks.create(uow, TaskDraft(title="Iron"))
        connections = database._connections  # noqa: SLF001  # an error of SQLite itself
        assert isinstance(connections, SqliteConnections)
        assert connections._writer is not None  # noqa: SLF001  # as above
        connections._writer.set_authorizer(refuse)  # noqa: SLF001  # as above
        await tasks.complete(uow, UUID(int=0))

    with pytest.raises(TaskNotFound):
        await ada.write(create_and_fail)

    await ada.write(tasks.create, TaskDraft(title="Wash"))
    assert [task.title for task in (await ada.read(tasks.page, filters=TaskFilter())).items] == ["Wash"]

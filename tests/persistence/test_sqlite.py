"""What only SQLite has: a file that others can delete, replace and lock, and statements in the loop's own thread."""

import asyncio
import gc
import itertools
import os
import resource
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.engine import make_url

import migrations
from domain import task_lists, task_status, tasks
from domain.errors import StorageUnavailable
from domain.model.tasks import TaskNotFound
from domain.task_lists import TaskFilter
from domain.tasks import TaskDraft
from domain.unit_of_work import UnitOfWork
from persistence import readiness, schema
from persistence.compiled import BULK
from persistence.database import Database
from persistence.repositories import metadata
from persistence.sqlite import SqliteConnections
from persistence.sqlite_file import OpenFile
from tests.support.databases import SqliteDatabases
from tests.support.defaults import NOON
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


async def test_no_cursor_outlives_its_statement(database: Database) -> None:
    """The garbage collector deletes it in whatever thread it runs, and resets a statement that is then in use."""
    rows = [{"kind": "reset", "email_key": str(number), "sent_at": NOON} for number in range(2)]
    gc.collect()
    gc.disable()
    try:
        async with database.transaction() as transaction:
            await transaction.run(insert(TABLES["mail_pauses"]), rows)
            kept = [each for each in gc.get_objects() if type(each) is sqlite3.Cursor]
    finally:
        gc.enable()
    assert kept == []


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
    assert [task.title for task in (await ada.read(task_lists.page, filters=TaskFilter())).items] == ["Wash"]


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
        await task_status.complete(uow, UUID(int=0))

    with pytest.raises(TaskNotFound):
        await ada.write(create_and_fail)

    await ada.write(tasks.create, TaskDraft(title="Wash"))
    assert [task.title for task in (await ada.read(task_lists.page, filters=TaskFilter())).items] == ["Wash"]


def overwrite(path: Path, by: Path) -> None:
    """Write another file's bytes into the file, as `cp` does."""
    path.write_bytes(by.read_bytes())


def users_in(path: Path) -> list[str]:
    """Return the addresses in a file that nobody has opened, after a check of the whole file."""
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [email for (email,) in other.execute("SELECT email FROM users ORDER BY email")]


def backed_up(path: Path) -> Path:
    """Return a copy that SQLite has made."""
    copy = path.with_name(f"{path.name}.backup")
    with closing(sqlite3.connect(path)) as other:
        other.execute("VACUUM INTO ?", (str(copy),))
    return copy


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
async def test_without_a_file_beside_it_nothing_is_acknowledged_and_nothing_is_lost(
    database: Database, path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    ada = await Caller(database=database).register("ada")
    path.with_name(f"{path.name}{suffix}").unlink()

    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="database"):
            await readiness.check(database)
        with pytest.raises(StorageUnavailable):
            await ada.write(tasks.create, TaskDraft(title="Iron"))

    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "the database cannot be used: stop every server; restore it, if it was overwritten; start again"
    ]
    await database.close()
    assert users_in(path) == ["ada@example.com"]


@pytest.mark.parametrize("beside", [(), ("-wal", "-shm")])
async def test_a_file_that_is_restored_in_place_is_not_used_and_not_damaged(
    database: Database, path: Path, beside: tuple[str, ...]
) -> None:
    await Caller(database=database).register("ada")
    backup = backed_up(path)
    bob = await Caller(database=database).register("bob")
    await bob.write(tasks.create, TaskDraft(title="Iron", description="x" * 20_000))
    for suffix in beside:
        path.with_name(f"{path.name}{suffix}").unlink()

    overwrite(path, backup)

    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await readiness.check(database)
        with pytest.raises(StorageUnavailable):
            await database.row(COUNT_USERS, {})
        with pytest.raises(StorageUnavailable):
            await database.begin()
    await database.close()
    assert users_in(path) == ["ada@example.com"]


async def test_a_file_that_was_restored_while_nobody_looked_is_not_damaged_by_a_stop(
    database: Database, path: Path
) -> None:
    await Caller(database=database).register("ada")
    backup = backed_up(path)
    await Caller(database=database).register("bob")
    overwrite(path, backup)

    await database.close()

    assert users_in(path) == ["ada@example.com"]


async def test_checkpoints_of_any_process_and_new_times_are_not_taken_for_another_file(
    database: Database, path: Path
) -> None:
    ada = await Caller(database=database).register("ada")
    for mode in ("PASSIVE", "TRUNCATE", "PASSIVE"):
        await ada.write(tasks.create, TaskDraft(title=f"Iron, {mode}"))
        program = (
            f"import sqlite3; print(sqlite3.connect({str(path)!r}).execute('PRAGMA wal_checkpoint({mode})').fetchone())"
        )
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
        printed, _ = await process.communicate()
        assert printed.startswith(b"(0, ")
        await readiness.check(database)
    os.utime(path)
    await readiness.check(database)
    for _ in range(20):  # the log is copied by itself after 1,000 pages
        await ada.write(tasks.create, TaskDraft(title="Iron", description="x" * 20_000))
    for _ in range(250):
        await ada.write(tasks.create, TaskDraft(title="Iron"))
    await readiness.check(database)
    await database.close()
    assert users_in(path) == ["ada@example.com"]


@pytest.mark.parametrize("after", range(1, 7))
def test_a_checkpoint_in_the_middle_of_a_look_is_not_taken_for_an_overwritten_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """Another process may begin one after any of the reads of a look."""
    path = str(tmp_path / "a.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0", "CREATE TABLE one (a)"):
            connection.execute(statement)
        connection.execute("PRAGMA wal_checkpoint")
        file = OpenFile(path)
        connection.execute("CREATE TABLE two (a)")  # changes the header, which is in the log until the checkpoint
        reads, pread = itertools.count(1), os.pread

        def pread_then_checkpoint(descriptor: int, count: int, offset: int) -> bytes:
            found = pread(descriptor, count, offset)
            if next(reads) == after:
                connection.execute("PRAGMA wal_checkpoint")
            return found

        monkeypatch.setattr(os, "pread", pread_then_checkpoint)
        looks = [file.damage() for _ in range(3)]
        file.close()
    assert looks == ["", "", ""]


async def test_a_file_of_an_older_schema_is_not_used_until_it_is_migrated(
    database: Database, url: str, path: Path, sqlite_databases: SqliteDatabases
) -> None:
    await Caller(database=database).register("ada")
    migrated, empty = sqlite_databases.migrated(), sqlite_databases.empty()
    migrations.downgrade(migrated, schema.REVISIONS[-2])
    for other in (migrated, empty):
        replacement = make_url(other).database or ""
        os.replace(replacement, path)  # noqa: PTH105  # at once
        for _ in range(2):
            with pytest.raises(StorageUnavailable) as raised:
                await database.row(COUNT_USERS, {})
            with pytest.raises(StorageUnavailable):
                await database.begin()
            with pytest.raises(StorageUnavailable):
                await readiness.check(database)
        assert f"instead of {schema.REVISION}" in raised.value.__notes__[0]

    migrations.upgrade(url)

    assert await database.row(COUNT_USERS, {}) == (0,)
    await readiness.check(database)


@pytest.mark.parametrize("what", ["SQLITE_NOTADB", "SQLITE_CORRUPT"])
async def test_a_damaged_file_is_not_ready(url: str, path: Path, what: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        found = other.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'alembic_version'").fetchone()
        (size,) = other.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek(0 if what == "SQLITE_NOTADB" else (found[0] - 1) * size)
        file.write(b"\xff" * 100)
    database = Database(url)

    with pytest.raises(StorageUnavailable) as raised:
        await readiness.check(database)

    assert str(path) in raised.value.__notes__[0]
    await database.close()

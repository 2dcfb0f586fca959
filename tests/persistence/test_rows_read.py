"""A page of changes reads as many rows in a workspace with a million tasks as in one with a few thousand."""

import asyncio
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench import databases
from bench.stack.rows import fill, id_of
from domain import change_cursors, changes
from domain.change_cursors import Completed
from domain.changes import ChangePage
from domain.deltas import MOST_ENTRIES
from domain.model.changes import ChangeType, LogPlace, SyncPlace
from domain.pages import id_to_key, instant_to_key
from domain.principals import Principal
from persistence.database import Database
from persistence.task_rows import tasks
from persistence.urls import parse_url
from tests.support.databases import AT_LENGTH
from tests.support.service_callers import Caller
from tests.support.statements import overheard, plans_of, rows_read

pytestmark = pytest.mark.unmeasured

TASKS = 1_000_000 if AT_LENGTH else 20_000
HEAD = TASKS + 1
LIMIT = 50
STEPS_A_ROW = 60
"""More than SQLite takes to look up a task and copy its columns, one by one."""
FIRST, SECOND = dt.datetime(2026, 3, 1, 9, 30, microsecond=123456, tzinfo=dt.UTC), dt.timedelta(seconds=1)
"""When the first task was created, and the time between two."""
WORKSPACE, USER = id_of("workspace", 0), id_of("task", 2**40)


@pytest.fixture(scope="module")
def filled_url(module_database_url: str) -> str:
    """A workspace with many open tasks, each with its event in the log, which has a revision of its own."""
    url = parse_url(module_database_url)
    is_sqlite = url.get_backend_name() == "sqlite"

    def run(statements: Sequence[str]) -> None:
        if not is_sqlite:
            asyncio.run(_run(url.set(drivername="postgresql").render_as_string(hide_password=False), statements))
            return
        connection = sqlite3.connect(str(url.database), isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    pid = None if is_sqlite else 1  # which is how it is told apart
    target = databases.Database(url=module_database_url, size_bytes=lambda: 0, run=run, value=lambda _: None, pid=pid)
    fill(target, USER, workspaces=1, tasks=TASKS)
    return module_database_url


async def _run(dsn: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads pages of changes, and counts what that reads."""

    ada: Caller
    connection: AsyncConnection

    async def page(  # noqa: PLR0913 -- a parameter of the request each, and what it may cost
        self,
        place: LogPlace | SyncPlace | None,
        *,
        most_rows: int,
        types: Sequence[ChangeType] | None = None,
        completed: Completed = "all",
        limit: int = LIMIT,
        most_statements: int = 12,
    ) -> ChangePage:
        """The page from *place* on; without it, the first one.

        Raises AssertionError if it reads more rows, or takes more statements, or if a plan reads all tasks or events,
        or would sort them.
        """
        given: dict[str, Any] = {"types": types, "completed": completed}
        cursor = None if place is None else change_cursors.encode_any(place, workspace_id=WORKSPACE, **given)
        with overheard() as heard:
            page = await self.ada.read(changes.page, limit=limit, cursor=cursor, **given)
        assert len(heard) <= most_statements
        for statement in heard:
            for plan in await plans_of(self.connection, statement):
                assert not (plan.scanned | plan.sorted) & {"tasks", "events"}, (statement.text, plan.text)
        count = sum([await rows_read(self.connection, each) for each in heard])
        is_sqlite = self.connection.dialect.name == "sqlite"
        assert 0 < count <= (most_rows * STEPS_A_ROW if is_sqlite else most_rows)
        return page


@pytest.fixture
async def reader(filled_url: str) -> AsyncIterator[Reader]:
    database, engine = Database(filled_url), create_async_engine(filled_url, isolation_level="AUTOCOMMIT")
    ada = Caller(database=database, principal=Principal(user_id=USER), workspace=WORKSPACE)
    async with engine.connect() as connection:
        yield Reader(ada=ada, connection=connection)
    await engine.dispose()
    await database.close()


@pytest.mark.parametrize("completed", ["all", "30d", "none"])
async def test_a_page_of_a_first_sync_reads_what_it_has(reader: Reader, completed: Completed) -> None:
    first = await reader.page(None, completed=completed, most_rows=LIMIT + 10)
    assert len(first.items) == LIMIT
    number = TASKS // 2
    keys = (instant_to_key(FIRST + number * SECOND), id_to_key(id_of("task", number)))
    middle = SyncPlace(head=HEAD, closed_since=FIRST if completed == "30d" else None, step="open", keys=keys)
    page = await reader.page(middle, completed=completed, most_rows=LIMIT + 10)
    assert [each.id for each in page.items] == [id_of("task", number + 1 + each) for each in range(LIMIT)]


@pytest.mark.parametrize("before", [1, 10, LIMIT, TASKS // 2])
async def test_a_page_of_changes_reads_a_few_rows_for_each(reader: Reader, before: int) -> None:
    """The event and the task, each with one that is read ahead, and the workspace."""
    page = await reader.page(LogPlace.end_of(HEAD - before), most_rows=2 * min(before, LIMIT + 1) + 2)
    assert len(page.items) == min(before, LIMIT)


async def test_a_page_without_changes_reads_the_workspace(reader: Reader) -> None:
    page = await reader.page(LogPlace.end_of(HEAD), most_rows=1)
    assert (page.items, page.has_more) == ((), False)


async def test_a_page_of_a_type_of_which_nothing_has_changed_reads_so_many_events(reader: Reader) -> None:
    page = await reader.page(LogPlace(0, 0), types=["label"], most_rows=MOST_ENTRIES + 300)
    assert (page.items, page.has_more) == ((), True)


@pytest.mark.parametrize("limit", [1, LIMIT])
async def test_a_page_of_events_that_have_no_effect_any_more_reads_so_many(reader: Reader, limit: int) -> None:
    """Each of the first tasks has changed again since: it is looked up in vain, soon without its texts."""
    again = update(tasks).where(tasks.c.workspace_id == WORKSPACE, tasks.c.revision < 2 * MOST_ENTRIES)
    async with reader.ada.database.transaction() as transaction:
        await transaction.run(again.values(revision=HEAD), {})
    most = MOST_ENTRIES + 300
    page = await reader.page(LogPlace(0, 0), limit=limit, most_rows=2 * most, most_statements=36)
    assert (page.items, page.has_more) == ((), True)

"""The rows that a request locks. On PostgreSQL only: SQLite has one writer at a time."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import Table, select

from domain import secret_tokens, sessions, users, workspaces
from persistence.database import Database
from persistence.idempotency import KEPT, purge
from persistence.memberships import workspaces as workspace_rows
from persistence.queued_emails import outbox
from persistence.sessions import sessions as session_rows
from persistence.users import users as user_rows
from tests.support.databases import PostgresDatabases
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller

REQUEST = b"r" * 32


@pytest.fixture
def database_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = postgres_databases.migrated()
    yield url
    postgres_databases.remove(url)


@pytest.fixture
async def nobody(ada: Caller) -> Caller:
    """A caller without a token, who holds no lock at the beginning."""
    return Caller(database=ada.database)


async def held(database: Database, table: Table) -> set[UUID]:
    """The ids of the rows of *table* that another transaction has locked."""
    every = {row[0] for row in await database.rows(select(table.c.id), {})}
    transaction = await database.begin()
    free = await transaction.rows(select(table.c.id).with_for_update(skip_locked=True), {})
    await transaction.close()
    return every - {row[0] for row in free}


async def test_locking_a_user_locks_the_row(nobody: Caller, ada: Caller, bob: Caller) -> None:
    async with nobody.unit() as uow:
        await uow.users.lock(ada.user_id)
        assert await held(ada.database, user_rows) == {ada.user_id}


@pytest.mark.parametrize(("guess", "is_held"), [("hash of ada", True), ("hash of another", False)])
async def test_only_the_right_password_locks_the_user(
    nobody: Caller,
    ada: Caller,
    bob: Caller,
    guess: str,
    is_held: bool,  # noqa: FBT001  # a table
) -> None:
    async with nobody.unit() as uow:
        assert await uow.users.lock_if_password(ada.user_id, password_hash=guess) is is_held
        assert await held(ada.database, user_rows) == ({ada.user_id} if is_held else set())


async def test_a_refresh_locks_the_session_and_its_user(nobody: Caller, ada: Caller, bob: Caller) -> None:
    begun = [await ada.account.write(sessions.log_in, email="ada@example.com", password="ada") for _ in range(2)]
    digest = secret_tokens.digest_of(begun[0].refresh_token, kind="refresh")
    assert digest is not None
    async with nobody.unit() as uow:
        await uow.sessions.lock_by_refresh_token(digest)
        assert await held(ada.database, session_rows) == {begun[0].session.id}
        assert await held(ada.database, user_rows) == {ada.user_id}


async def test_a_change_in_all_workspaces_of_a_user_locks_each(nobody: Caller, ada: Caller, bob: Caller) -> None:
    created = await ada.account.write(workspaces.create, name="Household")
    async with nobody.unit() as uow:
        await uow.workspaces.lock_joined(ada.user_id)
        assert await held(ada.database, workspace_rows) == {ada.workspace_id, created.id}


async def test_entering_a_workspace_or_writing_in_it_locks_the_row(nobody: Caller, ada: Caller, bob: Caller) -> None:
    async with nobody.unit() as uow:
        await uow.enter(ada.workspace_id)
        assert await held(ada.database, workspace_rows) == {ada.workspace_id}
    async with bob.unit() as uow:
        await workspaces.get(uow)
        assert await held(ada.database, workspace_rows) == {bob.workspace_id}
        assert await held(ada.database, user_rows) == set()


async def test_a_write_that_names_no_workspace_locks_the_account(ada: Caller, bob: Caller) -> None:
    async with bob.account.unit() as uow:
        await users.get_me(uow)
        assert await held(ada.database, user_rows) == {bob.user_id}
        assert await held(ada.database, workspace_rows) == set()


async def test_claiming_an_email_locks_it(nobody: Caller, ada: Caller, bob: Caller) -> None:
    async with nobody.unit() as uow:
        (queued_email,) = await uow.outbox.lock_due(now=NOON, limit=1)
        assert await held(ada.database, outbox) == {queued_email.id}


async def test_a_read_locks_nothing(ada: Caller) -> None:
    async with ada.account.unit(safe=True) as uow:
        await users.get_me(uow)
        await sessions.page(uow)
        assert await held(ada.database, user_rows) == set()


async def test_a_purge_skips_locked_rows_without_waiting(ada: Caller) -> None:
    for key in ("held", "free"):
        async with ada.unit() as uow:
            await uow.recall(key, REQUEST)
            await uow.record(b"response")
            await uow.commit()
    ada.clock.now += 2 * KEPT

    async with ada.unit() as uow, ada.database.transaction() as purging:
        assert await uow.recall("held", REQUEST) is None
        assert await asyncio.wait_for(purge(purging, now=ada.clock.now), timeout=PATIENCE_S) == 1

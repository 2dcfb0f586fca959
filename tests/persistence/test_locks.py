"""Which rows a call holds. On PostgreSQL alone: on SQLite one writes at a time."""

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
    """Who calls without a token, and holds nothing from the beginning."""
    return Caller(database=ada.database)


async def held(database: Database, table: Table) -> set[UUID]:
    """The ids of the rows of a table that another transaction has locked."""
    every = {row[0] for row in await database.rows(select(table.c.id), {})}
    transaction = await database.begin()
    free = await transaction.rows(select(table.c.id).with_for_update(skip_locked=True), {})
    await transaction.close()
    return every - {row[0] for row in free}


async def test_a_user_is_held_by_whoever_locks_them(nobody: Caller, ada: Caller, bob: Caller) -> None:
    async with nobody.unit() as uow:
        await uow.users.lock(ada.user_id)
        assert await held(ada.database, user_rows) == {ada.user_id}


@pytest.mark.parametrize(("guess", "is_held"), [("hash of ada", True), ("hash of another", False)])
async def test_a_user_is_held_by_whoever_knows_their_password(
    nobody: Caller,
    ada: Caller,
    bob: Caller,
    guess: str,
    is_held: bool,  # noqa: FBT001  # a table
) -> None:
    async with nobody.unit() as uow:
        assert await uow.users.lock_if_password(ada.user_id, password_hash=guess) is is_held
        assert await held(ada.database, user_rows) == ({ada.user_id} if is_held else set())


async def test_a_session_and_its_user_are_held_by_whoever_refreshes_it(
    nobody: Caller, ada: Caller, bob: Caller
) -> None:
    begun = [await ada.account.write(sessions.log_in, email="ada@example.com", password="ada") for _ in range(2)]
    digest = secret_tokens.digest_of(begun[0].refresh_token, kind="refresh")
    assert digest is not None
    async with nobody.unit() as uow:
        await uow.sessions.lock_by_refresh_token(digest)
        assert await held(ada.database, session_rows) == {begun[0].session.id}
        assert await held(ada.database, user_rows) == {ada.user_id}


async def test_all_workspaces_of_a_user_are_held_by_whoever_changes_what_is_in_each(
    nobody: Caller, ada: Caller, bob: Caller
) -> None:
    made = await ada.account.write(workspaces.create, name="Household")
    async with nobody.unit() as uow:
        await uow.workspaces.lock_joined(ada.user_id)
        assert await held(ada.database, workspace_rows) == {ada.workspace_id, made.id}


async def test_a_workspace_is_held_by_whoever_enters_it_or_is_called_in_it(
    nobody: Caller, ada: Caller, bob: Caller
) -> None:
    async with nobody.unit() as uow:
        await uow.enter(ada.workspace_id)
        assert await held(ada.database, workspace_rows) == {ada.workspace_id}
    async with bob.unit() as uow:
        await workspaces.get(uow)
        assert await held(ada.database, workspace_rows) == {bob.workspace_id}
        assert await held(ada.database, user_rows) == set()


async def test_an_account_is_held_by_a_call_that_names_no_workspace(ada: Caller, bob: Caller) -> None:
    async with bob.account.unit() as uow:
        await users.get_me(uow)
        assert await held(ada.database, user_rows) == {bob.user_id}
        assert await held(ada.database, workspace_rows) == set()


async def test_a_mail_is_held_by_whoever_is_about_to_send_it(nobody: Caller, ada: Caller, bob: Caller) -> None:
    async with nobody.unit() as uow:
        (queued_email,) = await uow.outbox.lock_due(now=NOON, limit=1)
        assert await held(ada.database, outbox) == {queued_email.id}


async def test_who_only_reads_holds_nothing(ada: Caller) -> None:
    async with ada.account.unit(safe=True) as uow:
        await users.get_me(uow)
        await sessions.page(uow)
        assert await held(ada.database, user_rows) == set()


async def test_a_purge_passes_over_what_is_held_and_does_not_wait(ada: Caller) -> None:
    for key in ("held", "free"):
        async with ada.unit() as uow:
            await uow.recall(key, REQUEST)
            await uow.record(b"response")
            await uow.commit()
    ada.clock.now += 2 * KEPT

    async with ada.unit() as uow, ada.database.transaction() as purging:
        assert await uow.recall("held", REQUEST) is None
        assert await asyncio.wait_for(purge(purging, now=ada.clock.now), timeout=PATIENCE_S) == 1

"""What the jobs of reminders do beside others who hold locks. On PostgreSQL only: SQLite has one writer at a time."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from uuid_utils.compat import uuid7

from app.jobs.reminder_upkeep import renew_all
from app.jobs.reminders import fire_all
from domain import due_reminders, reminder_upkeep, reminders
from domain.errors import StorageUnavailable
from domain.model.reminders import Reminder
from persistence.database import Database
from persistence.fired_reminders import FiredReminders
from persistence.reminder_rows import REMINDERS, stale_reminders
from persistence.reminder_rows import reminders as reminder_rows
from persistence.users import users as user_rows
from tests.support.databases import PostgresDatabases
from tests.support.defaults import NOON
from tests.support.overdue import SECOND, check_fired, later, remind
from tests.support.patience import PATIENCE_S
from tests.support.purging import dependencies
from tests.support.service_callers import Caller
from tests.support.statements import overheard
from tests.support.things import HOUR, fired_reminder


@pytest.fixture
def database_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = postgres_databases.migrated()
    yield url
    postgres_databases.remove(url)


class Pausing(Database):
    """Waits after a transaction of a job until it may go on."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.has_paused = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def give_way(self, age_s: float) -> None:
        self.has_paused.set()
        await self.may_go_on.wait()
        await super().give_way(age_s)


async def test_an_owner_whose_account_is_being_changed_is_not_waited_for(ada: Caller, bob: Caller) -> None:
    mine, theirs = await remind(ada), await remind(bob)
    async with ada.account.unit() as uow:
        assert await uow.users.lock(ada.user_id)
        assert await later(ada).write(due_reminders.fire, ada.workspace_id, [mine.id]) == 0
        assert await later(ada).write(due_reminders.fire, bob.workspace_id, [theirs.id]) == 1
    assert await later(ada).write(due_reminders.fire, ada.workspace_id, [mine.id]) == 1


async def test_an_owner_to_whom_somebody_else_adds_a_reference_is_not_left_out(ada: Caller) -> None:
    """Such as whoever adds them to a workspace: a foreign key locks the row of the user, too, but less."""
    mine = await remind(ada)
    refer = select(user_rows.c.id).with_for_update(read=True, key_share=True)
    async with ada.database.transaction() as transaction:
        assert await transaction.rows(refer, {})
        assert await later(ada).write(due_reminders.fire, ada.workspace_id, [mine.id]) == 1


async def test_an_owner_whose_account_is_locked_does_not_keep_others_from_firing(
    database_url: str, ada: Caller, bob: Caller
) -> None:
    """All that is found first is theirs."""
    mine, theirs = await remind(ada), await remind(bob)
    earlier = [replace(mine, id=uuid7(), fires_at=NOON + HOUR / 2) for _ in range(due_reminders.MOST_FOUND)]
    async with ada.database.transaction() as transaction:
        await transaction.run(insert(reminder_rows), [REMINDERS.values(each) for each in earlier])
    parts = replace(dependencies(database_url), clock=lambda: NOON + HOUR)

    async def has_fired(caller: Caller, reminder: Reminder) -> bool:
        return (await caller.read(reminders.get, reminder.task_id, reminder.id)).fired_at is not None

    async with asyncio.timeout(PATIENCE_S):
        async with ada.account.unit() as uow:
            assert await uow.users.lock(ada.user_id)
            firing = asyncio.create_task(fire_all(parts))
            while not await has_fired(bob, theirs):  # noqa: ASYNC110  # the job commits, and signals nothing
                await asyncio.sleep(0.01)
            assert not await has_fired(ada, mine)
        await firing
    await parts.database.close()
    assert await has_fired(ada, mine)


_COPIES = """
INSERT INTO workspaces SELECT (jsonb_populate_record(each, jsonb_build_object('id', gen_random_uuid()))).*
FROM workspaces AS each, generate_series(1, 1001)
"""
_COPIES_OF = """
INSERT INTO {0} SELECT (jsonb_populate_record(each, jsonb_build_object('workspace_id', workspaces.id))).*
FROM {0} AS each, workspaces WHERE workspaces.id <> each.workspace_id
"""


async def test_not_every_workspace_in_which_nothing_could_be_done_is_left_out(database_url: str, ada: Caller) -> None:
    """Each is a parameter of the statement, of which PostgreSQL takes 32,767, and SQLite one less."""
    await remind(ada)
    async with ada.database.transaction() as transaction:
        for statement in (_COPIES, *map(_COPIES_OF.format, ("members", "projects", "tasks", "reminders"))):
            await transaction.run(text(statement), {})
    parts = replace(dependencies(database_url), clock=lambda: NOON + HOUR)

    async with asyncio.timeout(PATIENCE_S):
        with overheard() as heard:
            async with ada.account.unit() as uow:
                assert await uow.users.lock(ada.user_id)
                firing = asyncio.create_task(fire_all(parts))
                while len(looks := [each for each in heard if "LIMIT" in each.text]) < 3:  # noqa: ASYNC110  # as above
                    await asyncio.sleep(0.01)
        await firing
    await parts.database.close()

    assert max(len(each.values) for each in looks) < 1000
    assert await ada.database.rows(select(user_rows.c.reminders_fired), {}) == [(1002,)]


async def test_what_could_not_fire_comes_before_what_follows(database_url: str, ada: Caller) -> None:
    """The account of the owner is unlocked between two transactions of the job."""
    mine = await remind(ada)
    count = due_reminders.AT_ONCE + 10
    others = [replace(mine, id=uuid7(), fires_at=NOON + HOUR / 2 + n * SECOND) for n in range(count)]
    async with ada.database.transaction() as transaction:
        await transaction.run(insert(reminder_rows), [REMINDERS.values(each) for each in others])
    database = Pausing(database_url)
    parts = replace(dependencies(database_url), database=database, clock=lambda: NOON + HOUR)

    async with ada.account.unit() as uow:
        assert await uow.users.lock(ada.user_id)
        firing = asyncio.create_task(fire_all(parts))
        await asyncio.wait_for(database.has_paused.wait(), PATIENCE_S)
    database.may_go_on.set()
    await asyncio.wait_for(firing, PATIENCE_S)
    await database.close()

    await check_fired(ada.database, {ada.user_id: [each.id for each in (*others, mine)]})


_WAITING_VIEW = (
    "ALTER TABLE reminders RENAME TO stored_reminders",
    "CREATE VIEW reminders AS SELECT * FROM stored_reminders WHERE pg_advisory_xact_lock_shared(1)::text IS NOT NULL",
)
"""Whoever reads reminders waits, within the statement, while somebody else has the lock 1."""
_WAITS = text("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


async def test_numbers_go_on_from_what_is_committed_while_the_owners_are_looked_for(ada: Caller) -> None:
    """Another server fires for the same owner after the statement began to read, and before it locks."""
    mine, earlier = await remind(ada), fired_reminder(1, user_id=ada.user_id, workspace_id=ada.workspace_id)
    async with ada.database.transaction() as transaction:
        for statement in _WAITING_VIEW:
            await transaction.run(text(statement), {})

    async with asyncio.timeout(PATIENCE_S):
        async with ada.database.transaction() as transaction:
            await transaction.run(text("SELECT pg_advisory_xact_lock(1)"), {})
            firing = asyncio.create_task(later(ada).write(due_reminders.fire, ada.workspace_id, [mine.id]))
            while not await ada.database.rows(_WAITS, {}):  # noqa: ASYNC110  # PostgreSQL does not signal it
                await asyncio.sleep(0.01)
            await FiredReminders(transaction, wake=lambda _: None).add([earlier])
        assert await firing == 1

    await check_fired(ada.database, {ada.user_id: [earlier.reminder_id, mine.id]})


async def test_a_workspace_that_somebody_holds_for_long_does_not_keep_others_from_firing(
    database_url: str, ada: Caller, bob: Caller
) -> None:
    mine, theirs = await remind(ada), await remind(bob)
    impatient = Database(database_url, wait_s=0.2)
    parts = replace(dependencies(database_url), database=impatient, clock=lambda: NOON + HOUR)
    async with ada.unit() as uow:
        await uow.next_revision()
        with pytest.raises(StorageUnavailable):
            await fire_all(parts)
    await impatient.close()
    found = [await each.read(reminders.get, of.task_id, of.id) for each, of in ((ada, mine), (bob, theirs))]
    assert [each.fired_at for each in found] == [None, NOON + HOUR]
    assert await later(ada).write(due_reminders.fire, ada.workspace_id, [mine.id]) == 1


async def test_once_a_workspace_has_failed_the_job_looks_again_before_it_tries_another(
    database_url: str, ada: Caller, bob: Caller
) -> None:
    """If the database is away, it would otherwise try thousands, and wait for each."""
    await remind(ada)
    await remind(bob)
    impatient = Database(database_url, wait_s=0.2)
    parts = replace(dependencies(database_url), database=impatient, clock=lambda: NOON + HOUR)
    async with ada.unit() as held, bob.unit() as also_held:
        await held.next_revision()
        await also_held.next_revision()
        with overheard() as heard, pytest.raises(StorageUnavailable):
            await fire_all(parts)
    await impatient.close()
    assert len([each for each in heard if "LIMIT" in each.text]) == 3


async def test_a_workspace_that_somebody_holds_for_long_does_not_keep_the_reminders_of_others_from_being_computed(
    database_url: str, ada: Caller, bob: Caller
) -> None:
    """More is to be computed there than is read at once, and it comes first."""
    busy, free = sorted([ada, bob], key=lambda each: each.workspace_id.int)
    mine, theirs = await remind(busy), await remind(free)
    many = range(reminder_upkeep.AT_ONCE)
    wrong: dict[str, Any] = {"before_due": 0, "at": None, "fires_at": NOON + 9 * HOUR}
    outdated = [replace(mine, id=uuid7(), zone_data="2019a", **wrong) for _ in many]
    outdated.append(replace(theirs, id=uuid7(), zone_data="2020a", **wrong))
    notes = [{"workspace_id": busy.workspace_id, "user_id": uuid7()} for _ in many]
    notes.append({"workspace_id": free.workspace_id, "user_id": uuid7()})
    async with ada.database.transaction() as transaction:
        await transaction.run(insert(reminder_rows), [REMINDERS.values(each) for each in outdated])
        await transaction.run(insert(stale_reminders), notes)
    impatient = Database(database_url, wait_s=0.2)
    parts = replace(dependencies(database_url), database=impatient)

    async with busy.unit() as uow:
        await uow.next_revision()
        with pytest.raises(ExceptionGroup) as raised:
            await renew_all(parts)
    await impatient.close()

    assert [type(each) for each in raised.value.exceptions] == [StorageUnavailable]
    left = await ada.database.rows(select(stale_reminders.c.workspace_id), {})
    assert {row[0] for row in left} == {busy.workspace_id}
    left = await ada.database.rows(select(reminder_rows.c.workspace_id).where(reminder_rows.c.zone_data < "2021a"), {})
    assert {row[0] for row in left} == {busy.workspace_id}

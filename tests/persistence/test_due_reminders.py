"""Reminders fire once each, whoever else is at work."""

import asyncio
from uuid import UUID

import pytest

from app.jobs.reminders import fire_all
from domain import account_changes, due_reminders
from domain.account_changes import AccountChanges
from domain.principals import Principal
from persistence.database import Database
from tests.support.overdue import add_overdue, check_fired, later, remind
from tests.support.patience import PATIENCE_S
from tests.support.purging import dependencies
from tests.support.service_callers import Caller

PEOPLE, EACH = 5, 45

pytestmark = pytest.mark.unmeasured


async def test_the_commit_wakes_the_owner_and_nobody_else(ada: Caller, bob: Caller) -> None:
    reminder = await remind(ada)
    woken = set[UUID]()
    assert await later(ada, changed=woken.update).write(due_reminders.fire, ada.workspace_id, [reminder.id]) == 1
    assert woken == {ada.user_id}


async def test_several_jobs_at_once_and_a_client_that_reads_meanwhile(database: Database, database_url: str) -> None:
    """Each job has connections of its own, as in another process."""
    expected = await add_overdue(database, [f"u{n}" for n in range(PEOPLE)], each=EACH)
    readers = [Caller(database=database, principal=Principal(user_id=user_id)) for user_id in expected]

    async def run() -> None:
        parts = dependencies(database_url)
        await fire_all(parts)
        await parts.database.close()

    async def follow(reader: Caller, page: AccountChanges) -> list[UUID]:
        seen = list[UUID]()
        while len(seen) < EACH:
            page = await reader.read(account_changes.page, limit=7, cursor=page.next_cursor)
            seen += [each.reminder_id for each in page.fired]
            await asyncio.sleep(0)
        return seen

    first = [(reader, await reader.read(account_changes.page)) for reader in readers]
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        following = [tasks.create_task(follow(reader, page)) for reader, page in first]
        for _ in range(3):
            tasks.create_task(run())
    assert [each.result() for each in following] == list(expected.values())
    await check_fired(database, expected)

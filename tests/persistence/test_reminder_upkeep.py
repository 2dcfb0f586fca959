"""Reminders follow the settings of their owner and the zone data in steps, and end with a membership."""

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, func, insert, select
from uuid_utils.compat import uuid7

from app.jobs.reminder_upkeep import renew_all
from domain import members, reminder_upkeep, reminders, tasks, users, workspaces
from domain.model.reminders import Reminder
from domain.steps import FEW, SMALL, STEP
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock, WallClockPatch
from domain.zones import DATA_VERSION
from persistence import erasures
from persistence.fired_reminders import fired_reminders
from persistence.reminder_rows import REMINDERS, stale_reminders
from persistence.reminder_rows import reminders as reminder_rows
from tests.support.defaults import NOON
from tests.support.patience import PATIENCE_S
from tests.support.service_callers import Caller
from tests.support.statements import overheard
from tests.support.things import HOUR, fired_reminder

MANY = 2 * reminder_upkeep.AT_ONCE + 10
DUE = WallClock(date=dt.date(2026, 3, 5))
NINE = dt.datetime(2026, 3, 5, 9, tzinfo=dt.UTC)
"""Where new users are, tasks that are due on this day count as due at this instant."""


async def shared(host: Caller, guest: Caller) -> tuple[Caller, Caller]:
    """The host, and the guest as a viewer, in a new workspace."""
    home = host.in_workspace((await host.account.write(workspaces.create, name="Household")).id)
    return home, await home.add_member(guest, role="viewer")


async def reminded(caller: Caller, *, count: int = 1, **changes: Any) -> Reminder:
    """A reminder of the caller of a new task, and copies of it: as many as *count*, with *changes*."""
    task = await caller.write(tasks.create, TaskDraft(title="Sow", due=DUE))
    reminder = await caller.write(reminders.create, task.id, before_due=0)
    copies = [replace(reminder, id=uuid7(), **{"fired_for": None, **changes}) for _ in range(count)]
    await caller.write(reminders.delete, task.id, reminder.id)
    async with caller.database.transaction() as transaction:
        await transaction.run(insert(reminder_rows), [REMINDERS.values(each) for each in copies])
    return copies[0]


async def instants(caller: Caller) -> Counter[dt.datetime | None]:
    """When the caller's reminders in the workspace fire."""
    mine = (reminder_rows.c.workspace_id == caller.workspace_id, reminder_rows.c.user_id == caller.user_id)
    return Counter(row[0] for row in await caller.database.rows(select(reminder_rows.c.fires_at).where(*mine), {}))


async def count(table: Table, *, of: Caller) -> int:
    """How many rows there are."""
    row = await of.database.row(select(func.count()).select_from(table), {})
    assert row is not None
    return int(row[0])


async def test_all_reminders_of_a_user_follow_the_settings_in_each_of_their_workspaces(
    ada: Caller, bob: Caller
) -> None:
    home, guest = await shared(ada, bob)
    for caller, number in ((guest, MANY), (bob, 1), (ada, 1)):
        await reminded(caller, count=number)
    before = await home.read(workspaces.get)

    await bob.account.write(users.update, time_zone="Asia/Tokyo", reminder_time=dt.time(20, 30))
    assert await count(stale_reminders, of=ada) == 2
    with overheard() as heard:
        await renew_all(ada.dependencies)

    at = dt.datetime(2026, 3, 5, 11, 30, tzinfo=dt.UTC)
    assert [await instants(each) for each in (guest, bob, ada)] == [{at: MANY}, {at: 1}, {NINE: 1}]
    assert await home.read(workspaces.get) == before
    assert await count(stale_reminders, of=ada) == 0
    assert sum(each.text.startswith("SELECT reminders.id") for each in heard) == MANY // reminder_upkeep.AT_ONCE + 2


async def test_what_does_not_decide_when_reminders_fire_leaves_them_as_they_are(ada: Caller) -> None:
    await ada.account.write(users.update, name="Ada King", time_zone="UTC", reminder_time=dt.time(9))
    assert await count(stale_reminders, of=ada) == 0


async def test_a_change_of_the_settings_between_the_steps_begins_again(ada: Caller) -> None:
    await reminded(ada, count=MANY)
    step = partial(reminder_upkeep.renew_stale, workspace_id=ada.workspace_id, user_id=ada.user_id)
    nobody = replace(ada.account, principal=None)

    await ada.account.write(users.update, reminder_time=dt.time(10))
    assert await nobody.write(step)
    assert await instants(ada) == {NINE + HOUR: reminder_upkeep.AT_ONCE, NINE: MANY - reminder_upkeep.AT_ONCE}
    assert await nobody.write(step)
    await ada.account.write(users.update, reminder_time=dt.time(11))
    await renew_all(ada.dependencies)

    assert await instants(ada) == {NINE + 2 * HOUR: MANY}
    assert not await nobody.write(step)


async def test_a_reminder_that_was_late_when_the_settings_changed_is_not_lost(ada: Caller) -> None:
    """It has another instant then: if that is in the future it fires at that, and if not, the old one has passed."""
    late = await reminded(ada)
    absolute = replace(late, id=UUID(int=9), at=NOON + HOUR, before_due=None, fires_at=NOON + HOUR, zone_data=None)
    async with ada.unit() as uow:
        await uow.reminders.add(absolute)
        await uow.commit()
    ada.clock.now = NINE + HOUR

    await ada.account.write(users.update, time_zone="Europe/London")  # the same instant
    await renew_all(ada.dependencies)
    assert await instants(ada) == {NINE: 1, NOON + HOUR: 1}
    await ada.account.write(users.update, reminder_time=dt.time(12))
    await renew_all(ada.dependencies)
    assert await instants(ada) == {NINE + 3 * HOUR: 1, NOON + HOUR: 1}
    await ada.account.write(users.update, reminder_time=dt.time(8))
    await renew_all(ada.dependencies)
    assert await instants(ada) == {None: 1, NOON + HOUR: 1}


async def test_one_whose_time_comes_before_it_is_computed_anew_is_late_and_not_lost(ada: Caller) -> None:
    """The settings change at 08:00, and the zone data at some time; the job comes later."""
    await reminded(ada)
    await reminded(ada, fires_at=NINE + HOUR, zone_data="2020a")
    ada.clock.now = NINE - HOUR
    await ada.account.write(users.update, reminder_time=dt.time(8, 30))
    ada.clock.now = NINE + HOUR
    await renew_all(ada.dependencies)
    assert await instants(ada) == {NINE - HOUR / 2: 2}

    await reminded(ada, fires_at=NINE + 2 * HOUR, zone_data="2020a", updated_at=NOON)
    await renew_all(ada.dependencies)
    assert await instants(ada) == {NINE - HOUR / 2: 3}
    await reminded(ada, fires_at=NINE + 2 * HOUR, zone_data="2020a", updated_at=NINE)  # it was set after its time
    await renew_all(ada.dependencies)
    assert await instants(ada) == {NINE - HOUR / 2: 3, None: 1}


async def test_one_that_had_passed_when_the_settings_changed_is_not_late(ada: Caller) -> None:
    await reminded(ada)
    ada.clock.now = NINE - HOUR / 4
    await ada.account.write(users.update, reminder_time=dt.time(8, 30))
    ada.clock.now = NINE + HOUR
    await renew_all(ada.dependencies)
    assert await instants(ada) == {None: 1}


@pytest.mark.parametrize("what", ["create", "due"])
async def test_a_reminder_that_is_computed_while_the_settings_change_follows_them(ada: Caller, what: str) -> None:
    """It is computed with the old settings, and committed after the change."""
    await reminded(ada)
    task = await ada.write(tasks.create, TaskDraft(title="Reap", due=None if what == "due" else DUE))
    if what == "due":
        await ada.write(reminders.create, task.id, before_due=0)
    async with ada.unit() as uow:
        if what == "create":
            await reminders.create(uow, task.id, before_due=0)
        else:
            await tasks.update(uow, task.id, edit=TaskEdit(due=WallClockPatch(date=DUE.date)))
        changing = asyncio.create_task(ada.account.write(users.update, reminder_time=dt.time(10)))
        await asyncio.wait([changing], timeout=0.3)  # on SQLite it waits for the transaction to end
        renewing = asyncio.create_task(renew_all(ada.dependencies))
        await asyncio.wait([renewing], timeout=0.1)  # it waits for the lock on the workspace
        await uow.commit()
    await asyncio.wait_for(asyncio.gather(changing, renewing), timeout=PATIENCE_S)

    await renew_all(ada.dependencies)
    assert await instants(ada) == {NINE + HOUR: 2}


async def test_what_was_computed_with_older_zone_data_is_computed_anew(ada: Caller, bob: Caller) -> None:
    _, guest = await shared(ada, bob)
    wrong: dict[str, Any] = {"fires_at": NINE + HOUR, "zone_data": "2020a"}
    await reminded(ada, count=MANY, **wrong)
    older = await reminded(guest, **wrong)
    await reminded(bob, fires_at=NINE + HOUR, zone_data="9999z")

    await renew_all(ada.dependencies)

    assert [await instants(each) for each in (ada, guest, bob)] == [{NINE: MANY}, {NINE: 1}, {NINE + HOUR: 1}]
    async with guest.unit(safe=True) as uow:
        renewed = await uow.reminders.get(guest.workspace_id, older.id)
        assert renewed == replace(older, fires_at=NINE, zone_data=DATA_VERSION, revision=2, updated_at=ada.clock.now)


async def test_nothing_is_left_to_do_in_a_workspace_that_was_deleted(ada: Caller, bob: Caller) -> None:
    home, guest = await shared(ada, bob)
    await reminded(guest, zone_data="2020a")
    await bob.account.write(users.update, reminder_time=dt.time(10))
    await home.write(workspaces.delete)

    await renew_all(ada.dependencies)

    assert await count(stale_reminders, of=ada) == 0
    assert await instants(guest) == {NINE: 1}
    async with ada.database.transaction() as transaction:
        while await erasures.purge(transaction, now=NOON):
            pass
    assert await count(reminder_rows, of=ada) == 0


@pytest.mark.parametrize("how", ["removed", "left", "deleted"])
async def test_a_member_with_many_reminders_loses_them_in_steps_before_the_membership(
    ada: Caller, bob: Caller, how: str
) -> None:
    home, guest = await shared(ada, bob)
    many = SMALL + STEP if how == "deleted" else FEW + STEP
    await reminded(guest, count=many)
    await reminded(home)
    left: list[int] = []

    async def look(_uow: object = None) -> None:
        left.append((await instants(guest)).total())

    async with (guest.account if how == "deleted" else home if how == "removed" else guest).unit() as uow:
        await uow.require(look)
        if how == "removed":
            await members.remove(uow, guest.user_id)
        else:
            await (users.delete(uow) if how == "deleted" else members.leave(uow))
        await uow.commit()

    assert left[0] == many
    assert left[-1] <= STEP
    assert await instants(guest) == {}
    assert await instants(home) == {NINE: 1}


async def test_what_has_fired_is_deleted_in_steps_before_the_account(ada: Caller) -> None:
    many = 2 * SMALL + STEP
    fired = [
        fired_reminder(number, user_id=ada.user_id, workspace_id=ada.workspace_id) for number in range(1, many + 1)
    ]
    async with ada.unit() as uow:
        await uow.fired_reminders.add(fired)
        await uow.commit()
    left: list[int] = []

    async def look(_uow: object = None) -> None:
        left.append(await count(fired_reminders, of=ada))

    async with ada.account.unit() as uow:
        await uow.require(look)
        await users.delete(uow)
        await uow.commit()

    assert left[0] == many
    assert all(before - after <= SMALL for before, after in pairwise(left))
    assert left[-1] < SMALL
    assert await count(fired_reminders, of=ada) == 0

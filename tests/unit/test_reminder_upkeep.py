import datetime as dt
from dataclasses import replace
from uuid import UUID

from domain import reminder_upkeep, reminders, tasks, users
from domain.model.reminders import Reminder, Stale
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock, WallClockPatch
from domain.zones import DATA_VERSION
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import NOBODY

EIGHT = dt.datetime(2026, 3, 5, 8, tzinfo=dt.UTC)
"""09:00 in Berlin."""


async def reminded(uow: FakeUnitOfWork, *, count: int = 1) -> Reminder:
    """A reminder of a task that is due on a day, and copies of it."""
    task = await tasks.create(uow.unit(), TaskDraft(title="Sow", due=WallClock(date=dt.date(2026, 3, 5))))
    first = await reminders.create(uow.unit(), task.id, before_due=0)
    for _ in range(count - 1):
        await uow.reminders.add(replace(first, id=uow.new_id()))
    return first


def instants(uow: FakeUnitOfWork) -> set[dt.datetime | None]:
    return {each.fires_at for each in uow.store.of(Reminder).values()}


def nobody(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    return FakeUnitOfWork(store=uow.store)


async def test_reminders_are_computed_anew_some_at_a_time_until_all_are(uow: FakeUnitOfWork) -> None:
    await reminded(uow, count=reminder_upkeep.AT_ONCE + 1)
    await users.update(uow.account_unit(), reminder_time=dt.time(10))
    (stale,) = await reminder_upkeep.stale(nobody(uow))
    place: tuple[UUID, UUID] = (stale.workspace_id, stale.user_id)

    found = [(await reminder_upkeep.renew_stale(nobody(uow), *place), len(instants(uow))) for _ in range(3)]

    assert found == [(True, 2), (True, 1), (False, 1)]
    assert instants(uow) == {EIGHT + dt.timedelta(hours=1)}


async def test_what_has_passed_before_it_is_computed_anew_stays_so(uow: FakeUnitOfWork) -> None:
    """The task became due in the past, but after the settings had changed."""
    reminder = await reminded(uow)
    await tasks.update(uow.unit(), reminder.task_id, edit=TaskEdit(due=None))
    await users.update(uow.account_unit(), reminder_time=dt.time(10))
    moved = TaskEdit(due=WallClockPatch(date=dt.date(2026, 3, 4)))
    await tasks.update(uow.unit(now=EIGHT), reminder.task_id, edit=moved)
    assert instants(uow) == {None}

    assert await reminder_upkeep.renew_stale(nobody(uow).unit(now=EIGHT), reminder.workspace_id, reminder.user_id)

    assert instants(uow) == {None}


async def test_older_zone_data_is_replaced(uow: FakeUnitOfWork) -> None:
    reminder = await reminded(uow)
    key = (reminder.workspace_id, reminder.id)
    uow.store.of(Reminder)[key] = replace(reminder, fires_at=EIGHT + dt.timedelta(hours=5), zone_data="2020a")

    assert await reminder_upkeep.outdated(nobody(uow)) == [key]
    assert await reminder_upkeep.renew_outdated(nobody(uow), uow.workspace_id, [reminder.id])

    renewed = uow.store.of(Reminder)[key]
    assert (renewed.fires_at, renewed.zone_data, renewed.revision) == (EIGHT, DATA_VERSION, 2)
    assert await reminder_upkeep.outdated(nobody(uow)) == []


async def test_what_is_deleted_needs_no_more(uow: FakeUnitOfWork) -> None:
    uow.store.of(Stale)[NOBODY, NOBODY] = Stale(workspace_id=NOBODY, user_id=NOBODY)

    assert await reminder_upkeep.renew_stale(nobody(uow), NOBODY, NOBODY)
    assert await reminder_upkeep.stale(nobody(uow)) == []
    assert not await reminder_upkeep.renew_outdated(nobody(uow), NOBODY, [NOBODY])
    assert not await reminder_upkeep.renew_outdated(nobody(uow), uow.workspace_id, [NOBODY])

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

import pytest

from domain.model.due_reminders import DueReminder
from domain.model.reminders import Reminder
from domain.model.tasks import Task
from domain.model.users import User
from domain.model.workspaces import Workspace
from domain.task_recurrence import Recurrence
from domain.wall_clocks import WallClock
from tests.ports.test_comments import sow
from tests.ports.test_reminders import add
from tests.support import things
from tests.support.defaults import NOON
from tests.support.things import DAY, DUE, HOUR, NOBODY, reminder
from tests.support.worlds import World

DATA = "2026a"


@pytest.fixture
async def chore(world: World, home: Workspace) -> Task:
    return await sow(world, home)


async def first(
    world: World, *, until: dt.datetime = NOON, without: Collection[UUID] = (), limit: int = 9
) -> list[UUID]:
    """The ids of the first that are due."""
    async with world.unit() as uow:
        found = await uow.due_reminders.first(until=until, zone_data=DATA, without=without, limit=limit)
        return [each.reminder_id for each in found]


async def locked(world: World, of: Workspace, *reminders: Reminder, now: dt.datetime = NOON) -> list[tuple[UUID, bool]]:
    """The ids of those that are due now, and whether they fire."""
    async with world.unit() as uow:
        assert await uow.enter(of.id)
        ids = [each.id for each in reminders]
        found = await uow.due_reminders.lock(of.id, ids, now=now, zone_data=DATA)
        return [(each.reminder.id, each.is_active) for each in found]


async def test_the_first_that_are_due_are_found_in_all_workspaces(
    world: World, other: Workspace, chore: Task, ada: User, bob: User
) -> None:
    elsewhere = await sow(world, other)
    late = reminder(1, chore, of=ada, fires_at=NOON)
    early = reminder(2, elsewhere, of=bob, fires_at=NOON - HOUR)
    between = reminder(3, chore, of=bob, fires_at=NOON - HOUR / 2, zone_data=DATA)
    await add(world, late, early, between, reminder(4, chore, of=ada, fires_at=None))

    assert await first(world, until=NOON) == [early.id, between.id, late.id]
    assert await first(world, limit=2) == [early.id, between.id]
    assert await first(world, until=NOON - HOUR / 2) == [early.id, between.id]
    assert await first(world, without={other.id}) == [between.id, late.id]
    assert await first(world, without={chore.workspace_id, other.id, NOBODY}) == []
    async with world.unit() as uow:
        (found,) = await uow.due_reminders.first(until=NOON, zone_data=DATA, without=(), limit=1)
        assert found == DueReminder(workspace_id=other.id, reminder_id=early.id, fires_at=NOON - HOUR)


async def test_those_of_one_workspace_are_locked_if_they_are_due(
    world: World, home: Workspace, chore: Task, ada: User, bob: User
) -> None:
    project = things.project(7, home, revision=9)
    closed = things.task(8, project, status="completed", completed_at=NOON, revision=9)
    async with world.unit() as uow:
        await uow.projects.add(project)
        await uow.tasks.add(closed)
        await uow.fired_reminders.add([things.fired_reminder(1, user_id=bob.id, workspace_id=home.id)])
    due = reminder(1, chore, of=bob, fires_at=NOON)
    of_closed = reminder(2, closed, of=ada, fires_at=NOON - HOUR)
    later = reminder(3, chore, of=ada, fires_at=NOON + HOUR)
    all_of_them = (due, of_closed, later, reminder(4, chore, of=ada, fires_at=None))
    await add(world, *all_of_them)

    assert await locked(world, home, *all_of_them) == [(of_closed.id, False), (due.id, True)]
    assert await locked(world, home, due) == [(due.id, True)]
    async with world.unit() as uow:
        assert await uow.enter(home.id)
        (found,) = await uow.due_reminders.lock(home.id, [due.id], now=NOON, zone_data=DATA)
        assert (found.reminder, found.reminders_fired) == (due, 1)


async def test_they_are_locked_with_when_their_task_is_due_and_the_occurrence_that_it_is_at(
    world: World, home: Workspace, chore: Task, ada: User
) -> None:
    scheduled = WallClock(date=DUE.date - DAY, time=DUE.time)
    series = Recurrence(
        rule="FREQ=DAILY",
        anchor="due",
        overdue="skip",
        series_start=scheduled,
        occurrence=scheduled,
        remaining=None,
        occurrence_since=NOON,
    )
    moved = await sow(world, home, number=2, due=DUE, recurrence=series)
    floating = await sow(world, home, number=3, due=WallClock(date=DUE.date))
    found = [reminder(number, task, of=ada, fires_at=NOON) for number, task in enumerate((chore, moved, floating), 1)]
    await add(world, *found)
    async with world.unit() as uow:
        assert await uow.enter(home.id)
        locked = await uow.due_reminders.lock(home.id, [each.id for each in found], now=NOON, zone_data=DATA)
    assert {each.reminder.task_id: (each.due, each.occurrence) for each in locked} == {
        chore.id: (chore.due, None),
        moved.id: (DUE, replace(DUE, date=DUE.date - DAY)),
        floating.id: (WallClock(date=DUE.date), None),
    }


async def test_what_was_computed_with_older_zone_data_waits_and_with_newer_does_not(
    world: World, home: Workspace, chore: Task, ada: User
) -> None:
    """A server of an older version fires what a newer one has computed: nobody else may be there after a rollback."""
    old = reminder(1, chore, of=ada, fires_at=NOON, zone_data="2025b")
    new = reminder(2, chore, of=ada, fires_at=NOON, zone_data="2099a")
    await add(world, old, new)
    assert await first(world, until=NOON + DAY) == [new.id]
    assert await locked(world, home, old, new) == [(new.id, True)]


async def test_those_of_somebody_who_is_not_a_member_wait(
    world: World, home: Workspace, chore: Task, ada: User, bob: User
) -> None:
    theirs = reminder(1, chore, of=bob, fires_at=NOON)
    await add(world, theirs)
    async with world.unit() as uow:
        await uow.members.delete(home.id, bob.id, revision=9)
    assert (await first(world, until=NOON + DAY), await locked(world, home, theirs)) == ([], [])


async def test_those_that_are_to_be_computed_anew_wait(
    world: World, home: Workspace, chore: Task, ada: User, bob: User
) -> None:
    mine, theirs = reminder(1, chore, of=ada, fires_at=NOON), reminder(2, chore, of=bob, fires_at=NOON)
    await add(world, mine, theirs)
    async with world.unit() as uow:
        await uow.reminders.mark_stale(bob.id)
    assert await first(world, until=NOON + DAY) == [mine.id]
    assert await locked(world, home, mine, theirs) == [(mine.id, True)]

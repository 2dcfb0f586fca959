"""Reminders fire when they are due, once each."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from domain import due_reminders, members, reminders, task_deletions, task_status, tasks, workspaces
from domain.model.fired_reminders import FiredReminder
from domain.model.reminders import Reminder, Stale
from domain.task_recurrence import RecurrenceDraft
from domain.tasks import TaskDraft, TaskEdit
from domain.wall_clocks import WallClock, WallClockPatch
from tests.support.defaults import NOON
from tests.support.fakes.unit_of_work import FakeUnitOfWork
from tests.support.things import DAY, HOUR
from tests.unit.test_members import new_member, user_of

SOON = NOON + HOUR
LATER = NOON + DAY


@pytest.fixture
async def owner(uow: FakeUnitOfWork) -> FakeUnitOfWork:
    """The owner of a shared workspace."""
    return uow.unit(workspace_id=(await workspaces.create(uow.unit(), name="Household")).id)


@pytest.fixture
async def viewer(owner: FakeUnitOfWork) -> FakeUnitOfWork:
    return await new_member(owner, "bob", role="viewer")


@pytest.fixture
async def task_id(owner: FakeUnitOfWork) -> UUID:
    return (await tasks.create(owner.unit(), TaskDraft(title="Sow"))).id


def nobody(uow: FakeUnitOfWork, *, now: dt.datetime = SOON) -> FakeUnitOfWork:
    """The unit of work of a job."""
    return FakeUnitOfWork(store=uow.store, now=now)


async def due(uow: FakeUnitOfWork, *, now: dt.datetime = SOON) -> list[UUID]:
    return [each.reminder_id for each in await due_reminders.first(nobody(uow, now=now), within=dt.timedelta())]


async def fire(uow: FakeUnitOfWork, *, now: dt.datetime = SOON) -> int:
    """Fire all that are found."""
    count = 0
    for each in await due_reminders.first(nobody(uow, now=now), within=dt.timedelta()):
        count += await due_reminders.fire(nobody(uow, now=now), each.workspace_id, [each.reminder_id])
    return count


def fired_of(uow: FakeUnitOfWork) -> list[FiredReminder]:
    return uow.store.fired_reminders.get(user_of(uow), [])


async def test_a_reminder_fires_at_its_instant_and_only_then(owner: FakeUnitOfWork, task_id: UUID) -> None:
    created = await reminders.create(owner.unit(), task_id, at=SOON)
    early = SOON - dt.timedelta(microseconds=1)
    assert (await due(owner, now=early), await fire(owner, now=early)) == ([], 0)
    assert await due_reminders.fire(nobody(owner, now=early), owner.workspace_id, [created.id]) == 0

    assert await fire(owner, now=LATER) == 1

    assert fired_of(owner) == [
        FiredReminder(
            user_id=user_of(owner),
            number=1,
            reminder_id=created.id,
            workspace_id=owner.workspace_id,
            task_id=task_id,
            due=None,
            occurrence=None,
            fires_at=SOON,
            fired_at=LATER,
        )
    ]
    found = await reminders.get(owner.unit(), task_id, created.id)
    done = replace(created, fires_at=None, fired_for=SOON, fired_at=LATER)
    assert found == replace(done, updated_at=LATER, revision=2)
    assert await due_reminders.fire(nobody(owner, now=LATER), owner.workspace_id, [created.id]) == 0
    assert await fire(owner, now=LATER) == 0


async def test_a_firing_says_when_the_task_was_due_and_which_occurrence_it_was_at(owner: FakeUnitOfWork) -> None:
    day = WallClock(date=NOON.date() + DAY, time=dt.time(9), time_zone="Europe/Berlin")
    draft = TaskDraft(title="Water", due=day, recurrence=RecurrenceDraft(rule="FREQ=DAILY"))
    task = await tasks.create(owner.unit(), draft)
    await reminders.create(owner.unit(), task.id, at=SOON)
    moved = replace(day, time=day.time, date=day.date + DAY)
    await tasks.update(owner.unit(), task.id, edit=TaskEdit(due=WallClockPatch(date=moved.date)))

    await fire(owner)
    await task_status.complete(owner.unit(now=SOON), task.id)

    (fired,) = fired_of(owner)
    assert (fired.due, fired.occurrence) == (moved, day)


async def test_the_earliest_fire_first_and_are_numbered_for_each_user(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    times = [SOON + dt.timedelta(minutes=n) for n in (3, 1, 2)]
    mine = [await reminders.create(owner.unit(), task_id, at=at) for at in times]
    theirs = await reminders.create(viewer.unit(), task_id, at=times[0])
    ids = [each.id for each in (*mine, theirs)]

    assert await due(owner, now=LATER) == [ids[1], ids[2], ids[0], ids[3]]
    await due_reminders.fire(nobody(owner, now=LATER), owner.workspace_id, ids)

    assert [(each.number, each.reminder_id) for each in fired_of(owner)] == [(1, ids[1]), (2, ids[2]), (3, ids[0])]
    assert [(each.number, each.reminder_id) for each in fired_of(viewer)] == [(1, ids[3])]


@pytest.mark.parametrize("end", [task_status.complete, task_status.cancel, task_deletions.delete])
async def test_one_whose_task_is_closed_or_in_the_trash_passes(
    owner: FakeUnitOfWork, task_id: UUID, end: Callable[..., object]
) -> None:
    created = await reminders.create(owner.unit(), task_id, at=SOON)
    await end(owner.unit(), task_id)  # type: ignore[misc]  # each is asynchronous

    assert await fire(owner) == 1
    (passed,) = owner.store.of(Reminder).values()
    assert passed == replace(created, fires_at=None, fired_for=SOON, updated_at=SOON, revision=2)
    assert fired_of(owner) == []


async def test_one_that_was_changed_or_deleted_after_it_was_found_does_not_fire(
    owner: FakeUnitOfWork, task_id: UUID
) -> None:
    moved, deleted = [await reminders.create(owner.unit(), task_id, at=SOON) for _ in range(2)]
    await reminders.update(owner.unit(), task_id, moved.id, at=LATER)
    await reminders.delete(owner.unit(), task_id, deleted.id)
    assert await due_reminders.fire(nobody(owner), owner.workspace_id, [moved.id, deleted.id]) == 0
    assert await due(owner, now=LATER) == [moved.id]


async def test_those_of_somebody_who_left_do_not_fire(
    owner: FakeUnitOfWork, viewer: FakeUnitOfWork, task_id: UUID
) -> None:
    created = await reminders.create(viewer.unit(), task_id, at=SOON)
    await members.leave(viewer.unit())
    assert await due(owner) == []
    assert await due_reminders.fire(nobody(owner), owner.workspace_id, [created.id]) == 0
    assert fired_of(viewer) == []


async def test_one_that_is_to_be_computed_anew_waits(owner: FakeUnitOfWork, task_id: UUID) -> None:
    day = WallClock(date=NOON.date() + DAY)
    task = await tasks.create(owner.unit(), TaskDraft(title="Reap", due=day))
    created = await reminders.create(owner.unit(), task.id, before_due=0)
    assert created.fires_at is not None
    stale = Stale(workspace_id=owner.workspace_id, user_id=user_of(owner), after=None)
    owner.store.of(Stale)[owner.workspace_id, user_of(owner)] = stale
    assert await fire(owner, now=created.fires_at) == 0
    owner.store.of(Stale).clear()
    owner.store.of(Reminder)[owner.workspace_id, created.id] = replace(created, zone_data="2026a")
    assert await fire(owner, now=created.fires_at) == 0
    owner.store.of(Reminder)[owner.workspace_id, created.id] = created
    assert await fire(owner, now=created.fires_at) == 1


async def test_nothing_fires_in_a_workspace_that_is_left_out_or_deleted(owner: FakeUnitOfWork, task_id: UUID) -> None:
    created = await reminders.create(owner.unit(), task_id, at=SOON)
    assert await due_reminders.first(nobody(owner), within=DAY, without={owner.workspace_id}) == []
    assert [each.reminder_id for each in await due_reminders.first(nobody(owner, now=NOON), within=DAY)] == [created.id]
    await workspaces.delete(owner.unit())
    assert await due_reminders.fire(nobody(owner), owner.workspace_id, [created.id]) == 0

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.errors import IdTaken
from domain.model.reminders import Reminder, Schedulable, Settings, Stale
from domain.model.tasks import Task
from domain.model.users import User
from domain.model.workspaces import Workspace
from domain.wall_clocks import WallClock
from tests.ports.test_comments import sow
from tests.support.defaults import NOON
from tests.support.things import DAY, DUE, HOUR, NOBODY, ident, in_pages, reminder
from tests.support.worlds import World


async def add(world: World, *reminders: Reminder) -> None:
    async with world.unit() as uow:
        for each in reminders:
            await uow.reminders.add(each)


async def all_of(world: World, reminders: Sequence[Reminder]) -> list[Reminder | None]:
    """What is stored of each."""
    async with world.unit() as uow:
        return [await uow.reminders.get(each.workspace_id, each.id) for each in reminders]


@pytest.fixture
async def chore(world: World, home: Workspace) -> Task:
    return await sow(world, home)


async def test_a_reminder_is_found_in_its_workspace_by_id(
    world: World, home: Workspace, other: Workspace, chore: Task, ada: User
) -> None:
    relative = reminder(1, chore, of=ada, zone_data="2026f")
    absolute = reminder(
        2, chore, of=ada, at=NOON + DAY, before_due=None, fires_at=None, fired_for=NOON, fired_at=NOON + HOUR
    )
    log = await world.log_of(home.id)
    await add(world, relative, absolute)

    assert await all_of(world, [relative, absolute]) == [relative, absolute]
    async with world.unit() as uow:
        assert await uow.reminders.get(other.id, relative.id) is None
        assert await uow.reminders.get(home.id, NOBODY) is None
    assert await world.log_of(home.id) == log


async def test_the_same_id_can_be_used_once_in_each_workspace(
    world: World, chore: Task, other: Workspace, ada: User, bob: User
) -> None:
    await add(world, reminder(1, chore, of=ada))
    with pytest.raises(IdTaken):
        await add(world, reminder(1, chore, of=bob))
    await add(world, reminder(1, await sow(world, other), of=ada))


async def test_a_user_s_reminders_of_a_task_are_read_in_pages_by_id(
    world: World, home: Workspace, chore: Task, ada: User, bob: User
) -> None:
    second = await sow(world, home, number=2)
    await add(world, *(reminder(number, chore, of=ada) for number in (4, 1, 3)))
    await add(world, reminder(2, chore, of=bob), reminder(5, second, of=ada))

    found = await in_pages(
        lambda uow, after: uow.reminders.page(home.id, user_id=ada.id, task_id=chore.id, after=after, limit=2),
        world=world,
        place_of=lambda each: each.id,
    )

    assert [each.id for each in found] == [ident(1), ident(3), ident(4)]


async def test_a_user_s_reminders_in_a_workspace_are_read_in_pages_by_id_without_those_in_the_trash(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, home: Workspace, other: Workspace, chore: Task, ada: User, bob: User
) -> None:
    closed = await sow(world, home, number=2, status="completed", completed_at=NOON)
    trashed, theirs = await sow(world, home, number=3), await sow(world, other)
    await add(world, *(reminder(number, chore, of=ada) for number in (7, 1, 5)), reminder(2, closed, of=ada))
    await add(world, *(reminder(number, trashed, of=ada) for number in (3, 4, 8)))
    await add(world, reminder(6, chore, of=bob), reminder(9, theirs, of=ada))
    async with world.unit() as uow:
        await uow.tasks.delete_all(home.id, [trashed.id], trash_id=NOBODY, revision=9)

    found = await in_pages(
        lambda uow, after: uow.reminders.page_of_user(home.id, user_id=ada.id, after=after, limit=2),
        world=world,
        place_of=lambda each: each.id,
    )

    assert [each.id for each in found] == [ident(1), ident(2), ident(5), ident(7)]


async def test_a_user_s_reminders_are_counted_up_to_a_limit(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, home: Workspace, other: Workspace, chore: Task, ada: User, bob: User
) -> None:
    second, theirs = await sow(world, home, number=2), await sow(world, other)
    await add(world, *(reminder(number, chore, of=ada) for number in (1, 2)), reminder(3, chore, of=bob))
    await add(world, reminder(4, second, of=ada), reminder(5, theirs, of=ada))

    async with world.unit() as uow:
        counts = [
            await uow.reminders.count(place.id, user_id=user.id, task_id=chore.id, limit=limit)
            for place, user, limit in ((home, ada, 9), (home, ada, 2), (home, ada, 1), (home, bob, 9), (other, ada, 9))
        ]

    assert counts == [(2, 3), (2, 2), (1, 1), (1, 1), (1, 1)]


async def test_changed_reminders_are_read_back(world: World, chore: Task, ada: User, bob: User) -> None:
    before = [reminder(1, chore, of=ada), reminder(2, chore, of=bob), reminder(3, chore, of=ada)]
    await add(world, *before)
    both = [replace(each, updated_at=NOON + DAY, revision=2) for each in before[:2]]
    after = [
        replace(both[0], at=NOON, before_due=None, fires_at=None, fired_for=NOON, fired_at=NOON + HOUR),
        replace(both[1], before_due=0, fires_at=NOON + HOUR, zone_data="2027a"),
    ]

    async with world.unit() as uow:
        await uow.reminders.update_all(after)
        await uow.reminders.update_all([])

    assert await all_of(world, before) == [*after, before[2]]


async def test_a_deleted_reminder_is_gone(world: World, home: Workspace, chore: Task, ada: User) -> None:
    both = [reminder(1, chore, of=ada), reminder(2, chore, of=ada)]
    await add(world, *both)
    async with world.unit() as uow:
        await uow.reminders.delete(home.id, both[0].id)
    assert await all_of(world, both) == [None, both[1]]


async def test_some_of_a_user_s_reminders_in_a_workspace_are_deleted_and_no_others(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, home: Workspace, other: Workspace, chore: Task, ada: User, bob: User
) -> None:
    second, theirs = await sow(world, home, number=2), await sow(world, other)
    mine = [reminder(1, chore, of=ada), reminder(2, second, of=ada), reminder(3, chore, of=ada)]
    others = [reminder(4, chore, of=bob), reminder(1, theirs, of=ada)]
    await add(world, *mine, *others)

    async with world.unit() as uow:
        counts = [await uow.reminders.delete_some(home.id, user_id=ada.id, limit=2) for _ in range(3)]

    assert counts == [2, 1, 0]
    assert await all_of(world, [*mine, *others]) == [None, None, None, *others]


async def move(world: World, who: User, **changes: Any) -> User:
    """Change an account."""
    moved = replace(who, **changes)
    async with world.unit(who) as uow:
        assert await uow.users.lock(who.id) == who
        await uow.users.update(moved)
    return moved


async def test_those_before_due_of_some_tasks_are_read_with_the_settings_of_their_owners(
    world: World, home: Workspace, ada: User, bob: User
) -> None:
    first, third = await sow(world, home, due=DUE), await sow(world, home, number=3)
    second = await sow(world, home, number=2, due=WallClock(date=dt.date(2026, 3, 5)))
    await move(world, bob, time_zone="Asia/Tokyo", reminder_time=dt.time(20, 15, 30), updated_at=NOON + DAY)
    found = [reminder(1, first, of=ada), reminder(2, second, of=bob, fires_at=None)]
    absolute = reminder(3, first, of=ada, at=NOON, before_due=None)
    await add(world, *found, absolute, reminder(4, third, of=ada))

    async with world.unit() as uow:
        read = await uow.reminders.of_tasks(home.id, [first.id, second.id, NOBODY])

    berlin = Settings(time_zone="Europe/Berlin", reminder_time=dt.time(9))
    tokyo = Settings(time_zone="Asia/Tokyo", reminder_time=dt.time(20, 15, 30))
    assert sorted(read, key=lambda each: each.reminder.id) == [
        Schedulable(reminder=found[0], due=DUE, settings=berlin, account_changed_at=ada.updated_at),
        Schedulable(reminder=found[1], due=second.due, settings=tokyo, account_changed_at=NOON + DAY),
    ]


async def test_a_user_s_reminders_in_a_workspace_are_read_some_at_a_time_also_of_tasks_in_the_trash(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, home: Workspace, other: Workspace, chore: Task, ada: User, bob: User
) -> None:
    trashed, theirs = await sow(world, home, number=2, due=DUE), await sow(world, other)
    mine = [reminder(1, chore, of=ada), reminder(2, trashed, of=ada), reminder(3, chore, of=ada)]
    await add(world, *mine, reminder(4, chore, of=bob), reminder(5, theirs, of=ada))
    async with world.unit() as uow:
        await uow.tasks.delete_all(home.id, [trashed.id], trash_id=ident(50), revision=20)

    async with world.unit() as uow:
        first = await uow.reminders.of_user(home.id, ada.id, after=None, limit=2)
        rest = await uow.reminders.of_user(home.id, ada.id, after=ident(2), limit=2)
        named = await uow.reminders.named(home.id, [ident(2), ident(5), NOBODY])

    assert [each.reminder for each in [*first, *rest]] == mine
    assert [each.due for each in [*first, *rest]] == [None, DUE, None]
    assert named == [first[1]]


async def test_a_user_s_reminders_are_to_be_computed_anew_in_each_of_their_workspaces(
    world: World, home: Workspace, other: Workspace, ada: User, bob: User
) -> None:
    async with world.unit() as uow:
        assert await uow.reminders.stale(after=None, limit=9) == []
        await uow.reminders.mark_stale(bob.id)
        await uow.reminders.mark_stale(ada.id)
    notes = [
        Stale(workspace_id=at, user_id=who) for at, who in ((home.id, ada.id), (home.id, bob.id), (other.id, bob.id))
    ]

    async with world.unit() as uow:
        assert (
            sorted(await uow.reminders.stale(after=None, limit=9), key=lambda each: (each.workspace_id, each.user_id))
            == notes
        )
        first = await uow.reminders.stale(after=None, limit=2)
        assert [*first, *await uow.reminders.stale(after=first[-1], limit=9)] == notes
        assert await uow.reminders.lock_stale(home.id, bob.id) == notes[1]
        assert await uow.reminders.lock_stale(home.id, NOBODY) is None
        await uow.reminders.set_stale(replace(notes[1], after=ident(7)))
        await uow.reminders.end_stale(home.id, ada.id)
        await uow.reminders.end_stale(home.id, NOBODY)
    async with world.unit() as uow:
        assert await uow.reminders.lock_stale(home.id, ada.id) is None
        assert await uow.reminders.lock_stale(home.id, bob.id) == replace(notes[1], after=ident(7))
        await uow.reminders.mark_stale(bob.id)
        assert await uow.reminders.lock_stale(home.id, bob.id) == notes[1]


async def test_what_was_computed_with_older_zone_data_is_found_where_it_is_not_deleted(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, home: Workspace, other: Workspace, chore: Task, ada: User, bob: User
) -> None:
    theirs = await sow(world, other)
    versions = ("2026a", "2025z", "2026b", None)
    await add(world, *(reminder(number, chore, of=ada, zone_data=each) for number, each in enumerate(versions)))
    await add(world, reminder(9, theirs, of=bob, zone_data="2025a"))

    async with world.unit() as uow:
        await uow.workspaces.delete([other.id])
    async with world.unit() as uow:
        assert set(await uow.reminders.outdated(zone_data="2026b", without=[], limit=9)) == {
            (home.id, ident(0)),
            (home.id, ident(1)),
        }
        assert len(await uow.reminders.outdated(zone_data="2026b", without=[], limit=1)) == 1
        assert await uow.reminders.outdated(zone_data="2025z", without=[], limit=9) == []
        assert await uow.reminders.outdated(zone_data="2026b", without=[home.id], limit=9) == []


async def test_a_user_s_reminders_are_deleted_everywhere_some_at_a_time(  # noqa: PLR0913, PLR0917  # fixtures
    world: World, home: Workspace, other: Workspace, chore: Task, ada: User, bob: User
) -> None:
    theirs = await sow(world, other)
    mine = [reminder(1, chore, of=bob), reminder(2, chore, of=bob), reminder(1, theirs, of=bob)]
    hers = reminder(4, chore, of=ada)
    await add(world, *mine, hers)

    async with world.unit() as uow:
        places = [await uow.reminders.delete_everywhere(bob.id, limit=2) for _ in range(3)]

    assert [len(each) for each in places] == [2, 1, 0]
    assert sorted([*places[0], *places[1]]) == [home.id, home.id, other.id]
    assert await all_of(world, [*mine, hers]) == [None, None, None, hers]

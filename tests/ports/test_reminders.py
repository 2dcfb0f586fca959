import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.errors import IdTaken
from domain.model.reminders import Reminder, Settings
from domain.model.tasks import Task
from domain.model.users import User
from domain.model.workspaces import Workspace
from tests.ports.test_comments import sow
from tests.support.defaults import NOON
from tests.support.things import DAY, HOUR, NOBODY, ident, in_pages, reminder
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


async def test_those_before_due_of_some_tasks_are_read_with_the_settings_of_their_owners(
    world: World, home: Workspace, chore: Task, ada: User, bob: User
) -> None:
    second, third = [await sow(world, home, number=number) for number in (2, 3)]
    async with world.unit(bob) as uow:
        late = replace(bob, time_zone="Asia/Tokyo", reminder_time=dt.time(20, 15, 30))
        assert await uow.users.lock(bob.id) == bob
        await uow.users.update(late)
    found = [reminder(1, chore, of=ada), reminder(2, second, of=bob, fires_at=None)]
    absolute = reminder(3, chore, of=ada, at=NOON, before_due=None)
    await add(world, *found, absolute, reminder(4, third, of=ada))

    async with world.unit() as uow:
        read = await uow.reminders.before_due_of(home.id, [chore.id, second.id, NOBODY])

    settings = [
        Settings(time_zone="Europe/Berlin", reminder_time=dt.time(9)),
        Settings(time_zone="Asia/Tokyo", reminder_time=dt.time(20, 15, 30)),
    ]
    assert sorted(read, key=lambda each: each[0].id) == list(zip(found, settings, strict=True))

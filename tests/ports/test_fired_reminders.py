import datetime as dt
from dataclasses import replace

from domain.model.fired_reminders import FiredReminder
from domain.model.users import User
from domain.model.workspaces import Workspace
from domain.wall_clocks import WallClock
from tests.support import things
from tests.support.worlds import World


def of(user: User, number: int, place: Workspace) -> FiredReminder:
    return things.fired_reminder(number, user_id=user.id, workspace_id=place.id)


async def test_reminders_are_counted_for_each_user_and_read_in_order(
    world: World, ada: User, bob: User, home: Workspace
) -> None:
    async with world.unit() as uow:
        await uow.fired_reminders.add([of(bob, 1, home), of(ada, 1, home), of(bob, 2, home)])
    async with world.unit() as uow:
        await uow.fired_reminders.add([of(bob, 3, home)])
        await uow.fired_reminders.add([])

    async with world.unit() as uow:
        for after, to, limit, expected in ((0, 9, 9, [1, 2, 3]), (1, 2, 9, [2]), (0, 3, 1, [1]), (3, 3, 9, [])):
            found = await uow.fired_reminders.between(bob.id, after=after, to=to, limit=limit)
            assert found == [of(bob, number, home) for number in expected]
        assert (await uow.workspaces.heads(ada.id, only=None)).reminders_fired == 1
        assert (await uow.workspaces.heads(bob.id, only=None)).reminders_fired == 3
        assert (await uow.workspaces.heads(bob.id, only=frozenset())).reminders_fired == 3


async def test_what_they_were_for_is_read_as_it_was_written(world: World, ada: User, home: Workspace) -> None:
    day = WallClock(date=dt.date(2026, 3, 4))
    dues = [None, day, replace(day, time=dt.time(9)), replace(day, time=dt.time(9), time_zone="Europe/Berlin")]
    written = [
        replace(of(ada, number, home), due=due, occurrence=occurrence)
        for number, (due, occurrence) in enumerate(zip(dues, [None, *dues[:3]], strict=True), 1)
    ]
    async with world.unit() as uow:
        await uow.fired_reminders.add(written)
    async with world.unit() as uow:
        assert await uow.fired_reminders.between(ada.id, after=0, to=9, limit=9) == written


async def test_they_are_deleted_some_at_a_time(world: World, ada: User, bob: User, home: Workspace) -> None:
    async with world.unit() as uow:
        await uow.fired_reminders.add([*(of(ada, number, home) for number in (1, 2, 3)), of(bob, 1, home)])
    async with world.unit() as uow:
        assert [await uow.fired_reminders.delete_some(ada.id, limit=2) for _ in range(3)] == [2, 1, 0]
        assert await uow.fired_reminders.between(bob.id, after=0, to=9, limit=9) == [of(bob, 1, home)]


async def test_they_are_deleted_with_their_user(world: World, ada: User, home: Workspace) -> None:
    async with world.unit() as uow:
        await uow.fired_reminders.add([of(ada, 1, home)])
    async with world.unit() as uow:
        assert await uow.users.lock(ada.id)
        await uow.users.delete(ada.id)
    async with world.unit() as uow:
        assert await uow.fired_reminders.between(ada.id, after=0, to=9, limit=9) == []

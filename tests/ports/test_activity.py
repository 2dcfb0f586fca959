import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from uuid import UUID

import pytest

from domain.events import EventType
from domain.model.activity import BEGINNING, CLOCKS_APART, END, MOST_CANDIDATES, ActivityFilter, LoggedEvent
from domain.model.workspaces import Workspace
from tests.support.defaults import NOON
from tests.support.things import HOUR, NOBODY, ident
from tests.support.worlds import World

TYPES: Sequence[EventType] = ("task.created", "task.updated", "task.completed")


def thing(number: int) -> UUID:
    """An id that is not one of a user's or a workspace's."""
    return ident(100 + number)


def logged(revision: int, sequence: int = 1, **changes: object) -> LoggedEvent:
    event = LoggedEvent(
        revision=revision,
        sequence=sequence,
        type="task.updated",
        entity_id=thing(1),
        actor_id=thing(2),
        recorded_at=NOON,
        payload=f'{{"title":"{revision}"}}',
        type_before=None,
        payload_before=None,
    )
    return replace(event, **changes)  # type: ignore[arg-type]  # what a test gives


async def listed(world: World, place: Workspace, filters: ActivityFilter, *, limit: int = 100) -> list[LoggedEvent]:
    """All events of the list, read in parts."""
    found: list[LoggedEvent] = []
    before = END
    async with world.unit() as uow:
        for _ in range(100):
            stretch = await uow.activity.stretch(place.id, filters, before=before)
            rest = stretch
            while some := await uow.activity.newest(place.id, filters, within=rest, limit=limit):
                found += some
                rest = replace(rest, before=some[-1].place)
            if stretch.is_last:
                return found
            before = stretch.oldest
    raise AssertionError("the list has no end")


def places(found: Sequence[LoggedEvent]) -> list[tuple[int, int]]:
    return [event.place for event in found]


async def test_events_are_read_newest_first_each_with_the_one_before_of_the_same_entity(
    world: World, home: Workspace, other: Workspace
) -> None:
    log = [
        logged(101, 1, type="task.created"),
        logged(101, 2, entity_id=thing(5), actor_id=None),
        logged(102, 1, payload=None),
        logged(103, 1),
        logged(104, 1, type="task.deleted"),
    ]
    await world.log(home.id, log)
    await world.log(other.id, [logged(101, 1), logged(105, 1)])

    for limit in (1, 2, 100):
        found = await listed(world, home, ActivityFilter(), limit=limit)
        assert [replace(each, type_before=None, payload_before=None) for each in found[:5]] == log[::-1]
        assert [(each.type_before, each.payload_before) for each in found[:5]] == [
            ("task.updated", log[3].payload),
            (None, None),
            ("task.created", log[0].payload),
            (None, None),
            (None, None),
        ]
    found = await listed(world, home, ActivityFilter(entity_id=thing(5)))
    assert places(found) == [(101, 2)]


async def test_all_filters_can_be_combined(world: World, home: Workspace) -> None:
    chance = random.Random("filters")  # noqa: S311 -- no secret
    log = [
        logged(
            100 + number // 3,
            number % 3 + 1,
            type=chance.choice(TYPES),
            entity_id=thing(chance.randrange(3)),
            actor_id=thing(chance.randrange(2)),
            recorded_at=NOON + HOUR * (number // 3),
        )
        for number in range(120)
    ]
    await world.log(home.id, log)
    for entity, actor, types, after, until in product(
        (None, thing(1)),
        (None, thing(1)),
        (None, frozenset(TYPES[:2])),
        (None, NOON + 10 * HOUR),
        (None, NOON + 20 * HOUR),
    ):
        filters = ActivityFilter(
            entity_id=entity, actor_id=actor, types=types, recorded_after=after, recorded_before=until
        )
        expected = [
            event.place
            for event in reversed(log)
            if entity in {None, event.entity_id}
            and actor in {None, event.actor_id}
            and (types is None or event.type in types)
            and (after is None or event.recorded_at > after)
            and (until is None or event.recorded_at < until)
        ]
        assert [place for place in places(await listed(world, home, filters)) if place[0] >= 100] == expected, filters


async def test_times_are_found_although_clocks_differ(world: World, home: Workspace) -> None:
    chance = random.Random("clocks")  # noqa: S311 -- no secret
    half = CLOCKS_APART // 2
    log = [
        logged(100 + number, recorded_at=NOON + HOUR + number * half / 7 + half * chance.uniform(-0.99, 0.99))
        for number in range(200)
    ]
    await world.log(home.id, log)
    times = [event.recorded_at for event in log]
    for number in range(0, 200, 9):
        after, until = times[number], times[number] + half * 4
        found = places(await listed(world, home, ActivityFilter(recorded_after=after, recorded_before=until)))
        assert found == [event.place for event in reversed(log) if after < event.recorded_at < until]


@pytest.mark.parametrize("year", [1, 9999])
async def test_a_time_may_be_the_first_or_the_last_one(world: World, home: Workspace, year: int) -> None:
    await world.log(home.id, [logged(100)])
    at = dt.datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, tzinfo=dt.UTC)
    at = at if year == 1 else at + dt.timedelta(hours=23, minutes=59, seconds=59)

    after = await listed(world, home, ActivityFilter(entity_id=thing(1), recorded_after=at))
    until = await listed(world, home, ActivityFilter(entity_id=thing(1), recorded_before=at))

    assert (places(after), places(until)) == (([(100, 1)], []) if year == 1 else ([], [(100, 1)]))


async def test_a_page_looks_at_a_bounded_number_of_events(world: World, home: Workspace) -> None:
    rare = thing(3)
    log = [logged(100 + number, entity_id=thing(number % 2)) for number in range(2 * MOST_CANDIDATES + 10)]
    log[2] = replace(log[2], actor_id=rare)
    await world.log(home.id, log)
    filters = ActivityFilter(actor_id=rare)

    async with world.unit() as uow:
        first = await uow.activity.stretch(home.id, filters, before=END)
        second = await uow.activity.stretch(home.id, filters, before=first.oldest)
        of_entity = await uow.activity.stretch(home.id, replace(filters, entity_id=thing(0)), before=END)
        unfiltered = await uow.activity.stretch(home.id, ActivityFilter(entity_id=rare), before=END)
        assert await uow.activity.newest(home.id, filters, within=first, limit=1) == []

    assert (first.oldest, first.is_last) == (log[-MOST_CANDIDATES].place, False)
    assert (second.oldest, second.is_last) == (log[-2 * MOST_CANDIDATES].place, False)
    assert (of_entity.oldest, of_entity.is_last) == (log[-2 * MOST_CANDIDATES].place, False)
    assert (unfiltered.oldest, unfiltered.is_last) == (BEGINNING, True)
    assert places(await listed(world, home, filters)) == [log[2].place]
    assert await listed(world, home, ActivityFilter(actor_id=NOBODY)) == []

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import moves, positions
from domain.limits import MOST_CHANGES
from domain.moves import Room
from tests.support.things import ident


@dataclass(frozen=True, slots=True)
class Thing:
    id: UUID
    position: str


class Shelf:
    """Things in order, as a table with a unique index has them."""

    def __init__(self, *at: str) -> None:
        self.things = {ident(n): Thing(ident(n), position) for n, position in enumerate(at)}
        self.taken = set(at)
        self.changes = 0

    @property
    def in_order(self) -> list[Thing]:
        return sorted(self.things.values(), key=attrgetter("position"))

    async def room(self, cut: str, *, count: int = 1, mover: Thing | None = None) -> Room[Thing]:
        async def around(limit: int) -> Sequence[Thing]:
            things = self.in_order
            at = sum(thing.position < cut for thing in things)
            return things[max(0, at - limit) : at + limit]

        return await moves.make_room(around, cut, count=count, mover=mover)

    def store(self, thing: Thing, position: str) -> None:
        """Fails if the position is taken."""
        self.taken.discard(thing.position)
        assert position not in self.taken, position
        self.taken.add(position)
        self.changes += thing.position != position
        self.things[thing.id] = replace(thing, position=position)

    async def put(self, cut: str, *, count: int = 1, mover: Thing | None = None) -> Sequence[UUID]:
        """Move *mover* to a gap, or add *count* new things there. Returns their ids."""
        room = await self.room(cut, count=count, mover=mover)
        for each, position in room.neighbours:
            self.store(each, position)
        put = [mover] if mover else [Thing(ident(len(self.things) + n), "") for n in range(count)]
        for each, position in zip(put, room.positions, strict=True):
            self.store(each, position)
        return [each.id for each in put]

    def after(self, thing_id: UUID) -> str:
        return positions.just_after(self.things[thing_id].position)

    @property
    def ids(self) -> list[UUID]:
        return [thing.id for thing in self.in_order]

    @property
    def longest(self) -> int:
        return max(len(thing.position) for thing in self.things.values())


@settings(max_examples=50, deadline=None)
@given(st.data())
async def test_what_is_moved_is_where_it_should_be_and_all_others_keep_their_order(data: st.DataObject) -> None:
    narrow = "a0" + "0" * data.draw(st.integers(0, 42)) + "1"
    shelf = Shelf(*positions.spread("a0", narrow, count=data.draw(st.integers(2, 40))))
    for _ in range(data.draw(st.integers(1, 30))):
        moved, after = data.draw(st.permutations(shelf.ids[:12]))[:2]
        expected = [each for each in shelf.ids if each != moved]
        expected.insert(expected.index(after) + 1, moved)

        await shelf.put(shelf.after(after), mover=shelf.things[moved])

        assert shelf.ids == expected
        assert shelf.longest <= positions.LONGEST


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 42), st.integers(1, 1001), st.integers(0, 40))
async def test_many_things_fit_into_any_gap_in_their_order(depth: int, count: int, place: int) -> None:
    shelf = Shelf(*positions.spread("a0", "a0" + "0" * depth + "1", count=40))
    before = shelf.ids

    new = await shelf.put(shelf.after(before[place - 1]) if place else "", count=count)

    assert shelf.ids == [*before[:place], *new, *before[place:]]
    assert shelf.longest <= positions.LONGEST


@pytest.mark.parametrize(("place", "count"), [("first", 1_000), ("middle", 10_000), ("last", 1_000)])
async def test_ten_thousand_moves_into_one_gap_change_few_others_and_stay_short(place: str, count: int) -> None:
    shelf = Shelf(*positions.spread(None, None, count=120))
    ids = shelf.ids
    fixed = {"first": ids[0], "middle": ids[60], "last": ids[-1]}[place]
    chance = random.Random(1)  # noqa: S311 -- no secret
    others = [each for each in ids if each != fixed]
    for _ in range(count):
        moved = chance.choice(others)
        await shelf.put(shelf.after(fixed), mover=shelf.things[moved])
        in_order = shelf.ids
        assert in_order[in_order.index(fixed) + 1] == moved

    assert shelf.longest <= positions.LONGEST
    assert shelf.changes < 1.1 * count


@pytest.mark.parametrize(("crowd", "changed", "longest"), [(20, 32, 32), (60, 64, 32), (2_400, 1_024, 50)])
async def test_more_neighbours_make_room_the_more_there_are_without_any(crowd: int, changed: int, longest: int) -> None:
    """They share the first 46 characters. Of 2,400, the nearest 1,024 share what room they have."""
    narrow = "a0" + "0" * 44
    shelf = Shelf("a0", *positions.spread(narrow + "1", narrow + "11", count=crowd), "a1")
    before = shelf.ids

    await shelf.put(shelf.after(before[crowd // 2]))

    assert [each for each in shelf.ids if each in before] == before
    assert shelf.ids[crowd // 2 + 1] not in before
    assert changed // 2 < shelf.changes - 1 <= changed
    assert shelf.longest <= longest


async def test_a_crowd_that_grows_in_its_middle_never_gets_longer_positions() -> None:
    """Uneven room for the nearest thousand would be used up: a position got one more character with every 75 things."""
    deep = "a0" + "0" * 40
    shelf = Shelf("a0", *positions.spread(deep + "1", deep + "2", count=2_400), "a1")
    middle = shelf.ids[1_200]

    for _ in range(400):
        (middle,) = await shelf.put(shelf.after(middle))

    assert shelf.longest <= positions.LONGEST


async def test_all_of_a_thousand_things_get_short_positions_if_there_is_no_other_room() -> None:
    deep = "a0" + "0" * 60
    shelf = Shelf(*positions.spread(deep + "1", deep + "2", count=1_000))
    before = shelf.ids

    for place in (0, 500, 999):
        await shelf.put(shelf.after(before[place]))

    assert [each for each in shelf.ids if each in before] == before
    assert shelf.longest <= positions.LONGEST


async def test_the_most_things_and_their_neighbours_are_few_enough_for_one_transaction() -> None:
    deep = "a0" + "0" * 44
    shelf = Shelf("a0", *positions.spread(deep + "1", deep + "11", count=2_400), "a1")

    await shelf.put(shelf.after(shelf.ids[1_200]), count=1_001)

    assert 1_001 + 900 < shelf.changes <= MOST_CHANGES


@pytest.mark.parametrize("distance", [-3, 4])
async def test_a_near_thing_that_is_moved_does_not_hide_where_the_room_ends(distance: int) -> None:
    narrow = "a0" + "0" * 44
    shelf = Shelf("a0", *positions.spread(narrow + "1", narrow + "11", count=60), "a1")
    before = shelf.ids
    moved, after = before[30 + distance], before[30]

    await shelf.put(shelf.after(after), mover=shelf.things[moved])

    before.remove(moved)
    before.insert(before.index(after) + 1, moved)
    assert shelf.ids == before
    assert shelf.longest <= 32


async def test_a_thing_that_is_in_the_gap_already_keeps_its_position() -> None:
    shelf = Shelf("a0", "a1", "a2")
    moved = shelf.in_order[1]

    for cut in (shelf.after(ident(0)), shelf.after(ident(1)), "a2"):
        assert await shelf.room(cut, mover=moved) == Room(("a1",))


async def test_neighbours_do_not_get_the_position_that_the_moved_thing_still_has() -> None:
    crowded = positions.spread("a0", "a0" + "0" * 46 + "1", count=3)
    for taken in ("a2", "a3", "a4"):
        shelf = Shelf("a0", *crowded, taken)
        moved = next(thing for thing in shelf.in_order if thing.position == taken)

        room = await shelf.room(shelf.after(shelf.ids[1]), mover=moved)

        assert room.neighbours
        assert taken not in {position for _, position in room.neighbours}

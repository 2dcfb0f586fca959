"""Where what is restored goes in its order: to its old position or, if another thing has that, right after it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Generic
from uuid import UUID

from domain import moves, positions
from domain.moves import Item


class Places(Generic[Item]):
    """The places of things that come back to one order, and are stored after all of them have one.

    *near* returns the live things nearest to a text, so many before it and so many after it. *move* stores one of them
    at another position, where it makes room. *taken* has those positions of the restored things that live ones have.
    """

    def __init__(
        self,
        near: Callable[[str, int], Awaitable[Sequence[Item]]],
        move: Callable[[Item, str], Awaitable[None]],
        *,
        taken: Iterable[str],
    ) -> None:
        self._near = near
        self._move = move
        self._taken = set(taken)
        self._placed: dict[UUID, Item] = {}

    async def put(self, item: Item) -> None:
        """Give *item* a place: one after the other, in their old order."""
        if item.position in self._taken:
            item = _at(item, await self._right_after(item.position))
        self._taken.add(item.position)
        self._placed[item.id] = item

    @property
    def placed(self) -> Sequence[Item]:
        """The things with their positions, in the order in which they were put."""
        return tuple(self._placed.values())

    def last(self, known: str | None) -> str | None:
        """Return the greatest position of this order, if it was *known* before."""
        return max([*self._taken, *filter(None, [known])], default=None)

    async def _right_after(self, position: str) -> str:
        cut = positions.just_after(position)

        async def around(count: int) -> Sequence[Item]:
            both = sorted([*await self._near(cut, count), *self._placed.values()], key=lambda each: each.position)
            below = [each for each in both if each.position < cut]
            return [*below[-count:], *both[len(below) :][:count]]

        room = await moves.make_room(around, cut, count=1)
        for each, new in room.neighbours:
            self._taken.add(new)
            if each.id in self._placed:
                self._placed[each.id] = _at(each, new)
            else:
                await self._move(each, new)
        return room.positions[0]


def _at(item: Item, position: str) -> Item:
    return replace(item, position=position)  # type: ignore[type-var]  # all that have positions are dataclasses

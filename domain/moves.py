"""Moving things in an order: the position that they get, and those of neighbours that make room for it.

A position between two others grows by a character with every six moves into the same gap. When it would be longer than
LONGEST, the nearest neighbours are spread over the room that they have. It is hardly ever more than sixteen of them.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from domain import positions

_WINDOWS: Final = (16, 32, 64, 128, 256, 512, 1024)
"""How many neighbours make room: the first of these numbers that leaves them all with ROOMY characters, or the last."""
_ROOMY: Final = 32


class Placed(Protocol):
    """What has a position in an order."""

    @property
    def id(self) -> UUID:
        """Its id."""

    @property
    def position(self) -> str:
        """Where it is, see `domain/positions.py`."""


Item = TypeVar("Item", bound=Placed)
Around = Callable[[int], Awaitable[Sequence[Item]]]
"""Returns the things nearest to a gap in their order: so many before it, and so many after it."""


@dataclass(frozen=True, slots=True)
class Room(Generic[Item]):
    """Where things go: their new positions, and neighbours with the positions that those get.

    The neighbours can be stored one after the other, then the things themselves: each position is free by then.
    """

    positions: Sequence[str]
    neighbours: Sequence[tuple[Item, str]] = ()


async def make_room(around: Around[Item], cut: str, *, count: int, mover: Placed | None = None) -> Room[Item]:
    """Return the room for *count* things in the gap at *cut*: after all positions before it, and before all others.

    *mover* is what is moved, if it is in this order already; then *count* is 1. In the gap it keeps its position.
    """
    below, above = await _sides(around, cut, count=1, mover=mover)
    low, high = (below[-1].position if below else None), (above[0].position if above else None)
    if mover is not None and (low or "") < mover.position < (high or positions.END):
        return Room((mover.position,))
    found = positions.spread(low, high, count=count)
    if _longest(found) <= positions.LONGEST:
        return Room(found)
    for window in _WINDOWS:
        below, above = await _sides(around, cut, count=window // 2 + 1, mover=mover)
        room = _spread(below, above, half=window // 2, count=count, avoid=mover.position if mover else None)
        if max(_longest(room.positions), _longest([position for _, position in room.neighbours])) <= _ROOMY:
            break
    return room


async def _sides(
    around: Around[Item], cut: str, *, count: int, mover: Placed | None
) -> tuple[Sequence[Item], Sequence[Item]]:
    """Return *count* things on each side of the gap, without *mover*, in their order."""
    found = [each for each in await around(count + 1) if mover is None or each.id != mover.id]
    below = [each for each in found if each.position < cut]
    return below[-count:], found[len(below) :][:count]


def _spread(below: Sequence[Item], above: Sequence[Item], *, half: int, count: int, avoid: str | None) -> Room[Item]:
    """Spread things and *half* of their neighbours on each side over the room up to the next ones.

    *avoid* is the position that what is moved still has while its neighbours are stored.
    """
    low = below[-half - 1].position if len(below) > half else None
    high = above[half].position if len(above) > half else None
    below, above = below[-half:], above[:half]
    needed = len(below) + count + len(above)
    found = [each for each in positions.spread(low, high, count=needed + 1) if each != avoid][:needed]
    at = len(below)
    pairs = [*zip(below, found[:at], strict=True), *zip(above, found[at + count :], strict=True)]
    return Room(found[at : at + count], _one_by_one(pairs))


def _one_by_one(pairs: Sequence[tuple[Item, str]]) -> Sequence[tuple[Item, str]]:
    """Return what changes, so that each position is free: down from the lowest, up from the highest."""
    down = [pair for pair in pairs if pair[1] < pair[0].position]
    up = [pair for pair in pairs if pair[1] > pair[0].position]
    return (*down, *reversed(up))


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)

"""Moving things in an order: the position that they get, and those of neighbours that make room for it.

A position between two others grows by a character with every six moves into the same gap. When it would be longer than
LONGEST, the nearest neighbours are spread over the room that they have. It is hardly ever more than sixteen of them
(ADR 96). All things of an order of up to 1,024 get whole numbers then, if nothing less helps.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar
from uuid import UUID

from domain import positions
from domain.errors import Invalid
from domain.limits import MOST_CHANGES
from domain.unset import UNSET, Unset

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


class BeforeAndAfter(Invalid):
    """The body names two things to move another one to."""

    code = "place"
    pointer = "#/after"

    def __init__(self) -> None:
        super().__init__("Send `before` or `after`, and not both.")


class SiblingUnknown(Invalid):
    """The body names a thing to move another one to, as the property *name*, that the workspace does not have."""

    code = "sibling"

    def __init__(self, kind: str, *, name: str) -> None:
        super().__init__(f"This workspace does not have a {kind} with this id.")
        self.pointer = f"#/{name}"


class NotBesideSibling(Invalid):
    """The body names a thing to move another one to, and another place than that thing's, as the property *name*."""

    code = "place"

    def __init__(self, kind: str, *, name: str) -> None:
        super().__init__(f"The {kind} in `before` or `after` is in another place. Leave this out.")
        self.pointer = f"#/{name}"


class BesideItself(Invalid):
    """A thing would be moved next to or under itself or one of its subtasks, which the property *name* names."""

    code = "place"

    def __init__(self, kind: str, *, name: str) -> None:
        where = "next to or under itself or one of its subtasks" if kind == "task" else "next to itself"
        super().__init__(f"A {kind} cannot be moved {where}. Choose another one.")
        self.pointer = f"#/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What something is moved to: directly before or after (`name`) the thing of the same *kind* with this id."""

    kind: str
    name: Literal["before", "after"]
    sibling_id: UUID

    def cut_at(self, sibling: Placed | None) -> str:
        """Return the `cut` of the gap for `make_room`. Raises SiblingUnknown if the sibling does not exist."""
        if sibling is None:
            raise SiblingUnknown(self.kind, name=self.name)
        return sibling.position if self.name == "before" else positions.just_after(sibling.position)


def beside(kind: str, own_ids: Collection[UUID], *, before: UUID | Unset, after: UUID | Unset) -> Beside | None:
    """Return which of two members of a request is given. Raises BeforeAndAfter; BesideItself if it is of *own_ids*."""
    if before is not UNSET and after is not UNSET:
        raise BeforeAndAfter
    name: Literal["before", "after"] = "after" if before is UNSET else "before"
    sibling_id = after if before is UNSET else before
    if sibling_id is UNSET:
        return None
    if sibling_id in own_ids:
        raise BesideItself(kind, name=name)
    return Beside(kind=kind, name=name, sibling_id=sibling_id)


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

    @property
    def longest(self) -> int:
        """How many characters the longest of the positions has."""
        return _longest([*self.positions, *(position for _, position in self.neighbours)])


async def make_room(around: Around[Item], cut: str, *, count: int, mover: Item | None = None) -> Room[Item]:
    """Return the room for *count* things in the gap at *cut*: after all positions before it, and before all others.

    *mover* is what is moved, if it is in this order already; then *count* is 1. In the gap it keeps its position. With
    the neighbours, at most MOST_CHANGES things change. See `Room.longest` where an order may have more than 1,024.
    """
    below, above = await _sides(around, cut, count=1, mover=mover)
    low, high = (below[-1].position if below else None), (above[0].position if above else None)
    if mover is not None and (low or "") < mover.position < (high or positions.END):
        return Room((mover.position,))
    found = positions.spread(low, high, count=count)
    if _longest(found) <= positions.LONGEST:
        return Room(found)
    for window in _WINDOWS:
        half = min(window, MOST_CHANGES - count) // 2
        below, above = await _sides(around, cut, count=half + 1, mover=mover)
        room = _spread(below, above, half=half, count=count, avoid=mover.position if mover else None)
        if room.longest <= _ROOMY:
            break
    return room


async def move_to(around: Around[Item], cut: str, *, mover: Item) -> Sequence[tuple[Item, str]]:
    """Return what changes if *mover* is moved to the gap at *cut* in its order, with the new positions.

    It can be stored one after the other. *mover* is the last.
    """
    room = await make_room(around, cut, count=1, mover=mover)
    return (*room.neighbours, (mover, room.positions[0]))


async def _sides(
    around: Around[Item], cut: str, *, count: int, mover: Item | None
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

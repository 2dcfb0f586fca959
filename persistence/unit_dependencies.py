"""What all units of work of a process share."""

import datetime as dt
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from domain.model.passwords import PasswordHasher
from domain.model.streams import Changed, Streams
from domain.policy import Policy
from persistence.database import Database
from persistence.event_writers import EncodeEvent

IsAdmitted = Callable[[], Awaitable[bool]]


async def always() -> bool:
    """The access of a caller who needs none."""
    return True


def nobody(_ids: Collection[UUID]) -> None:
    """Nobody waits for changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """The database, the rules of the operator, and where time, ids and randomness come from.

    `changed` is called after each commit, with what it changed. `streams` returns what the streams of one request of a
    user work with; None in a process that serves none.
    """

    database: Database
    clock: Callable[[], dt.datetime]
    new_id: Callable[[], UUID]
    random_bytes: Callable[[int], bytes]
    passwords: PasswordHasher
    policy: Policy
    encode_event: EncodeEvent
    changed: Changed = nobody
    streams: Callable[[UUID, IsAdmitted], Streams] | None = None

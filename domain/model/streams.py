"""Streams: what a response sends for as long as its client listens, after its unit of work has ended.

DomainError
├── StreamsExceeded   the caller has as many open streams as one may have
└── Unavailable
    └── ServerFull    the process has as many open streams as it may have
"""

from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from domain.errors import DomainError, Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

Changed = Callable[[Collection[UUID]], None]
"""Called with the ids of the workspaces and users that a transaction has changed (see Topics), once it is committed."""


class StreamsExceeded(DomainError):
    """The caller has as many open streams as one user may have, on all devices together."""

    def __init__(self, streams: int) -> None:
        super().__init__(f"You have {streams} open streams, and cannot have more. Close one, or try again later.")


class ServerFull(Unavailable):
    """The process has as many open streams as it may have."""

    def __init__(self) -> None:
        super().__init__("The server has as many open streams as it can have. Try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """What a stream is about: it is woken when something in one of these workspaces, or of these users, changes.

    Of users: their memberships, sessions and tokens, and the account itself.
    """

    workspace_ids: frozenset[UUID] = frozenset()
    user_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Generic[Item]):
    """One message of a stream, and the cursor of the place after it. Without an item, it says that the stream lives."""

    item: Item | None
    cursor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Generic[Item]):
    """What one look found, in order. `has_more`: another look would find more at once. `is_last`: the stream ends."""

    messages: Sequence[Message[Item]] = ()
    has_more: bool = False
    is_last: bool = False


class Feed(Protocol[Item]):
    """What a stream sends, from a place on. It reads with what outlives the unit of work."""

    @property
    def topics(self) -> Topics:
        """What to wait for. It is asked again after each `read`."""

    @property
    def cursor(self) -> str:
        """The place up to which all was read."""

    async def read(self) -> Batch[Item]:
        """Read what is after the place, and move it there. Raises StorageUnavailable: then the place is as it was.

        Raises CursorExpired if what is after the place is not known any more.
        """


class Subscription(Protocol):
    """What an open stream waits with."""

    async def wait(self, topics: Topics) -> bool:
        """Wait until something of *topics* may have changed (True), or the caller's access is to be asked again.

        The latter is at least once a second. What happened between two waits is not missed.
        """


class Streams(Protocol):
    """The streams of a process, for the request of one caller. It can be used after the unit of work has ended."""

    @property
    def heartbeat_s(self) -> float:
        """How long a stream may be silent."""

    def elapsed_s(self) -> float:
        """Seconds since some moment: two of them can be compared."""

    async def sleep(self, seconds: float) -> None:
        """Wait, not at all if *seconds* is less than 0."""

    def require_free(self) -> None:
        """Raise StreamsExceeded or ServerFull if no stream can be opened."""

    def open(self, topics: Topics) -> AbstractContextManager[Subscription | None]:
        """Count an open stream of the caller. None if there are too many, as in a race of several requests."""

    async def is_admitted(self) -> bool:
        """Ask again whether the caller has access: token, role, scope. Raises Unavailable."""

    def is_current(self, event: str, body: str) -> bool:
        """Whether the body of an event in the log, JSON, is as the contract describes it now: it may be older."""

    async def share(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """Return what *read* returns: one read for all streams that ask with the same key while it runs.

        The result is the same object for all: nobody changes it.
        """

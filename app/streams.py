"""The open streams of this process: how many there may be, what wakes them, and what they read together."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from app.together import LONGEST_S, in_time
from domain.model.streams import Result, ServerFull, StreamsExceeded, Subscription, Topics
from persistence.wakeups import Wakeups


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """How many streams can be open, of one user and in this process, and how long one can be silent.

    `longest_read_s` is how long one waits for what it reads.
    """

    of_user: int
    in_process: int
    heartbeat_s: float
    longest_read_s: float = LONGEST_S


class OpenStreams:
    """All streams of a process. *is_current* is as in domain.model.streams.Streams."""

    def __init__(self, wakeups: Wakeups, limits: StreamLimits, *, is_current: Callable[[str, str], bool]) -> None:
        self.limits = limits
        self.is_current = is_current
        self._wakeups = wakeups
        self._users: Counter[UUID] = Counter()
        self._running: dict[Hashable, asyncio.Future[Any]] = {}

    def of(self, user_id: UUID, is_admitted: Callable[[], Awaitable[bool]]) -> "CallersStreams":
        """Return what implements domain.model.streams.Streams for one request of a user."""
        return CallersStreams(self, user_id, is_admitted)

    def require_free(self, user_id: UUID) -> None:
        """Raise StreamsExceeded or ServerFull if the user cannot open a stream."""
        if self._users[user_id] >= self.limits.of_user:
            raise StreamsExceeded(self.limits.of_user)
        if self._users.total() >= self.limits.in_process:
            raise ServerFull

    @contextmanager
    def open(self, user_id: UUID, topics: Topics) -> Iterator[Subscription | None]:
        """Count an open stream. None if there are too many."""
        try:
            self.require_free(user_id)
        except (StreamsExceeded, ServerFull):
            yield None
            return
        self._users[user_id] += 1
        try:
            with self._wakeups.subscribe(topics) as subscription:
                yield subscription
        finally:
            self._users[user_id] -= 1
            if not self._users[user_id]:
                del self._users[user_id]

    async def share(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """See domain.model.streams.Streams. A stream that ends does not cancel a read that others wait for.

        A result is not kept for those who ask later: what it has may have been erased since.
        """
        key = key, self._wakeups.count  # what began before a stream was woken may not see why
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._read(key, read))
        return cast("Result", await asyncio.shield(self._running[key]))

    async def close(self) -> None:
        """Wait for what is being read. No stream may be open."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _read(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        try:
            return await in_time(read(), longest_s=self.limits.longest_read_s)
        finally:
            del self._running[key]


class CallersStreams:
    """Implements domain.model.streams.Streams for one request."""

    def __init__(self, streams: OpenStreams, user_id: UUID, is_admitted: Callable[[], Awaitable[bool]]) -> None:
        self._streams = streams
        self._user_id = user_id
        self._is_admitted = is_admitted
        self.heartbeat_s = streams.limits.heartbeat_s

    def elapsed_s(self) -> float:
        """See the port."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See the port."""
        if seconds > 0:
            await asyncio.sleep(seconds)

    def require_free(self) -> None:
        """See the port."""
        self._streams.require_free(self._user_id)

    def open(self, topics: Topics) -> AbstractContextManager[Subscription | None]:
        """See the port."""
        return self._streams.open(self._user_id, topics)

    async def is_admitted(self) -> bool:
        """See the port."""
        return await self._is_admitted()

    def is_current(self, event: str, body: str) -> bool:
        """See the port."""
        return self._streams.is_current(event, body)

    async def share(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """See the port."""
        return await self._streams.share(key, read)

"""Streams that a test drives: it says what happens at each wait, and when the caller loses access."""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import contextmanager

from domain.errors import StorageUnavailable
from domain.model.streams import Result, Topics


class FakeStreams:
    """Implements domain.model.streams.Streams, and its Subscription.

    *waits* has what each wait returns; after the last one the caller has no access any more. `is_reachable` is whether
    the database is, and `is_full` whether no stream can be opened. Each wait takes ten seconds.
    """

    heartbeat_s = 15.0

    def __init__(self, *waits: bool) -> None:
        self.waits = list(waits)
        self.is_reachable = True
        self.is_full = False
        self.waited_for: list[Topics] = []
        self.open_streams = 0
        self.now_s = 0.0
        self._is_admitted = True

    def elapsed_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += max(0, seconds)

    def require_free(self) -> None:
        """There is no limit."""

    @contextmanager
    def open(self, _topics: Topics) -> Iterator["FakeStreams | None"]:
        self.open_streams += 1
        yield None if self.is_full else self
        self.open_streams -= 1

    async def wait(self, topics: Topics) -> bool:
        self.waited_for.append(topics)
        self.now_s += 10
        if not self.waits:
            self._is_admitted = False
            return False
        return self.waits.pop(0)

    async def is_admitted(self) -> bool:
        if not self.is_reachable:
            raise StorageUnavailable
        return self._is_admitted

    def is_current(self, _event: str, body: str) -> bool:
        return "outdated" not in body

    async def share(self, _key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        return await read()

"""Where requests are counted: in this process, or in a Redis or Valkey that several servers share."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool

_SCHEMES: Final = {
    "redis": "redis",
    "valkey": "redis",
    "rediss": "rediss",
    "valkeys": "rediss",
    "redis+unix": "unix",
    "valkey+unix": "unix",
}
_URL: Final = re.compile(r"([a-z+]+)(://.+)")
_PATIENCE_S: Final = 0.3
_PAUSE_S: Final = 5.0
_CONNECTIONS: Final = 16
_MAX_WINDOWS: Final = 50_000
_FORGET_AT_ONCE: Final = 8

logger = logging.getLogger(__name__)


class Windows(Protocol):
    """Counts in windows of time, each with its own key."""

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int | None:
        """Add *amount* to the window *key*, which is deleted after *expiry* seconds, and return the new count.

        None if that cannot be known.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class ProcessWindows:
    """Counts of this process, of at most *max_windows* windows of each length; the oldest are deleted first.

    The in-memory storage of `limits` scans all its keys for each request, which takes 0.7 ms for 10,000 callers.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, max_windows: int = _MAX_WINDOWS) -> None:
        self._clock = clock
        self._max_windows = max_windows
        self._by_length: dict[int, OrderedDict[str, list[float]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_length.values()))

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """See Windows. The time does not depend on the number of windows."""
        windows = self._by_length.setdefault(expiry, OrderedDict())
        now = self._clock()
        window = windows.get(key)
        if window is None or window[1] <= now:
            windows.pop(key, None)
            self._forget(windows, now)
            windows[key] = window = [0, now + expiry]
        window[0] += amount
        return int(window[0])

    async def close(self) -> None:
        """There is nothing to close."""

    def _forget(self, windows: OrderedDict[str, list[float]], now: float) -> None:
        """Make room for one more window. They end in the order in which they began."""
        for _ in range(min(_FORGET_AT_ONCE, len(windows))):
            oldest = next(iter(windows.values()))
            if oldest[1] > now and len(windows) < self._max_windows:
                return
            windows.popitem(last=False)


class SharedWindows:
    """Counts in a Redis or Valkey. If it does not respond in time, nothing is counted for a while."""

    def __init__(self, url: str, *, pause_s: float = _PAUSE_S) -> None:
        # Several megabytes, which a server that counts in its own process does not need.
        from limits.aio.storage import RedisStorage  # noqa: PLC0415  # as above
        from redis.exceptions import RedisError  # noqa: PLC0415  # as above

        self._pool = _pool(url)
        options: dict[str, Any] = {"connection_pool": self._pool}
        self._storage = RedisStorage("async+redis://", implementation="redispy", key_prefix="tickbox", **options)
        self._unreachable = (RedisError, OSError)  # TimeoutError is one
        self._pause_s = pause_s
        self._resume_at = 0.0
        self._is_away = False

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int | None:
        """See Windows. It waits for at most 0.3 seconds."""
        if self._is_away and time.monotonic() < self._resume_at:
            return None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                count = await self._storage.incr(key, expiry, amount)
        except self._unreachable as error:
            self._leave_alone(error)
            return None
        if self._is_away:
            self._is_away = False
            logger.info("requests are counted again")
        return count

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    def _leave_alone(self, error: Exception) -> None:
        if not self._is_away or time.monotonic() >= self._resume_at:
            # Only the type of the error: its text may contain the key, and so an address.
            logger.warning(
                "requests are not counted: TICKBOX_RATE_LIMIT_STORAGE_URL does not respond",
                extra={"cause": _kind(error)},
            )
        self._is_away = True
        self._resume_at = time.monotonic() + self._pause_s


def check_url(url: str) -> None:
    """Raise ValueError unless *url* is one of a Redis or Valkey. No connection is opened."""
    _pool(url).make_connection()  # type: ignore[no-untyped-call]  # redis has no types there


def _pool(url: str) -> BlockingConnectionPool:
    """Return connections to the Redis or Valkey at *url*, none of them open. A caller waits for a free one."""
    from redis.asyncio import BlockingConnectionPool  # noqa: PLC0415  # see SharedWindows
    from redis.asyncio.retry import Retry  # noqa: PLC0415  # as above
    from redis.backoff import NoBackoff  # noqa: PLC0415  # as above

    matched = _URL.fullmatch(url)
    if matched is None or matched[1] not in _SCHEMES:
        raise ValueError
    return BlockingConnectionPool.from_url(
        _SCHEMES[matched[1]] + matched[2],
        max_connections=_CONNECTIONS,
        timeout=_PATIENCE_S,
        socket_timeout=_PATIENCE_S,
        socket_connect_timeout=_PATIENCE_S,
        retry=Retry(NoBackoff(), 1),  # a connection that was closed in the meantime
    )


def _kind(error: BaseException) -> str:
    return type(error).__name__

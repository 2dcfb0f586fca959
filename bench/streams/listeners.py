"""Clients that hold streams open and note when which change arrives, in a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_TIMEOUT_S: Final = 60
_AT_ONCE: Final = 50
"""How many connections are opened at once."""
_NUMBER: Final = re.compile(rb'"(?:revision|head)":(\d+)(?=\D)')
"""The number of a change: in an event of a workspace, and in one of an account."""
_LONGEST_BYTES: Final = 40
_BEGUN: Final = b"\n:\n"
"""The first heartbeat: from now on the stream is woken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What to listen to, and whose token to send."""

    path: str
    token: str


class Listener(asyncio.Protocol):
    """One open stream. `arrived_s` has the time, by `time.perf_counter`, at which each change came.

    It only looks for numbers, so that a hundred of them take little time from the server and the writer.
    """

    def __init__(self, head: bytes) -> None:
        self.arrived_s: dict[int, float] = {}
        self.newest = 0
        self.has_ended = False
        self.begun = asyncio.get_running_loop().create_future()
        self._head = head
        self._seen = b""

    def has(self, revision: int) -> bool:
        """Whether a change or a later one has come."""
        return self.newest >= revision

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        now_s = time.perf_counter()
        self._seen += data
        for number in _NUMBER.findall(self._seen):
            self.arrived_s.setdefault(int(number), now_s)
            self.newest = max(self.newest, int(number))
        if not self.begun.done():
            if b" 200 " not in self._seen[:20]:
                self.begun.set_exception(ConnectionError(self._seen[:80].decode(errors="replace")))
            elif _BEGUN in self._seen:
                self.begun.set_result(None)
            else:
                return
        self._seen = self._seen[-_LONGEST_BYTES:]

    def connection_lost(self, _error: Exception | None) -> None:
        self.has_ended = True


@dataclass(slots=True)
class Listeners:
    """Open streams."""

    each: list[Listener] = field(default_factory=list)

    def wait_for(self, revision: int, *, timeout_s: float = _TIMEOUT_S) -> None:
        """Wait until a change, or a later one, has come to all of them, as an account's stream may say both in one.

        Ends the program if it does not, or if a stream has ended.
        """
        end_s = time.monotonic() + timeout_s
        while not all(one.has(revision) for one in self.each):
            ended = sum(one.has_ended for one in self.each)
            if ended or time.monotonic() > end_s:
                count = sum(one.has(revision) for one in self.each)
                sys.exit(f"{count} of {len(self.each)} streams got change {revision}, and {ended} have ended")
            time.sleep(0.01)


@contextlib.contextmanager
def listening(base: str, streams: Sequence[Stream]) -> Iterator[Listeners]:
    """Open *streams*, and listen to all of them while the context lasts."""
    listeners = Listeners()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(_open_all(base, streams, listeners), loop).result()
        yield listeners
    except OSError as error:
        sys.exit(f"a stream was not opened: {error}")
    finally:
        asyncio.run_coroutine_threadsafe(_close_all(listeners), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open_all(base: str, streams: Sequence[Stream], listeners: Listeners) -> None:
    turns = asyncio.Semaphore(_AT_ONCE)
    address = urlsplit(base)
    host, port = str(address.hostname), address.port or 80

    async def open_one(stream: Stream) -> None:
        head = f"GET {stream.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {stream.token}\r\n\r\n"
        async with turns, asyncio.timeout(_TIMEOUT_S):
            listener = Listener(head.encode("ascii"))
            await asyncio.get_running_loop().create_connection(lambda: listener, host, port)
            listeners.each.append(listener)
            await listener.begun

    await asyncio.gather(*map(open_one, streams))


async def _close_all(listeners: Listeners) -> None:
    for listener in listeners.each:
        listener.transport.abort()
    await asyncio.sleep(0)

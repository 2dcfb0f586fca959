"""How responses leave: in few packets, and within limits for clients that do not read, in time and in bytes.

A transport keeps what a socket does not accept. If a client sends requests and never reads, its responses would stay in
memory for as long as it is connected. Behind the transport, the kernel keeps up to some megabytes for each socket, and
accepts more only when much of that was read: what a slow client reads shows there first.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import sys
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

if sys.platform != "win32":
    import fcntl
    import termios

WRITE_TIMEOUT_S = 30
"""How long a client may read nothing, or little, of what waits for it."""
MIN_TAKEN_BYTES = 64 * 1024
"""How much a client must read in that time, if as much is waiting."""
UNSENT_LIMIT_BYTES = 64 * 1024 * 1024
"""How much may wait in the process, on all connections with more than the transport's high-water mark together."""

_INT = struct.Struct("i")

logger = logging.getLogger(__name__)

CallLater = Callable[[float, Callable[[], None]], asyncio.TimerHandle]


class Backlog:
    """The connections of a process that hold back what is written to them; the one that waits longest is first."""

    def __init__(self, limit_bytes: int = UNSENT_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._waiting: dict[asyncio.WriteTransport, None] = {}

    def add(self, transport: asyncio.WriteTransport) -> None:
        """Count *transport*. While too much waits, the connection that has waited for the longest is closed."""
        self._waiting[transport] = None
        while sum(each.get_write_buffer_size() for each in self._waiting) > self._limit_bytes:
            longest = next(iter(self._waiting))
            del self._waiting[longest]
            drop(longest, "too much is unsent")

    def discard(self, transport: asyncio.WriteTransport) -> None:
        """Count *transport* no longer."""
        self._waiting.pop(transport, None)


class Outflow:
    """One connection: it is notified when its transport holds back, flows, and closes."""

    def __init__(
        self, transport: asyncio.WriteTransport, backlog: Backlog, *, call_later: CallLater, timeout_s: float
    ) -> None:
        self._transport = transport
        self._backlog = backlog
        self._call_later = call_later
        self._timeout_s = timeout_s
        self._untaken_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def hold(self) -> None:
        """The transport is above its high-water mark."""
        self._watch()
        self._backlog.add(self._transport)

    def flow(self) -> None:
        """The transport is below its low-water mark. If it is closing, the client must still read the rest."""
        self._backlog.discard(self._transport)
        self.stop()
        if self._transport.is_closing():
            self.linger()

    def linger(self) -> None:
        """The transport is closing, which it only does after the client has read everything."""
        if self._timer is None and self._transport.get_write_buffer_size():
            self._watch()

    def stop(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def end(self) -> None:
        """The connection is lost."""
        self.stop()
        self._backlog.discard(self._transport)

    def _watch(self) -> None:
        self._untaken_bytes = untaken_bytes(self._transport)
        self._timer = self._call_later(self._timeout_s, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._untaken_bytes - untaken_bytes(self._transport) < MIN_TAKEN_BYTES:
            drop(self._transport, "the client reads too little")
        else:
            self._watch()


class JoinedWrites:
    """A transport that sends what is written in one turn of the event loop as one packet. The rest is *transport*'s.

    uvicorn writes the head and the body of a response separately: two system calls here, and two for the client. So a
    first part waits for the second one, or for the next turn.
    """

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.WriteTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None

    def write(self, data: bytes) -> None:
        """Write *data*: at once if it follows other, or else soon."""
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._flush)
        else:
            held, self._held = self._held, None
            self._transport.write(held + data)

    def close(self) -> None:
        """Close the transport after what was written."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        """What a transport has besides, such as `pause_reading`."""
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held)


def unchunked(application: ASGIApp, cycle: RequestResponseCycle) -> ASGIApp:
    """An application whose response in *cycle* is the bytes that it sends, with a length only if it says one."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_unchunked(message: Message) -> None:
            cycle.chunked_encoding = False
            cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await application(scope, receive, send_unchunked)

    return run


def untaken_bytes(transport: asyncio.WriteTransport) -> int:
    """How much waits for a client: in the process, and in the kernel until the client acknowledges it.

    Linux says what is in the kernel. Elsewhere, or without a socket, that part is 0.
    """
    held = transport.get_write_buffer_size()
    if sys.platform == "win32":
        return held
    try:
        found = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(_INT.size))
    except (AttributeError, OSError, ValueError):
        return held
    (queued,) = _INT.unpack(found)
    return held + int(queued)


def drop(transport: asyncio.WriteTransport, reason: str) -> None:
    """Close a connection, and discard what it holds back."""
    logger.info("connection dropped", extra={"reason": reason, "unsent_bytes": transport.get_write_buffer_size()})
    transport.abort()

"""Clients that hold streams open and note when which change arrives, in a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_TIMEOUT_S = 60
_LINE_BYTES = 4 * 1024 * 1024
_AT_ONCE = 50
"""How many connections are opened at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What to listen to, and whose token to send."""

    path: str
    token: str


@dataclass(slots=True)
class Listeners:
    """Open streams. `arrived_s` has for each of them the time, by `time.perf_counter`, at which each change came."""

    arrived_s: list[dict[int, float]]
    failed: list[str] = field(default_factory=list)

    def wait_for(self, revision: int, *, timeout_s: float = _TIMEOUT_S) -> None:
        """Wait until a change has come to all of them. Ends the program if it does not, or if a stream has ended."""
        end_s = time.monotonic() + timeout_s
        while not all(revision in seen for seen in self.arrived_s):
            if self.failed or time.monotonic() > end_s:
                count = sum(revision in seen for seen in self.arrived_s)
                sys.exit(f"{count} of {len(self.arrived_s)} streams got change {revision}; ended: {self.failed[:3]}")
            time.sleep(0.01)


@contextlib.contextmanager
def listening(base: str, streams: Sequence[Stream]) -> Iterator[Listeners]:
    """Open *streams*, and listen to all of them while the context lasts."""
    listeners = Listeners([{} for _ in streams])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opening = asyncio.run_coroutine_threadsafe(_open_all(base, streams, listeners), loop)
    try:
        try:
            tasks = opening.result()
        except OSError as error:
            sys.exit(f"a stream was not opened: {error}")
        yield listeners
        for each in tasks:
            loop.call_soon_threadsafe(each.cancel)
        asyncio.run_coroutine_threadsafe(_ended(tasks), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open_all(base: str, streams: Sequence[Stream], listeners: Listeners) -> list[asyncio.Task[None]]:
    turns = asyncio.Semaphore(_AT_ONCE)
    opened = await asyncio.gather(*(_opened(base, stream, turns) for stream in streams))
    return [
        asyncio.create_task(_listen(reader, writer, arrived_s, listeners.failed))
        for (reader, writer), arrived_s in zip(opened, listeners.arrived_s, strict=True)
    ]


async def _opened(
    base: str, stream: Stream, turns: asyncio.Semaphore
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(base)
    async with turns, asyncio.timeout(_TIMEOUT_S):
        reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=_LINE_BYTES)
        head = f"GET {stream.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {stream.token}\r\n\r\n"
        writer.write(head.encode("ascii"))
        status = await reader.readline()
        if b" 200 " not in status:
            writer.close()
            await writer.wait_closed()
            raise ConnectionError(f"GET {stream.path}: {status.decode()}")
        while not (await reader.readline()).startswith(b":"):  # the first heartbeat: from now on it is woken
            pass
    return reader, writer


async def _listen(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, arrived_s: dict[int, float], failed: list[str]
) -> None:
    """Read lines; those between events, and the sizes of chunks, are of no interest."""
    try:
        while line := await reader.readline():
            if line.startswith(b"data: "):
                arrived_s.setdefault(json.loads(line[6:])["revision"], time.perf_counter())
        failed.append("the server has closed a stream")
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)

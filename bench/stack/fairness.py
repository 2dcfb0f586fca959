"""What an uninvolved user notices while somebody else keeps one workspace busy.

Bob reads a task and creates another, at a steady pace, in a workspace of his own. Ada does something else in hers.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench import load, tickbox
from bench.databases import opened
from bench.load import Request, Running
from bench.machine import cores
from bench.stack import rows
from bench.tickbox import Person

PROJECT_TASKS = 100_000
BUSY, LARGE = 0, 1
"""Ada's workspaces: both have a project with many tasks, and she deletes the second one's."""
SIMULTANEOUS, WRITERS, WAITING_WRITERS = 550, 8, 12
_INTERVAL_S = 0.02
_TIMEOUT_S = 30
_NEW = b'{"title": "Buy seeds"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What one request took that is sent every 20 ms. The time counts from when it was due."""

    requests: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    refused: dict[int, int]
    """By status, those that are not 2xx; 0 for no response."""


@dataclass(slots=True)
class Probe:
    """Sends one request at a steady pace, on a new connection each, whether or not those before have a response."""

    server: Running
    request: Request
    interval_s: float = _INTERVAL_S
    end_s: float = math.inf
    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def run(self) -> None:
        asyncio.run(self._send_all())

    async def _send_all(self) -> None:
        due_s = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            while due_s < self.end_s:
                group.create_task(self._send(due_s))
                due_s += self.interval_s
                await asyncio.sleep(max(0.0, due_s - time.perf_counter()))

    async def _send(self, due_s: float) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                status = await self._status()
        except (OSError, IndexError):  # no response: a TimeoutError is an OSError
            status = 0
        self.latencies_s.append(time.perf_counter() - due_s)
        self.statuses[status] += 1

    async def _status(self) -> int:
        place = urlsplit(self.server.base)
        body = self.request.body or b""
        headers = {"Host": place.netloc, "Connection": "close", "Content-Length": len(body), **self.request.headers()}
        head = [f"{self.request.method} {self.request.target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        with contextlib.closing(writer):
            writer.write("\r\n".join([*head, "", ""]).encode() + body)
            return int((await reader.read()).split()[1])

    def noticed(self) -> Noticed:
        return Noticed(
            requests=len(self.latencies_s),
            p50_ms=percentile(self.latencies_s, 50) * 1000,
            p99_ms=percentile(self.latencies_s, 99) * 1000,
            longest_ms=max(self.latencies_s) * 1000,
            refused={status: count for status, count in self.statuses.items() if status // 100 != 2},
        )


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that is at least as large as *percent* of all."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


@contextlib.contextmanager
def probing(
    server: Running, requests: dict[str, Request], *, interval_s: float = _INTERVAL_S
) -> Iterator[dict[str, Noticed]]:
    """Send each of *requests* at its pace until the context ends; then the dictionary is filled."""
    probes = {name: Probe(server, request, interval_s) for name, request in requests.items()}
    threads = [threading.Thread(target=probe.run) for probe in probes.values()]
    found: dict[str, Noticed] = {}
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        for probe in probes.values():
            probe.end_s = time.perf_counter()
        for thread in threads:
            thread.join()
    found |= {name: probe.noticed() for name, probe in probes.items()}


def observe(kind: str, *, seconds: float) -> dict[str, Any]:
    """Return, and print, what Bob notices; *seconds* is how long each situation lasts, but for the deletion."""
    found: dict[str, Any] = {}
    with opened(kind) as database, tickbox.serving(database, core=cores()[0]) as server:
        ada, bob = (tickbox.register(server.base, name) for name in ("Ada", "Bob"))
        rows.fill(database, ada.id, workspaces=2, tasks=PROJECT_TASKS, home="project")
        requests = _requests(server, bob)
        with probing(server, requests):
            time.sleep(1)
        with probing(server, requests) as noticed:
            time.sleep(seconds)
        found["quiet"] = {"noticed": noticed}
        for name, connections in (("550 posts at once", SIMULTANEOUS), ("8 writers", WRITERS)):
            found[name] = _hammered(server, ada, requests, connections=connections, seconds=seconds)
        found["deletion"] = _deleted(server, ada, requests)
    _show(kind, found)
    return found


def _requests(server: Running, bob: Person) -> dict[str, Request]:
    create = Request("POST", f"{bob.home}/tasks", _NEW, bob.token)
    _, _, task = load.response(server, create)
    return {"get": Request("GET", f"{bob.home}/tasks/{task['id']}", token=bob.token), "create": create}


def _posts(ada: Person, workspace: int) -> Request:
    return Request("POST", f"{rows.workspace_path(workspace)}/tasks", _NEW, ada.token)


def _hammered(
    server: Running, ada: Person, requests: dict[str, Request], *, connections: int, seconds: float
) -> dict[str, Any]:
    with load.wrk(server.base, _posts(ada, BUSY), connections=connections) as busy:
        time.sleep(load.WARM_UP_S)
        with probing(server, requests) as noticed:
            time.sleep(seconds)
    totals = busy.totals()
    return {"noticed": noticed, "busy": {"requests": totals["requests"], "refused": totals["errors"]}}


def _deleted(server: Running, ada: Person, requests: dict[str, Request]) -> dict[str, Any]:
    """Delete a large project while others write in its workspace."""
    deletion = Request("DELETE", rows.project_path(LARGE), token=ada.token)
    with (
        load.wrk(server.base, _posts(ada, LARGE), connections=WAITING_WRITERS) as busy,
        probing(server, requests) as noticed,
    ):
        began_s = time.perf_counter()
        status = _status(server, deletion)
        took_s = time.perf_counter() - began_s
    totals = busy.totals()
    return {
        "noticed": noticed,
        "busy": {"requests": totals["requests"], "refused": totals["errors"]},
        "status": status,
        "seconds": took_s,
    }


def _status(server: Running, request: Request) -> int:
    connection = http.client.HTTPConnection(urlsplit(server.base).netloc, timeout=600)
    with contextlib.closing(connection):
        connection.request(request.method, request.target, request.body, request.headers())
        return connection.getresponse().status


def _show(kind: str, found: dict[str, Any]) -> None:
    print(f"\n{kind}: milliseconds of an uninvolved user's requests, one every {_INTERVAL_S * 1000:.0f} ms")
    print(f"{'':28}{'count':>8}{'p50':>10}{'p99':>10}{'longest':>10}{'p99/quiet':>11}   refused")
    for situation, figures in found.items():
        for name, noticed in figures["noticed"].items():
            quiet: Noticed = found["quiet"]["noticed"][name]
            times = f"{noticed.p50_ms:10.1f}{noticed.p99_ms:10.1f}{noticed.longest_ms:10.1f}"
            cells = f"{noticed.requests:8}{times}{noticed.p99_ms / quiet.p99_ms:11.1f}"
            print(f"{situation:20}{name:8}{cells}   {noticed.refused or 'none'}")
        if "busy" in figures:
            print(f"{'':20}of the busy workspace: {figures['busy']}")
        if "seconds" in figures:
            print(f"{'':20}the deletion: status {figures['status']} after {figures['seconds']:.1f} s")

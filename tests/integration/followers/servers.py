"""Servers on one database, which are killed and started again, and clients that go on with those that run."""

from __future__ import annotations

import json
import secrets
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from httpx import Response

from tests.support.clients import Client, rejected
from tests.support.patience import PATIENCE_S
from tests.support.programs import Program, serve_by
from tests.support.shared_clocks import SharedClock

_BETWEEN_S = 0.2
AHEAD_S = 0.25
"""So different are the clocks of two servers."""


class Servers:
    """Some `tickbox serve` on one database, with one clock. Leaving *stack* stops them.

    The clock of each is AHEAD_S ahead of the one before. `kills` counts those that were killed.
    """

    def __init__(self, clock: SharedClock, folder: Path, stack: ExitStack, *, count: int, **settings: str) -> None:
        self.clock = clock
        self.kills = 0
        self._folder = folder
        self._stack = stack
        self._settings = settings
        self._running = [self._start(number) for number in range(count)]
        self._urls = [program.url for program in self._running]

    def any(self) -> str:
        """The URL of one of them, which may have been killed."""
        return secrets.choice(self._urls)  # Hypothesis watches the state of `random`

    def kill_one(self) -> None:
        """kill -9 one of them, and start it again. Meanwhile others may be running."""
        number = self.kills % len(self._running)
        self._running[number].process.kill()
        self.kills += 1
        self._running[number] = self._start(number)
        self._urls[number] = self._running[number].url

    def check_running(self) -> None:
        """Raise AssertionError if one of them has ended by itself, or has logged an error that is not an outage's.

        A request fails only if the database is lost during its commit.
        """
        assert all(program.process.poll() is None for program in self._running)
        for path in self._folder.glob("server-*/stdout"):
            *lines, _cut_off = path.read_text().split("\n")
            errors = [line for line in map(json.loads, lines) if line["level"] == "error" and "job" not in line]
            assert {error.get("exception", [{}])[0].get("exc_type") for error in errors} <= {"OutcomeUnknown"}, errors

    def _start(self, number: int) -> Program:
        folder = self._folder / f"server-{number}-{self.kills}"
        folder.mkdir()
        return self._stack.enter_context(serve_by(self.clock, folder, ahead_s=AHEAD_S * number, **self._settings))


class PersistentClient(Client):
    """A client that sends each request to any of the servers, until one processes it.

    It sends it again if the connection breaks, if it gets a 503, and if it gets a 500 for a write: its outcome may be
    unknown, and `Servers.check_running` shows whether it was. `obstacles` counts how often it did. Any other failure of
    a server is an AssertionError.
    """

    def __init__(self, servers: Servers, *, token: str | None = None) -> None:
        super().__init__(servers.any(), token=token)
        self.servers = servers
        self.obstacles = Counter[str]()

    def request(self, method: str, url: httpx.URL | str, **options: Any) -> Response:
        """Send a request, and again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.base_url = httpx.URL(self.servers.any())
            try:
                response = super().request(method, url, **options)
            except httpx.TransportError:
                self.obstacles["connections lost"] += 1
            else:
                if response.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return response
                if response.status_code == httpx.codes.INTERNAL_SERVER_ERROR and method != "GET":
                    self.obstacles["outcomes unknown"] += 1
                else:
                    rejected(response, 503, "unavailable")
                    self.obstacles["problems 503"] += 1
            assert time.monotonic() < deadline, f"{method} {url} is not processed"
            time.sleep(_BETWEEN_S)

    def with_token(self, token: str | None) -> PersistentClient:
        other = PersistentClient(self.servers, token=token)
        self._others.append(other)
        return other

"""An open stream of events, read as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.checking import Seen
from tests.support.clients import NO_CERTIFICATES, Client, check, checker


@dataclass
class OpenStream:
    """A stream that a client reads. `place` is the id that it got last."""

    response: httpx.Response
    path: str
    place: str | None = None
    heartbeats: int = 0
    ended: bool = False
    _lines: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.response.iter_lines()

    def message(self) -> dict[str, Any] | None:
        """The next message: an event, which is checked, or None for a heartbeat. Raises EOFError at the end."""
        data: str | None = None
        for line in self._lines:
            if line.startswith("id: "):
                self.place = line.removeprefix("id: ")
            elif line.startswith("data: "):
                data = line.removeprefix("data: ")
            elif not line:
                if data is None:
                    self.heartbeats += 1
                    return None
                self._check(data)
                event: dict[str, Any] = json.loads(data)
                return event
            else:
                assert line == ":", line
        self.ended = True
        raise EOFError

    def event(self) -> dict[str, Any]:
        """The next event."""
        while (event := self.message()) is None:
            pass
        return event

    def rest(self) -> list[dict[str, Any]]:
        """The events until the end of the stream."""
        events = []
        while True:
            try:
                events.append(self.event())
            except EOFError:
                return events

    def _check(self, data: str) -> None:
        headers = {name.lower(): value for name, value in self.response.headers.items()}
        faults = checker().faults(Seen("GET", self.path, 200, headers, b"data: " + data.encode()))
        assert not faults, faults


@contextmanager
def streaming(
    client: Client, path: str, *, headers: dict[str, str] | None = None, **query: Any
) -> Iterator[OpenStream]:
    """The stream at *path*, while the context lasts. Its first heartbeat was read. Raises httpx.HTTPStatusError."""
    with httpx.stream(
        "GET",
        f"{client.base_url}".rstrip("/") + path,
        params=query,
        headers={**client.headers, **(headers or {})},
        timeout=client.timeout,
        trust_env=False,
        verify=NO_CERTIFICATES,
    ) as response:
        if response.status_code != httpx.codes.OK:
            check(response)
        response.raise_for_status()
        stream = OpenStream(response, path)
        assert stream.message() is None
        yield stream

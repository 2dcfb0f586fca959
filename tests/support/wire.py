"""HTTP as bytes on a socket, for requests that no client would send."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.patience import PATIENCE_S

Address = tuple[str, int]
"""How long a test waits before it fails; no test measures a time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. `headers` has lower-case names; repeated ones are joined by a comma."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def slug(self) -> str:
        """The type of the problem, without its prefix."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.json["status"] == self.status
        return str(self.json["type"]).rpartition(":")[2]

    @property
    def places(self) -> set[str]:
        """The places of the errors of the problem, each as `<kind> <place> <code>`."""
        return {
            f"{kind} {fault[kind]} {fault['code']}"
            for fault in self.json.get("errors", ())
            for kind in ("pointer", "parameter", "header")
            if kind in fault
        }


@contextlib.contextmanager
def connected(address: Address) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def read_reply(connection: socket.socket, *, method: str = "GET") -> Reply:
    """The next response on *connection*. The one before must have been read."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        headers = {name.lower(): ", ".join(response.headers.get_all(name, ())) for name in response.headers}
        return Reply(response.status, headers, response.read())
    finally:
        response.close()


def exchange(address: Address, chunks: Iterable[bytes], *, method: str = "GET") -> Reply:
    """Send *chunks* until all are sent or the server closes the connection, and read its response."""
    with connected(address) as connection:
        with contextlib.suppress(ConnectionError):
            for chunk in chunks:
                connection.sendall(chunk)
        return read_reply(connection, method=method)


def request(method: str, target: str, *lines: str, body: bytes = b"", token: str | None = None) -> bytes:
    """A request with `Host`, and with `Authorization` and `Content-Length` if there is a token and a body."""
    head = [f"{method} {target} HTTP/1.1", "Host: sample", *lines]
    if token is not None:
        head.append(f"Authorization: Bearer {token}")
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*head, "", "")).encode("latin-1") + body

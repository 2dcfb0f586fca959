"""HTTP as bytes on a socket, for requests that no client would send."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from tickbox_contract.openapi.media_types import EVENT_STREAM

Address = tuple[str, int]
MOST_BYTES = 64 * 1024 * 1024
"""How much of a response is read."""


class Endpoint(NamedTuple):
    """Where to connect; with TLS if there is a context for it."""

    address: Address
    context: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A response. `headers` has lower-case names; repeated ones are joined by a comma."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    @property
    def problem(self) -> dict[str, Any] | None:
        """The problem (RFC 9457) that the response is; None if it is not one, or has another status than it says."""
        if self.headers.get("content-type") != "application/problem+json":
            return None
        with contextlib.suppress(ValueError):
            found = self.json
            if isinstance(found, dict) and found.get("status") == self.status:
                return found
        return None

    @property
    def slug(self) -> str | None:
        """The type of the problem, without its prefix; None if there is no problem."""
        return None if self.problem is None else str(self.problem.get("type")).rpartition(":")[2]

    @property
    def places(self) -> set[str]:
        """The places of the errors of the problem, each as `<kind> <place> <code>`."""
        return {
            f"{kind} {fault[kind]} {fault['code']}"
            for fault in (self.problem or {}).get("errors", ())
            for kind in ("pointer", "parameter", "header")
            if kind in fault
        }


@contextlib.contextmanager
def connected(endpoint: Endpoint, *, timeout_s: float) -> Iterator[socket.socket]:
    """A connection. Raises OSError."""
    with socket.create_connection(endpoint.address, timeout=timeout_s) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if endpoint.context is None:
            yield plain
        else:
            with endpoint.context.wrap_socket(plain, server_hostname=endpoint.address[0]) as encrypted:
                yield encrypted


def read_reply(connection: socket.socket, *, method: str = "GET", reads_events: bool = False) -> Reply:
    """The next response on *connection*. The one before must have been read. Raises OSError, HTTPException.

    A stream of events may never end, or say nothing for long: it is not read, unless *reads_events*.
    """
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        headers = {name.lower(): ", ".join(response.headers.get_all(name, ())) for name in response.headers}
        if is_of_events(headers.get("content-type", "")) and not reads_events:
            return Reply(response.status, headers, b"")
        return Reply(response.status, headers, _body(response, connection.gettimeout() or math.inf))
    finally:
        response.close()


def is_of_events(media_type: str) -> bool:
    """Whether content of *media_type* is a stream of events."""
    return media_type.partition(";")[0].strip().lower() == EVENT_STREAM


def _body(response: http.client.HTTPResponse, timeout_s: float) -> bytes:
    """What is read of a body, which a server may send for ever in small parts. Raises TimeoutError."""
    ends_at_s = time.monotonic() + timeout_s
    body = bytearray()
    while len(body) < MOST_BYTES and (part := response.read1(MOST_BYTES - len(body))):
        body += part
        if time.monotonic() > ends_at_s:
            raise TimeoutError(f"the response does not end within {timeout_s:g} s")
    return bytes(body)


def exchange(
    endpoint: Endpoint, chunks: Iterable[bytes], *, timeout_s: float, method: str = "GET", reads_events: bool = False
) -> Reply:
    """Send *chunks* until all are sent or the server closes the connection, and read its response as `read_reply`.

    Raises OSError (TimeoutError for a server that is silent so long, or needs longer for a body), HTTPException.
    """
    with connected(endpoint, timeout_s=timeout_s) as connection:
        with contextlib.suppress(ConnectionError):
            for chunk in chunks:
                connection.sendall(chunk)
        return read_reply(connection, method=method, reads_events=reads_events)


def request(
    method: str, target: str, *lines: str, body: bytes = b"", token: str | None = None, host: str = "sample"
) -> bytes:
    """A request with `Host`, and with `Authorization` and `Content-Length` if there is a token and a body."""
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", *lines]
    if token is not None:
        head.append(f"Authorization: Bearer {token}")
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*head, "", "")).encode("latin-1", errors="replace") + body

"""uvicorn's httptools protocol, with limits in both directions, and problem documents for what is not valid HTTP.

uvicorn itself sends plain text for a malformed request, and has no limit on headers (20 MB were accepted). httptools
was chosen over h11, which has limits, for its speed: see ADR 9.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tickbox_contract.responses import Problem

from .heads import BAD_VERSION, VERSIONS, MalformedHeadError, check_codings, check_hosts, origin_form
from .outflow import UNSENT_LIMIT_BYTES, WRITE_TIMEOUT_S, Backlog, JoinedWrites, Outflow, unchunked
from .protocol_problems import (
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    STOPPING,
    TOO_LARGE,
    TOO_SLOW,
    TooManyHeadersError,
    problem_of,
    response_bytes,
)
from .sending import SERVER_STOPS

MAX_PIPELINED = 100
"""How many requests may wait on a connection for earlier responses. Each takes some 2 KB of memory for 26 bytes."""
READ_TIMEOUT_S = 30
"""How long a request may take to arrive, from the connection or its first byte to the last of its body."""


class _TooManyPipelinedError(Exception):
    """Raised inside the parser, which stops at it: the connection closes after the responses to earlier requests."""


class BoundedHttpToolsProtocol(HttpToolsProtocol):
    """Uvicorn's setting `http`. `urn_prefix` is the prefix of types in problem documents.

    `problem_headers` are sent with the problems of the protocol itself, which no layer of an application sees.
    """

    urn_prefix = "about:blank#"
    problem_headers: Sequence[tuple[bytes, bytes]] = ()
    read_timeout_s: float = READ_TIMEOUT_S
    write_timeout_s: float = WRITE_TIMEOUT_S
    backlog = Backlog()

    def __init__(self, *args: Any, **options: Any) -> None:  # uvicorn's
        super().__init__(*args, **options)
        self._head_bytes = 0
        self._head_fields = 0
        self._in_message = self._in_head = self._in_body = False
        self._parsed = 0
        self._pending_bytes = 0
        self._refused = False
        self._data = self._rest = b""
        self._deadline: asyncio.TimerHandle | None = None
        self._replaying = False
        self._previous: RequestResponseCycle | None = None
        self._outflow: Outflow = None  # type: ignore[assignment]  # until the connection is made, as uvicorn's
        self._holds_next = False
        self._server_stops = asyncio.Event()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a first request, with a time limit."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
        self._outflow = Outflow(
            transport, self.backlog, call_later=self.loop.call_later, timeout_s=self.write_timeout_s
        )
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will be received or sent."""
        self._holds_next = False
        super().connection_lost(exc)
        self._stop_waiting()
        self._outflow.end()

    def shutdown(self) -> None:
        """Called by uvicorn when the server stops; uvicorn then waits for responses, so streams must end.

        A request that has not fully arrived gets a problem, unless its response has begun.
        """
        self._server_stops.set()
        if self._in_body and not self._refused and not self.cycle.response_started:
            self._refuse(STOPPING)
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        """The client is slower than the server: it gets no other response, and has a time limit."""
        super().pause_writing()
        self._outflow.hold()

    def resume_writing(self) -> None:
        """The client has read nearly everything."""
        super().resume_writing()
        self._outflow.flow()
        if self._holds_next:
            self._holds_next = False
            self.on_response_complete()

    def on_response_complete(self) -> None:
        """Begin no other request before the client has read the response: the next one would wait in memory, too."""
        if self.flow.write_paused and not self.transport.is_closing():
            self._holds_next = True
            self.flow.pause_reading()
            return
        super().on_response_complete()
        if self.transport.is_closing():
            self._outflow.linger()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even if the client does not read what it was sent."""
        super().timeout_keep_alive_handler()
        self._outflow.linger()

    def data_received(self, data: bytes) -> None:
        """Limit what the parser keeps of a header that does not end: it reports only complete headers."""
        while data and not self._refused:
            parsed_before = self._parsed
            self._data, self._rest = data, b""
            super().data_received(data)
            self._pending_bytes = self._pending_bytes + len(data) if self._parsed == parsed_before else 0
            if self._pending_bytes > MAX_HEAD_BYTES:
                self._refuse(TOO_LARGE)
            data = self._rest
        # Most requests arrive whole, and need no timer.
        if self._in_message and self._deadline is None and not self._refused:
            self._await_request()

    def on_message_begin(self) -> None:
        """A new head begins."""
        if self._replaying:
            return
        super().on_message_begin()
        self.scope["extensions"] = {SERVER_STOPS: {"event": self._server_stops}}
        self._in_message = self._in_head = True
        self._head_bytes = self._head_fields = 0

    def on_url(self, url: bytes) -> None:
        """A part of the request's target; stop if it is too long."""
        if self._replaying:
            return
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Stop at too many or too large headers; drop trailers, which are not headers (RFC 9110, 6.5.1)."""
        if self._replaying:
            return
        if self._in_head:
            # llhttp leaves the white space after a value (RFC 9112, section 5.1).
            super().on_header(name, value.rstrip(b" \t"))
        self._head_fields += 1
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """The head is complete: stop if it is not valid. The application limits bodies."""
        if self._replaying:
            return
        if len(self.pipeline) >= MAX_PIPELINED:
            raise _TooManyPipelinedError
        version = self.parser.get_http_version()
        if version not in VERSIONS:
            raise MalformedHeadError(BAD_VERSION)
        check_hosts([value for name, value in self.headers if name == b"host"], version)
        check_codings([value for name, value in self.headers if name == b"transfer-encoding"], version)
        self.url = origin_form(self.url, self.parser.get_method())
        if version == "1.0":
            self.expect_100_continue = False  # it has no interim responses (RFC 9110, 10.1.1)
        self._previous = self.cycle
        super().on_headers_complete()
        self._in_head, self._in_body = False, True

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        super().on_body(body)
        self._parsed += 1

    def on_message_complete(self) -> None:
        """The request has arrived; the client is not responsible for how long its response takes."""
        super().on_message_complete()
        self._in_message = self._in_body = False
        self._stop_waiting()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # uvicorn's
        """HTTP/1.0 has no chunks (RFC 9112, section 6.1): a response without a length ends with the connection."""
        if cycle.scope["http_version"] == "1.0":
            app = unchunked(app, cycle)
        super()._start_asgi_task(cycle, app)

    def _await_request(self) -> None:
        self._deadline = self.loop.call_later(self.read_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        self.transport.close()
        self._outflow.linger()

    def _give_up(self) -> None:
        """Refuse a request that did not end; a connection on which nothing came is just closed."""
        self._deadline = None
        if self.headers is None:
            self._close()
        else:
            self._refuse(TOO_SLOW)

    def _unsupported_upgrade_warning(self) -> None:
        """Called by uvicorn for an unsupported `Upgrade`, which a server may ignore (RFC 9110, section 7.8).

        By then httptools treats the body as another protocol's. So a new parser reads it, after headers that say how
        the body is framed. Java's HttpClient requests h2c with each request over plain HTTP.
        """
        upgrade = sys.exception()
        assert isinstance(upgrade, httptools.HttpParserUpgrade)
        self.parser = httptools.HttpRequestParser(self)
        # After the checks of the head there is one Content-Length, or Transfer-Encoding chunked, or neither.
        framing = [field for field in self.headers if field[0] in (b"content-length", b"transfer-encoding")]
        if framing:
            self.cycle.more_body = True
            self._in_message = self._in_body = True
            self._replaying = True
            self.parser.feed_data(
                b"POST / HTTP/1.1\r\n" + b"".join(b"%s: %s\r\n" % field for field in framing) + b"\r\n"
            )
            self._replaying = False
        self._rest = self._data[upgrade.args[0] :]

    def _count(self, size: int) -> None:
        self._parsed += 1
        self._head_bytes += size
        if self._head_fields > MAX_HEADERS or self._head_bytes > MAX_HEAD_BYTES:
            raise TooManyHeadersError

    def send_400_response(self, _msg: str) -> None:
        """Called by uvicorn, while it handles an error of the parser."""
        self._refuse(problem_of(sys.exception()))

    def _refuse(self, response: Problem) -> None:
        """Send *response* and close, after the responses to complete requests that came before on this connection."""
        self._refused = True
        self._stop_waiting()
        unanswered = self._last_whole_request()
        if unanswered is not None:
            unanswered.keep_alive = False
            return
        if self._in_body and self.cycle.response_started:
            self._close()  # its response has begun, and must not contain a second one
            return
        is_head = self._in_message and self.parser.get_method() == b"HEAD"
        headers = (*self.server_state.default_headers, *self.problem_headers)
        self.transport.write(
            response_bytes(response, urn_prefix=self.urn_prefix, headers=headers, has_body=not is_head)
        )
        self._close()
        if self._in_body:
            self._disconnect()

    def _disconnect(self) -> None:
        """Report a disconnection to the application, which may wait for the rest of the body; drop its response."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()

    def _last_whole_request(self) -> RequestResponseCycle | None:
        """The last request that fully arrived, if its response is not complete yet."""
        cycle = self._previous if self._in_body else self.cycle
        return None if cycle is None or cycle.response_complete else cycle


def bounded_protocol(
    urn_prefix: str,
    *,
    problem_headers: Sequence[tuple[bytes, bytes]] = (),
    read_timeout_s: float = READ_TIMEOUT_S,
    write_timeout_s: float = WRITE_TIMEOUT_S,
    unsent_limit_bytes: int = UNSENT_LIMIT_BYTES,
) -> type[BoundedHttpToolsProtocol]:
    """The protocol class whose problems have types with *urn_prefix* and the headers *problem_headers*.

    All connections of one class share one limit of unsent bytes.
    """
    members = {
        "urn_prefix": urn_prefix,
        "problem_headers": problem_headers,
        "read_timeout_s": read_timeout_s,
        "write_timeout_s": write_timeout_s,
        "backlog": Backlog(unsent_limit_bytes),
    }
    return cast(
        "type[BoundedHttpToolsProtocol]",
        type("BoundedHttpToolsProtocol", (BoundedHttpToolsProtocol,), members),
    )

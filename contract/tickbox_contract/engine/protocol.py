"""uvicorn's httptools protocol, bounded both ways, and answering in problem documents what no application gets to see.

uvicorn answers a malformed request itself, in plain text, and puts no bound on a header block (20 MB were accepted).
httptools was chosen over h11, which is bounded, for its speed: see ADR 9.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any, cast

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from tickbox_contract.openapi.media_types import PROBLEM_JSON
from tickbox_contract.openapi.problems import HEADERS_TOO_LARGE, MALFORMED_REQUEST, NOT_IMPLEMENTED, REQUEST_TIMEOUT
from tickbox_contract.responses import Problem, problem

from .heads import (
    BAD_VERSION,
    VERSIONS,
    MalformedHeadError,
    UnknownCodingError,
    check_codings,
    check_hosts,
    origin_form,
    sentence_of,
)
from .outflow import UNSENT_LIMIT_BYTES, WRITE_TIMEOUT_S, Backlog, Outflow
from .problems import document
from .sending import SERVER_STOPS

MAX_HEAD_BYTES = 32 * 1024
"""How long a request line and its headers may be together."""
MAX_HEADERS = 100
MAX_PIPELINED = 100
"""How many requests may wait on a connection for the response before theirs. One takes some 2 KB, of 26 bytes sent."""
READ_TIMEOUT_S = 30
"""How long a request may take to arrive, from the connection or its first byte to the last of its body."""

_UNKNOWN_METHOD = problem(NOT_IMPLEMENTED, "This server does not know the method.")
_UNKNOWN_CODING = problem(NOT_IMPLEMENTED, "This server supports only the Transfer-Encoding chunked.")
_TOO_SLOW = problem(REQUEST_TIMEOUT, "The request did not arrive in time. Send it again.")
_STOPPING = problem(REQUEST_TIMEOUT, "The server stops, and the request has not arrived in full. Send it again.")
_TOO_LARGE = problem(
    HEADERS_TOO_LARGE,
    f"The request line and headers may have {MAX_HEAD_BYTES} bytes together, and be {MAX_HEADERS} at most.",
)


class _TooManyHeadersError(Exception):
    """Raised inside the parser, which stops at it."""


class _TooManyPipelinedError(Exception):
    """Raised inside the parser, which stops at it: the connection closes after the responses that are due."""


class BoundedHttpToolsProtocol(HttpToolsProtocol):
    """To be given to uvicorn as `http`. `urn_prefix` is that of the problem documents.

    `problem_headers` are sent with the problems of the protocol itself, which no layer of an application gets to see.
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
        """Wait for a first request, but not for ever."""
        super().connection_made(transport)
        self._outflow = Outflow(
            transport, self.backlog, call_later=self.loop.call_later, timeout_s=self.write_timeout_s
        )
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come, or be taken."""
        self._holds_next = False
        super().connection_lost(exc)
        self._stop_waiting()
        self._outflow.end()

    def shutdown(self) -> None:
        """The server stops: called by uvicorn, which then waits for responses. A stream must be ended for that.

        What has not arrived in full is not waited for, unless its response has begun.
        """
        self._server_stops.set()
        if self._in_body and not self._refused and not self.cycle.response_started:
            self._refuse(_STOPPING)
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        """The client is slower than the server: it gets no other response, and not for ever."""
        super().pause_writing()
        self._outflow.hold()

    def resume_writing(self) -> None:
        """The client has taken nearly all."""
        super().resume_writing()
        self._outflow.flow()
        if self._holds_next:
            self._holds_next = False
            self.on_response_complete()

    def on_response_complete(self) -> None:
        """Begin no other request before the client has taken the response: its own would wait in memory, too."""
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
        """Bound what the parser keeps of a header that does not end: it shows a header only when it is complete."""
        while data and not self._refused:
            parsed_before = self._parsed
            self._data, self._rest = data, b""
            super().data_received(data)
            self._pending_bytes = self._pending_bytes + len(data) if self._parsed == parsed_before else 0
            if self._pending_bytes > MAX_HEAD_BYTES:
                self._refuse(_TOO_LARGE)
            data = self._rest
        # Most requests come whole, and need no clock.
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
        """A part of the request's target; stop at too long a one."""
        if self._replaying:
            return
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Stop at too many headers and at too large ones; drop trailers, which are no headers (RFC 9110, 6.5.1)."""
        if self._replaying:
            return
        if self._in_head:
            # llhttp leaves the white space after a value (RFC 9112, section 5.1).
            super().on_header(name, value.rstrip(b" \t"))
        self._head_fields += 1
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """The head is over: stop unless it holds up. Bodies are bounded by the application."""
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
            self.expect_100_continue = False  # it knows no interim responses (RFC 9110, 10.1.1)
        self._previous = self.cycle
        super().on_headers_complete()
        self._in_head, self._in_body = False, True

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        super().on_body(body)
        self._parsed += 1

    def on_message_complete(self) -> None:
        """The request is here; how long its response takes is not the client's doing."""
        super().on_message_complete()
        self._in_message = self._in_body = False
        self._stop_waiting()

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
        """Answer what was begun and did not end; a connection on which nothing came is just closed."""
        self._deadline = None
        if self.headers is None:
            self._close()
        else:
            self._refuse(_TOO_SLOW)

    def _unsupported_upgrade_warning(self) -> None:
        """Called by uvicorn for an `Upgrade` that it cannot do, which a server may ignore (RFC 9110, section 7.8).

        httptools has taken the body for another protocol's by then: a new parser, shown how the body is framed, reads
        it. Java's HttpClient asks for h2c with each request in the clear.
        """
        upgrade = sys.exception()
        assert isinstance(upgrade, httptools.HttpParserUpgrade)
        self.parser = httptools.HttpRequestParser(self)
        # The checks of the head have left one Content-Length, or a Transfer-Encoding that is chunked, if anything.
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
            raise _TooManyHeadersError

    def send_400_response(self, _msg: str) -> None:
        """Called by uvicorn, while it handles the parser's error, for what is no HTTP."""
        error = sys.exception()
        cause = error.__context__ if error else None
        if isinstance(error, httptools.HttpParserInvalidMethodError):
            self._refuse(_UNKNOWN_METHOD)
        elif isinstance(cause, _TooManyHeadersError):
            self._refuse(_TOO_LARGE)
        elif isinstance(cause, UnknownCodingError):
            self._refuse(_UNKNOWN_CODING)
        else:
            self._refuse(problem(MALFORMED_REQUEST, sentence_of(cause, str(error))))

    def _refuse(self, response: Problem) -> None:
        """Answer and close; after the answers to the whole requests that came before on this connection, if any run."""
        self._refused = True
        self._stop_waiting()
        unanswered = self._last_whole_request()
        if unanswered is not None:
            unanswered.keep_alive = False
            return
        if self._in_body and self.cycle.response_started:
            self._close()  # its response has begun, if not ended, and must have no second one in it
            return
        body = orjson.dumps(document(response, urn_prefix=self.urn_prefix))
        fields = [
            *self.server_state.default_headers,
            (b"content-type", PROBLEM_JSON.encode()),
            (b"content-length", b"%d" % len(body)),
            *self.problem_headers,
            (b"connection", b"close"),
        ]
        head = b"".join(b"%s: %s\r\n" % field for field in fields)
        is_head = self._in_message and self.parser.get_method() == b"HEAD"
        self.transport.write(STATUS_LINE[response.status] + head + b"\r\n" + (b"" if is_head else body))
        self._close()
        if self._in_body:
            self._disconnect()

    def _disconnect(self) -> None:
        """Report a disconnection to the application, which may wait for the rest of the body; drop its response."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()

    def _last_whole_request(self) -> RequestResponseCycle | None:
        """The last request that came as a whole, if its response is not complete yet."""
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
    """The protocol class with *urn_prefix* in front of its problem types, and *problem_headers* beside them.

    The connections of one class are bounded together.
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

"""The outermost layer: an id for each request, a log line for each response, and the headers of all responses."""

import logging
import re
import time
from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from app.adapters.logging import request_context
from tickbox_contract.engine.routing import operation_id_of

REQUEST_ID_HEADER = "X-Request-Id"
CORS_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Traceparent",
)
CORS_RESPONSE_HEADERS = (
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    REQUEST_ID_HEADER,
)

_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_SECURITY_HEADERS: Sequence[tuple[bytes, bytes]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"link", b'</openapi.yaml>; rel="service-desc"'),  # RFC 8631
)
# A response with an entity tag may be stored by its caller and revalidated. For another caller the same path, such as
# `/v1/users/me`, returns something else. The other responses may contain a token.
_CACHED = ((b"cache-control", b"private, no-cache"), (b"vary", b"Authorization"))
_NOT_CACHED = ((b"cache-control", b"no-store"),)
_UNBUFFERED = (b"x-accel-buffering", b"no")
"""A proxy (nginx, and others that know its header) sends each event on at once."""
_ERRORS = 400
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")

logger = logging.getLogger("tickbox.requests")


def problem_headers(*, https: bool) -> Sequence[tuple[bytes, bytes]]:
    """Return the headers of a problem that is sent before a request is complete; *https* is as in RequestLayer."""
    return (*_NOT_CACHED, *_fixed_headers(https=https))


def current_request_id() -> str:
    """Return the id of the current request, as in `X-Request-Id`."""
    return request_context.get()["request_id"]


class RequestLayer:
    """Wraps an ASGI application. *https* means that clients reach it by https (RFC 6797)."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self._headers = _fixed_headers(https=https)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. Headers are added, and the request is logged, when the response is sent."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = str(uuid7())
        started = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete(message, request_id)
            await send(message)

        # Not reset: the server runs each request in its own task, and so in its own context.
        request_context.set({"request_id": request_id, **_trace(scope)})
        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            _log(scope, status, time.perf_counter() - started)

    def _complete(self, start: Message, request_id: str) -> list[tuple[bytes, bytes]]:
        headers = dict(start["headers"])
        # The ETag of a 412 is the resource's, not that of the problem document.
        is_version = start["status"] < _ERRORS and b"etag" in headers
        is_stream = headers.get(b"content-type") == b"text/event-stream"
        return [
            *start["headers"],
            *((_UNBUFFERED,) if is_stream else ()),
            (b"x-request-id", request_id.encode("ascii")),
            *(_CACHED if is_version else _NOT_CACHED),
            *self._headers,
        ]


class QuietCORSMiddleware(CORSMiddleware):
    """Starlette's CORS, but a preflight always gets an empty 204; Starlette sends "OK", or a 400, as plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not a preflight."""

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [field for field in message["headers"] if field[0] not in (b"content-type", b"content-length")]
                message = {"type": "http.response.start", "status": 204, "headers": kept}
            await send({"type": "http.response.body"} if message["type"] == "http.response.body" else message)

        await super().__call__(scope, receive, without_body if _is_preflight(scope) else send)


def _fixed_headers(*, https: bool) -> Sequence[tuple[bytes, bytes]]:
    return (*_SECURITY_HEADERS, *((_STRICT_TRANSPORT,) if https else ()))


def _is_preflight(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return False
    return {b"origin", b"access-control-request-method"} <= {name for name, _ in scope["headers"]}


def _trace(scope: Scope) -> dict[str, str]:
    """Return the trace that the request belongs to, if its `traceparent` is valid (W3C Trace Context, 3.2)."""
    for name, value in scope["headers"]:
        if name == b"traceparent" and (matched := _TRACEPARENT.fullmatch(value)):
            return {"trace_id": matched[1].decode("ascii")}
    return {}


def _log(scope: Scope, status: int, seconds: float) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    fields = {
        "method": scope["method"],
        "operation_id": operation_id_of(scope),
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
    }
    logger.info("request", extra=fields)

"""The problems that the HTTP protocol sends by itself, as no application gets to see the request."""

from __future__ import annotations

from collections.abc import Iterable

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from tickbox_contract.openapi.media_types import PROBLEM_JSON
from tickbox_contract.openapi.problems import HEADERS_TOO_LARGE, MALFORMED_REQUEST, NOT_IMPLEMENTED, REQUEST_TIMEOUT
from tickbox_contract.responses import Problem, problem

from .heads import UnknownCodingError, sentence_of
from .problems import document

MAX_HEAD_BYTES = 32 * 1024
"""How many bytes a request line and its headers may have together."""
MAX_HEADERS = 100

TOO_SLOW = problem(REQUEST_TIMEOUT, "The request did not arrive in time. Send it again.")
STOPPING = problem(REQUEST_TIMEOUT, "The server is stopping, and the request has not fully arrived. Send it again.")
TOO_LARGE = problem(
    HEADERS_TOO_LARGE,
    f"A request can have at most {MAX_HEADERS} headers, and {MAX_HEAD_BYTES} bytes of request line and headers.",
)
_UNKNOWN_METHOD = problem(NOT_IMPLEMENTED, "This server does not know the method.")
_UNKNOWN_CODING = problem(NOT_IMPLEMENTED, "This server supports only the Transfer-Encoding chunked.")


class TooManyHeadersError(Exception):
    """Raised inside the parser, which stops at it."""


def problem_of(error: BaseException | None) -> Problem:
    """The problem for an *error* of the parser, or for the exception that a callback raised and that caused it."""
    cause = error.__context__ if error else None
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return _UNKNOWN_METHOD
    if isinstance(cause, TooManyHeadersError):
        return TOO_LARGE
    if isinstance(cause, UnknownCodingError):
        return _UNKNOWN_CODING
    return problem(MALFORMED_REQUEST, sentence_of(cause, str(error)))


def response_bytes(
    response: Problem, *, urn_prefix: str, headers: Iterable[tuple[bytes, bytes]], has_body: bool
) -> bytes:
    """The whole response, after which the connection closes; without its body for HEAD."""
    body = orjson.dumps(document(response, urn_prefix=urn_prefix))
    fields = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", b"%d" % len(body)),
        *headers,
        (b"connection", b"close"),
    ]
    head = b"".join(b"%s: %s\r\n" % field for field in fields)
    return STATUS_LINE[response.status] + head + b"\r\n" + (body if has_body else b"")

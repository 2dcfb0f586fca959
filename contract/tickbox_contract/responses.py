"""What a handler returns: a response that the engine encodes, checks and sends.

    Response
    ├── ContractFile   the contract's own bytes
    └── Problem        an error, as an RFC 9457 problem document

A returned response commits what the handler wrote, whatever its status; a raised exception rolls it back.
This module depends on nothing, so handlers can import it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A response before it is encoded.

    `content` is plain data (dict, list, str, int, float, bool, None, UUID, date, aware datetime); bytes or an
    asynchronous generator of bytes if the media type is not JSON; an asynchronous generator of messages for
    `text/event-stream` (see `events`); None for no body. `media_type` is needed only if the contract declares a range,
    or several media types for the status and the client's `Accept` must not choose.
    """

    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFile(Response):
    """200 with the contract itself, as it was read or as JSON. The engine adds the bytes."""

    status: int = 200
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A row of a table of errors: `slug` ends the type's URN, `status` is the HTTP status it is sent with."""

    slug: str
    status: int
    title: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and its place: in the body, or in a parameter or header.

    `place` is the name of the parameter or header, or if `kind` is "pointer" a JSON pointer as a URI fragment (RFC
    6901, section 6).
    """

    detail: str
    code: str
    kind: Literal["pointer", "parameter", "header"] = "pointer"
    place: str = "#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Response):
    """An error response (RFC 9457). `detail` and `faults` never repeat what the client sent.

    `members` are extension members (section 3.2), which the contract describes.
    """

    type: ProblemType
    detail: str
    faults: Sequence[Fault] = ()
    members: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One server-sent event (WHATWG HTML, 9.2); `content` is what the contract's schema for the stream describes."""

    content: Any
    id: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A comment in a stream: the connection lives. The client continues at `id` when it connects again."""

    id: str | None = None


Message = Event | Heartbeat


@dataclass(frozen=True, slots=True, eq=False)
class Messages:
    """Messages that are sent together. If many streams send the same object, it is encoded and checked once.

    `_sent` is the engine's: what it sends for each way in which it checks them.
    """

    messages: Sequence[Message]
    _sent: dict[Any, bytes] = field(default_factory=dict, init=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An operation that another one performs, with what a request of its own would have.

    `path` has the path parameters by their keywords, `body` is what its handler takes, `if_match` its condition.
    `place` leads to the part in the body of the request, and `body_place` to the body of the part.
    """

    operation_id: str
    path: Mapping[str, Any]
    place: Sequence[str | int]
    body_place: Sequence[str | int]
    body: Any = None
    if_match: str | None = None


class Perform(Protocol):
    """What the handler of an operation with `x-performs` gets as `perform`."""

    async def __call__(self, part: Part, *, alone: bool) -> Response:
        """The response of *part*, as that of a request of its own, but for its headers and the places of its faults.

        If it is rejected *alone*, what it did is rolled back, and the response is a Problem whose `content` is the
        problem document. Otherwise its problem is that of the whole request: it is raised.
        """
        ...


def ok(content: Any) -> Response:  # a generated TypedDict
    """200 with *content*."""
    return Response(status=200, content=content)


def created(content: Any, *, location: str) -> Response:  # a generated TypedDict
    """201 with *content*; *location* is the new resource's path (RFC 9110, section 15.3.2)."""
    return Response(status=201, content=content, headers={"Location": location})


def accepted() -> Response:
    """202 without a body: the request is performed later, if at all (RFC 9110, section 15.3.3)."""
    return Response(status=202)


def no_content() -> Response:
    """204 without a body."""
    return Response(status=204)


def events(stream: AsyncGenerator[Message | Messages | Sequence[Message], None]) -> Response:
    """200 with a stream: each item is a message, or several that are sent together.

    Each event is checked before it is sent. *stream* is closed when the client disconnects.
    """
    return Response(status=200, content=stream)


def problem(
    kind: ProblemType,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Problem:
    """The error *kind*, with its status."""
    return Problem(
        status=kind.status, type=kind, detail=detail, faults=faults, headers=headers or {}, members=members or {}
    )

"""The declared responses of an operation, by which each response is encoded and checked before it is sent.

A response violates the contract if its status, media type, a header or the body is not as declared, if a required
property is missing, or if a property is undeclared.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tickbox_contract.openapi.media_types import EVENT_STREAM, JSON, PROBLEM_JSON
from tickbox_contract.openapi.schemas import Validator
from tickbox_contract.responses import Response

from .media import ANYTHING, Kind, Media, find, is_range, kind_of
from .payloads import encode_payload
from .texts import NotOfTypeError, Reader
from .violations import ContractViolation, impossible

IGNORED_RESPONSE_HEADERS = frozenset({"content-type", "content-length", "transfer-encoding", "connection", "date"})
"""Declared response headers that have no effect: the first as OpenAPI says (3.0.4, Response Object, `headers`), the
others because the server sends them by itself."""
_RANGES_WITH_JSON = (ANYTHING, "application/*")
"""Content of these is JSON unless the handler names a media type."""
_WITHOUT_LENGTH = (204, 304)
"""Statuses without content and without Content-Length (RFC 9110, section 8.6)."""


@dataclass(frozen=True, slots=True)
class Header:
    """A declared response header. `read` turns its text into the value that is checked."""

    name: str
    required: bool
    read: Reader
    validator: Validator

    def fits(self, text: str) -> bool:
        """Whether *text* is a value of the header."""
        try:
            return self.validator.is_valid(self.read(text))
        except NotOfTypeError:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredResponse:
    """One declared status. `content` is empty if it has no body; `headers` has lower-case keys."""

    content: Mapping[str, Media]
    headers: Mapping[str, Header]


UNDECLARED = DeclaredResponse(content={}, headers={})


class EncodedResponse(NamedTuple):
    """A response ready to be sent: `body` is bytes, or the checked chunks of a stream."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes | AsyncGenerator[bytes, None]

    @property
    def entity_tag(self) -> str | None:
        """The value of its `ETag` header."""
        return next((value.decode("ascii") for name, value in self.headers if name == b"etag"), None)

    @property
    def is_of_events(self) -> bool:
        """Whether it is a stream of events, which may never end."""
        return any(name == b"content-type" and value.startswith(EVENT_STREAM.encode()) for name, value in self.headers)


@dataclass(frozen=True, slots=True)
class DeclaredResponses:
    """The declared responses of one operation by status. `produces` are the media types of its successful responses."""

    by_status: Mapping[int, DeclaredResponse]
    produces: tuple[str, ...]

    @property
    def problem_statuses(self) -> set[int]:
        """The statuses that are declared as problem documents (RFC 9457)."""
        return {status for status, response in self.by_status.items() if PROBLEM_JSON in response.content}

    def encode(
        self, response: Response, *, accepted: str, violation: ContractViolation, entity_tag: str | None = None
    ) -> EncodedResponse:
        """*response* as it is sent. *violation* gets everything that is wrong with it.

        *accepted* is the media type of `produces` that the client prefers. If the contract declares an `ETag`, its
        value is *entity_tag*, otherwise made of the content's `revision`, otherwise a hash of the bytes. Raises
        NonConformingResponseError on content that cannot be encoded.
        """
        declared = self.by_status.get(response.status, UNDECLARED)
        if declared is UNDECLARED:
            violation(f"status {response.status} is not declared")
        if response.status in _WITHOUT_LENGTH and response.content is not None:
            violation(f"content in a response {response.status}")
        content_type, media, kind = _media(declared, response, accepted, violation)
        headers = dict(response.headers)
        body = encode_payload(kind, response.content, media, violation) if kind else b""
        if "etag" in declared.headers and isinstance(body, bytes) and response.status < 300:  # noqa: PLR2004  # a success
            headers.setdefault("ETag", entity_tag or _entity_tag(response.content, body))
        if headers or declared.headers:
            _check_headers(declared, headers, violation)
        fields = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        if content_type:
            fields.append((b"content-type", content_type.encode("ascii")))
        if isinstance(body, bytes) and response.status not in _WITHOUT_LENGTH:
            fields.append((b"content-length", b"%d" % len(body)))
        return EncodedResponse(response.status, fields, body)


def not_modified(encoded: EncodedResponse) -> EncodedResponse:
    """The 304 for *encoded*: the headers that a cache needs, and no body (RFC 9110, section 15.4.5)."""
    return EncodedResponse(
        304, [field for field in encoded.headers if field[0] in (b"etag", b"cache-control", b"vary")], b""
    )


def _media(
    declared: DeclaredResponse, response: Response, accepted: str, violation: ContractViolation
) -> tuple[str, Media | None, Kind | None]:
    """The `Content-Type` of *response*, its declaration, and its kind; None for both if it has no body."""
    if response.status in _WITHOUT_LENGTH or (response.content is None and not declared.content):
        return "", None, None
    given = response.media_type or (accepted if accepted in declared.content else next(iter(declared.content), JSON))
    if is_range(given):
        if given not in _RANGES_WITH_JSON:
            raise impossible(f"content of {given}, for which the handler names no media type", violation)
        given = JSON
    media = declared.content.get(given)
    if media is not None:
        return media.content_type, media, media.kind
    name = given.partition(";")[0].strip().lower()
    media = find(declared.content, name)
    if media is None or (name == EVENT_STREAM and media.name != name):
        violation(f"media type {name} is not declared for status {response.status}")
    return given, media, kind_of(name)


def _entity_tag(content: Any, body: bytes) -> str:  # plain data
    revision = content.get("revision") if isinstance(content, dict) else None
    return f'"{revision}"' if isinstance(revision, int) else f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def _check_headers(declared: DeclaredResponse, headers: Mapping[str, str], violation: ContractViolation) -> None:
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise impossible(f"header {name} is not printable ASCII", violation)
        header = declared.headers.get(name.lower())
        if header is None:
            violation(f"header {name} is not declared")
            continue
        if not header.fits(value):
            violation(f"header {name} is not as declared")
    given = {name.lower() for name in headers}
    for name, header in declared.headers.items():
        if header.required and name not in given:
            violation(f"header {header.name} is missing")

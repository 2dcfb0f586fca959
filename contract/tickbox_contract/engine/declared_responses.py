"""Answers: encoded, checked as the bytes that leave, and only then sent.

A response breaks the contract where its status, media type, header or body is not declared as it is, or where a
declared property is missing or an undeclared one is there. Encoding first and checking the decoded bytes is on
purpose: dates and UUIDs pass an untyped schema as Python objects, and become text only on the wire.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson

from tickbox_contract.openapi.media_types import EVENT_STREAM, JSON, PROBLEM_JSON
from tickbox_contract.openapi.schemas import Validator
from tickbox_contract.responses import Event, Response

from .media import ANYTHING, Kind, Media, find, is_range, kind_of
from .texts import NotOfTypeError, Reader

logger = logging.getLogger(__name__)

IGNORED_RESPONSE_HEADERS = frozenset({"content-type", "content-length", "transfer-encoding", "connection", "date"})
"""Declared response headers that have no effect: the first as OpenAPI says (3.0.4, Response Object, `headers`), the
others because the server sends them by itself."""
_RANGES_WITH_JSON = (ANYTHING, "application/*")
"""Content of these is JSON unless the handler names a media type."""
_WITHOUT_LENGTH = (204, 304)
"""Statuses that carry no content, and no Content-Length (RFC 9110, section 8.6)."""
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS


def _default(value: object) -> str:
    """A driver's own kind of UUID, which orjson does not take for one."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


class NonConformingResponseError(Exception):
    """A response that the contract does not allow. Its text is for the log, and quotes no content."""


ResponseCheck = Literal["enforce", "report"]
"""Whether what breaks the contract is held back, or logged and let through."""

ContractViolation = Callable[[str], None]
"""Told of each way in which a response breaks the contract; raises where such a response must not leave."""


def violation_reporter(what: str, response_check: ResponseCheck, **names: str) -> ContractViolation:
    """A Breach that logs: *what* it is that breaks the contract, and by which *names* it is known."""

    def report(text: str) -> None:
        logger.error("%s breaks the contract", what, extra={**names, "breach": text})
        if response_check == "enforce":
            raise NonConformingResponseError(text)

    return report


@dataclass(frozen=True, slots=True)
class Header:
    """A declared response header. `read` makes of its text the value that is checked."""

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
    """One declared status. `content` is empty where it has no body; `headers` has lower-case keys."""

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
        """The `ETag` that it carries."""
        return next((value.decode("ascii") for name, value in self.headers if name == b"etag"), None)


@dataclass(frozen=True, slots=True)
class DeclaredResponses:
    """The declared responses of one operation by status. `produces` are the media types of its 2xx answers."""

    by_status: Mapping[int, DeclaredResponse]
    produces: tuple[str, ...]

    @property
    def problem_statuses(self) -> set[int]:
        """The statuses that are declared as problem documents (RFC 9457)."""
        return {status for status, response in self.by_status.items() if PROBLEM_JSON in response.content}

    def encode(
        self, response: Response, *, accepted: str, violation: ContractViolation, entity_tag: str | None = None
    ) -> EncodedResponse:
        """*response* as it leaves; *violation* is told of all that is wrong with it.

        *accepted* is the media type that the client likes best among `produces`. Where the contract declares an
        `ETag` it is *entity_tag*, else the content's `revision`, else a hash of the bytes. Raises
        NonConformingResponseError on content that cannot be encoded at all.
        """
        declared = self.by_status.get(response.status, UNDECLARED)
        if declared is UNDECLARED:
            violation(f"status {response.status} is not declared")
        if response.status in _WITHOUT_LENGTH and response.content is not None:
            violation(f"content in a response {response.status}")
        content_type, media, kind = _media(declared, response, accepted, violation)
        headers = dict(response.headers)
        body = _encode(kind, response.content, media, violation) if kind else b""
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


def negotiate(accept: str, produces: tuple[str, ...]) -> str | None:
    """The media type of *produces* that *accept* likes best; the first of equals; None where it takes none.

    Source: RFC 9110, section 12.5.1.
    """
    if not produces:
        return ""
    if not accept or accept == "*/*":
        return produces[0]
    ranges = [_media_range(item) for item in accept.split(",")]
    best, best_quality = None, 0.0
    for media_type in produces:
        fitting = [(len(name), quality) for name, quality in ranges if _matches(name, media_type)]
        quality = max(fitting)[1] if fitting else 0.0
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def not_modified(encoded: EncodedResponse) -> EncodedResponse:
    """The 304 for *wire*: the headers that a cache needs, and no body (RFC 9110, section 15.4.5)."""
    return EncodedResponse(
        304, [field for field in encoded.headers if field[0] in (b"etag", b"cache-control", b"vary")], b""
    )


def _media_range(item: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


def _matches(media_range: str, media_type: str) -> bool:
    """Whether a client's range and a declared media type, which may be a range, too, have something in common."""
    if media_type == ANYTHING or media_range in (ANYTHING, media_type, media_type.partition("/")[0] + "/*"):
        return True
    return is_range(media_type) and media_range.startswith(media_type[:-1])


def _media(
    declared: DeclaredResponse, response: Response, accepted: str, violation: ContractViolation
) -> tuple[str, Media | None, Kind | None]:
    """The `Content-Type` of *response*, what the contract says of it, and its kind; None where it has no body."""
    if response.status in _WITHOUT_LENGTH or (response.content is None and not declared.content):
        return "", None, None
    given = response.media_type or (accepted if accepted in declared.content else next(iter(declared.content), JSON))
    if is_range(given):
        if given not in _RANGES_WITH_JSON:
            raise _impossible(f"content of {given}, of which the handler names no media type", violation)
        given = JSON
    media = declared.content.get(given)
    if media is not None:
        return media.content_type, media, media.kind
    name = given.partition(";")[0].strip().lower()
    media = find(declared.content, name)
    if media is None or (name == EVENT_STREAM and media.name != name):
        violation(f"media type {name} is not declared for status {response.status}")
    return given, media, kind_of(name)


def _encode(
    kind: Kind, content: Any, media: Media | None, violation: ContractViolation
) -> bytes | AsyncGenerator[bytes, None]:
    validator = media.validator if media else None
    if kind == "json":
        return encode_json(content, validator, violation)
    if kind == "events":
        if not isinstance(content, AsyncGenerator):
            raise _impossible("content that is no stream of events", violation)
        return _encode_events(content, validator, violation)
    if media is not None and not media.takes_bytes:
        violation(f"content that is not JSON, as the schema of {media.name} describes it")
        return _encode_other(kind, content, None, violation)
    if isinstance(content, AsyncGenerator):
        return _encode_chunks(content, media, violation)
    return _encode_other(kind, content, media, violation)


def _encode_other(kind: Kind, content: Any, media: Media | None, violation: ContractViolation) -> bytes:
    """Text is checked, also where it is encoded already; of other bytes only the length is."""
    if isinstance(content, bytes) and kind == "bytes":
        if media is not None and (len(content) < media.min_bytes or media.is_too_long(len(content))):
            violation(f"{len(content)} bytes of {media.name}")
        return content
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise _impossible("text that is not UTF-8", violation) from error
    if not isinstance(text, str):
        raise _impossible("content that is neither text nor bytes", violation)
    if media is not None and not media.validator.is_valid(text):
        violation(f"content that is not {media.name} as declared")
    return text.encode()


async def _encode_chunks(
    chunks: AsyncGenerator[bytes, None], media: Media | None, violation: ContractViolation
) -> AsyncGenerator[bytes, None]:
    """Bytes as they come. Only their number can be checked: too many end the stream, too few cut it off."""
    size = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            if not isinstance(chunk, bytes):
                raise _impossible("a chunk that is not bytes", violation)
            size += len(chunk)
            if media is not None and media.is_too_long(size):
                violation(f"more than {media.max_bytes} bytes of {media.name}")
            yield chunk
            await asyncio.sleep(0)  # as for events
    if media is not None and size < media.min_bytes:
        violation(f"{size} bytes of {media.name}")


def encode_json(content: Any, validator: Validator | None, violation: ContractViolation) -> bytes:  # plain data
    """*content* as JSON, checked as the bytes that leave. Raises NonConformingResponseError for other data."""
    try:
        encoded = content if isinstance(content, bytes) else orjson.dumps(content, default=_default, option=_OPTIONS)
        decoded = orjson.loads(encoded)
    except (TypeError, orjson.JSONDecodeError) as error:
        raise _impossible(f"content that is not plain data: {type(error).__name__}", violation) from error
    if validator is not None and not validator.is_valid(decoded):
        errors = list(validator.iter_errors(decoded))
        places = {f"{error.kind.name} at {'/'.join(map(str, error.schema_path))}" for error in errors}
        violation("; ".join(sorted(places)[:5]))
    return encoded


def _impossible(text: str, violation: ContractViolation) -> NonConformingResponseError:
    """The error for what cannot be sent even where breaches pass; *violation* is told first, for the log."""
    violation(text)
    return NonConformingResponseError(text)


async def _encode_events(
    stream: AsyncGenerator[Event, None], validator: Validator | None, violation: ContractViolation
) -> AsyncGenerator[bytes, None]:
    async with aclosing(stream):
        async for event in stream:
            data = encode_json(event.content, validator, violation)
            fields = [(b"id", event.id), (b"event", event.type)]
            lines = [name + b": " + value.encode() + b"\n" for name, value in fields if value is not None]
            yield b"".join((*lines, b"data: ", data, b"\n\n"))
            # To a client that is gone nothing is sent, and nothing waits: let the loop see that it is.
            await asyncio.sleep(0)


def _entity_tag(content: Any, body: bytes) -> str:  # plain data
    revision = content.get("revision") if isinstance(content, dict) else None
    return f'"{revision}"' if isinstance(revision, int) else f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def _check_headers(declared: DeclaredResponse, headers: Mapping[str, str], violation: ContractViolation) -> None:
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise _impossible(f"header {name} is not printable ASCII", violation)
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

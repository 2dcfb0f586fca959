"""Request bodies: from bytes to a value of the handler's annotation.

Rejections, in this order:
    413  more bytes than the operation takes
    400  no body if one is required, any body if none is declared
    415  no media type, an unknown one, or two; a charset other than UTF-8; a content coding
    400  text that is not JSON (RFC 8259): invalid UTF-8, a byte order mark, lone surrogates, duplicate names, NaN, deep
         nesting, integers beyond 4,300 digits
    422  a value that does not fit the schema; NUL characters, integers beyond 64 bits, numbers beyond a double

If no body is declared, an empty JSON object counts as no body, except for safe methods: many clients send `{}` with
every POST. If a body is optional, `null` as JSON counts as no body, whatever its schema says: some generated clients
send it, and others cannot leave out a body that may be null.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import jiter
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive

from tickbox_contract.openapi.faults import MAX_FAULTS, counted, one_each, pointer, schema_faults
from tickbox_contract.openapi.media_types import is_json
from tickbox_contract.openapi.problems import CONTENT_TOO_LARGE, MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE
from tickbox_contract.responses import Fault

from . import read_only, surrogates
from .media import Media, find
from .nulls import explain_nulls
from .problems import refuse

_NUL = b"\\u0000"
_SHAPES = bytes.maketrans(b"123456789E", b"000000000e")
"""Turns every digit into a zero, to search for a shape as a text: a regular expression takes three times as long."""
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**64 - 1
"""What orjson can write: a larger integer could be accepted, but never returned."""
_INFINITIES = (float("inf"), float("-inf"))
_MAX_EMPTY_BYTES = 16
"""How much is read of a body if none is declared: an empty object, with some white space."""
_POSITION = re.compile(r"at line \d+ column \d+$")
_JSON_SPACE = b" \t\r\n"
_EMPTY_OBJECT = re.compile(rb"[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*")
_MEDIA_TYPE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+)\s*(?:;(.*))?", re.ASCII)
_NOT_TAKEN = ("unknown", "read-only")
_CHARSET = re.compile(r"\s*charset\s*=\s*\"?utf-?8\"?\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A compiled request body.

    `limit_bytes` limits the encoded body; `build` turns JSON into the value for the handler. `sentences` explain the
    contract's patterns (`faults.pattern_sentences`). `read_only` has a text for each property that a client may know
    from a response, and cannot set here (`read_only.texts`).
    """

    required: bool
    limit_bytes: int
    by_media_type: Mapping[str, Media]
    build: Callable[[Any], Any] | None
    accept_header: str | None
    sentences: Mapping[str, str] = field(default_factory=dict)
    read_only: Mapping[str, str] = field(default_factory=dict)

    async def read(
        self, headers: Mapping[bytes, list[bytes]], receive: Receive, arguments: dict[str, Any]
    ) -> tuple[Any, list[Fault]]:
        """Put the body into *arguments*. Raises Refused for everything that is not a fault of its schema.

        Returns the body as plain data, None if there is none, and the faults.
        """
        limited = content_length(headers) > self.limit_bytes
        content = b"" if limited else await read_bytes(receive, self.limit_bytes)
        if limited or content is None:
            raise refuse(CONTENT_TOO_LARGE, f"The body is too large. It can have at most {self.limit_bytes} bytes.")
        if not content and not self.required:
            return None, []
        if not content:
            raise refuse(MALFORMED_REQUEST, "This operation needs a body, and the request has none.")
        media = self._media(headers)
        if not self.required and media.kind == "json" and content.strip(_JSON_SPACE) == b"null":
            return None, []
        value, faults = self._parse(media, content)
        if faults:
            return value, faults
        if self.build is None or media.kind != "json":
            arguments["body"] = value
            return value, []
        try:
            arguments["body"] = self.build(value)
        except ValidationError as error:
            return value, [
                Fault("This is not a valid value here.", "type", place=pointer(found["loc"]))
                for found in error.errors(include_url=False, include_context=False, include_input=False)
            ]
        return value, []

    def _media(self, headers: Mapping[bytes, list[bytes]]) -> Media:
        given = headers.get(b"content-type", [])
        if len(given) == 1 and b"content-encoding" not in headers:
            exactly = self.by_media_type.get(given[0].decode("latin-1"))
            if exactly is not None:
                return exactly
        matched = _MEDIA_TYPE.fullmatch(given[0].decode("latin-1").lower()) if len(given) == 1 else None
        media = find(self.by_media_type, matched[1]) if matched else None
        codings = [coding.strip().lower() for coding in headers.get(b"content-encoding", [])]
        is_bytes = media is not None and media.is_bytes
        is_utf8 = matched is not None and (is_bytes or _only_utf8(matched[2]))
        if media is None or not is_utf8 or codings not in ([], [b"identity"]):
            raise refuse(
                UNSUPPORTED_MEDIA_TYPE,
                f"The body must be {' or '.join(self.by_media_type)} in UTF-8, without a content encoding.",
                headers={self.accept_header: ", ".join(self.by_media_type)} if self.accept_header else {},
            )
        return media

    def _parse(self, media: Media, content: bytes) -> tuple[Any, list[Fault]]:
        if media.kind == "json":
            value = _json(content)
            faults = [
                *self._faults(media, value),
                *(islice(_unstorable(value, []), MAX_FAULTS) if _may_be_unstorable(content) else ()),
            ]
            return value, one_each(faults)
        if media.is_bytes:
            return content, list(_length_faults(media, len(content)))
        text = _utf8(content)
        return text, one_each([*self._faults(media, text), *_unstorable(text, [])])

    def _faults(self, media: Media, value: Any) -> list[Fault]:  # what was sent
        """The faults of *value* by its schema."""
        if media.validator.is_valid(value):
            return []
        found = schema_faults(media.validator.iter_errors(value), self.sentences)
        return [self._explained(fault) for fault in explain_nulls(found, value)]

    def _explained(self, fault: Fault) -> Fault:
        text = self.read_only.get(read_only.place_of(fault.place)) if fault.code in _NOT_TAKEN else None
        return fault if text is None else Fault(text, "read-only", place=fault.place)


def content_length(headers: Mapping[bytes, list[bytes]]) -> int:
    """The announced length in bytes, or 0 (the server has checked that it is a number)."""
    given = headers.get(b"content-length")
    return int(given[0]) if given else 0


def has_body(headers: Mapping[bytes, list[bytes]]) -> bool:
    """Whether a request has content (RFC 9112, section 6.3)."""
    return content_length(headers) > 0 or b"transfer-encoding" in headers


async def is_empty(headers: Mapping[bytes, list[bytes]], receive: Receive, *, or_empty_object: bool) -> bool:
    """Whether the announced content has no bytes, or, with *or_empty_object*, is `{}` as JSON or of no media type."""
    content = await read_bytes(receive, _MAX_EMPTY_BYTES) if content_length(headers) <= _MAX_EMPTY_BYTES else None
    if not content or not or_empty_object:
        return content == b""
    media_types = [value.decode("latin-1") for value in headers.get(b"content-type", ())]
    return all(map(is_json, media_types)) and _EMPTY_OBJECT.fullmatch(content) is not None


async def read_bytes(receive: Receive, limit: int) -> bytes | None:
    """The body, or None as soon as there are more than *limit* bytes of it."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise refuse(MALFORMED_REQUEST, "The body ended before it was complete. Send the request again.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def build_for(annotation: Any) -> Callable[[Any], Any] | None:
    """A function that turns checked JSON into *annotation*; None if that is plain data already."""
    if annotation in (str, bytes, object, Any) or typing.get_origin(annotation) in (dict, list, Mapping):
        return None
    return TypeAdapter[Any](annotation).validator.validate_python


def _only_utf8(parameters: str | None) -> bool:
    given = [part for part in (parameters or "").split(";") if "charset" in part]
    return all(_CHARSET.fullmatch(part) for part in given)


def _length_faults(media: Media, size: int) -> Iterator[Fault]:
    if size < media.min_bytes:
        yield Fault(f"This must have at least {counted(media.min_bytes, 'byte')}.", "min-length")
    if media.is_too_long(size):
        yield Fault(f"This must have at most {counted(media.max_bytes or 0, 'byte')}.", "max-length")


def _utf8(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise refuse(MALFORMED_REQUEST, "The body must be UTF-8.") from error


def _json(content: bytes) -> Any:  # JSON
    try:
        # Keys are not cached: what one client sends must not stay in the process.
        return jiter.from_json(content, allow_inf_nan=False, catch_duplicate_keys=True, cache_mode="none")
    except ValueError as error:
        _utf8(content)
        if faults := surrogates.faults(content, error):
            raise refuse(MALFORMED_REQUEST, "The body has half of a surrogate pair.", faults=faults) from error
        position = _POSITION.search(str(error))
        where = f" {position[0]}" if position else ""
        what = "has a name twice" if "duplicate key" in str(error) else "is not valid JSON (RFC 8259)"
        raise refuse(MALFORMED_REQUEST, f"The body {what}{where}.") from error


def _may_be_unstorable(content: bytes) -> bool:
    """Whether JSON contains what `_unstorable` finds, or something that looks like it."""
    shapes = content.translate(_SHAPES)
    return _NUL in content or b"0e000" in shapes or b"0e+000" in shapes or b"0" * 19 in shapes


def _unstorable(value: Any, path: list[str | int]) -> Iterator[Fault]:  # JSON
    """NUL characters in texts and names, integers beyond 64 bits, and numbers that a double cannot hold.

    *path* leads to *value*; it is restored afterwards. A pointer is built only if something is found.
    """
    if isinstance(value, dict):
        for name, member in value.items():
            if "\0" in name:
                yield Fault("A name must not contain a NUL character.", "nul", place=pointer(path))
            yield from _unstorable_member(member, name, path)
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _unstorable_member(member, index, path)
    elif isinstance(value, str) and "\0" in value:
        yield Fault("This must not contain a NUL character.", "nul", place=pointer(path))
    elif value in _INFINITIES or (isinstance(value, int) and not _MIN_INTEGER <= value <= _MAX_INTEGER):
        yield Fault("This number is too large.", "maximum", place=pointer(path))


def _unstorable_member(member: Any, step: str | int, path: list[str | int]) -> Iterator[Fault]:  # JSON
    path.append(step)
    yield from _unstorable(member, path)
    path.pop()

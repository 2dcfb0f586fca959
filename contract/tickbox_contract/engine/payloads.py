"""The content of a response: encoded, and checked as the bytes that are sent.

Encoding comes before checking on purpose: as Python objects, dates and UUIDs would fit an untyped schema. They become
text only when they are encoded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

import orjson

from tickbox_contract.openapi.schemas import Validator
from tickbox_contract.responses import Event, Heartbeat, Message, Messages

from .media import Kind, Media
from .violations import ContractViolation, impossible

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS


def encode_payload(
    kind: Kind, content: Any, media: Media | None, violation: ContractViolation
) -> bytes | AsyncGenerator[bytes, None]:
    """*content* as bytes, or as a stream of them. *media* is how the contract describes it, None if it does not.

    Raises NonConformingResponseError on content that cannot be encoded.
    """
    validator = media.validator if media else None
    if kind == "json":
        return encode_json(content, validator, violation)
    if kind == "events":
        if not isinstance(content, AsyncGenerator):
            raise impossible("content that is not a stream of events", violation)
        return _encode_events(content, validator, violation)
    if media is not None and not media.takes_bytes:
        violation(f"content that is not JSON, as the schema of {media.name} describes it")
        return _encode_other(kind, content, None, violation)
    if isinstance(content, AsyncGenerator):
        return _encode_chunks(content, media, violation)
    return _encode_other(kind, content, media, violation)


def encode_json(content: Any, validator: Validator | None, violation: ContractViolation) -> bytes:  # plain data
    """*content* as JSON, checked as the bytes that are sent. Raises NonConformingResponseError on other data."""
    try:
        encoded = content if isinstance(content, bytes) else orjson.dumps(content, default=_default, option=_OPTIONS)
        decoded = orjson.loads(encoded)
    except (TypeError, orjson.JSONDecodeError) as error:
        raise impossible(f"content that is not plain data: {type(error).__name__}", violation) from error
    if validator is not None and not validator.is_valid(decoded):
        errors = list(validator.iter_errors(decoded))
        places = {f"{error.kind.name} at {'/'.join(map(str, error.schema_path))}" for error in errors}
        violation("; ".join(sorted(places)[:5]))
    return encoded


def _default(value: object) -> str:
    """A UUID of a driver's own class, which orjson does not encode."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def _encode_other(kind: Kind, content: Any, media: Media | None, violation: ContractViolation) -> bytes:
    """Text is checked by its schema, even if it is encoded already; of other bytes only the length is checked."""
    if isinstance(content, bytes) and kind == "bytes":
        if media is not None and (len(content) < media.min_bytes or media.is_too_long(len(content))):
            violation(f"{len(content)} bytes of {media.name}")
        return content
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise impossible("text that is not UTF-8", violation) from error
    if not isinstance(text, str):
        raise impossible("content that is neither text nor bytes", violation)
    if media is not None and not media.validator.is_valid(text):
        violation(f"content that is not {media.name} as declared")
    return text.encode()


async def _encode_chunks(
    chunks: AsyncGenerator[bytes, None], media: Media | None, violation: ContractViolation
) -> AsyncGenerator[bytes, None]:
    """Bytes as they come. Only their number is checked: too many end the stream, too few cut it off."""
    size = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            if not isinstance(chunk, bytes):
                raise impossible("a chunk that is not bytes", violation)
            size += len(chunk)
            if media is not None and media.is_too_long(size):
                violation(f"more than {media.max_bytes} bytes of {media.name}")
            yield chunk
            await asyncio.sleep(0)  # as for events
    if media is not None and size < media.min_bytes:
        violation(f"{size} bytes of {media.name}")


async def _encode_events(
    stream: AsyncGenerator[Message | Messages | Sequence[Message], None],
    validator: Validator | None,
    violation: ContractViolation,
) -> AsyncGenerator[bytes, None]:
    async with aclosing(stream):
        async for item in stream:
            if isinstance(item, Messages):
                yield _encode_once(item, validator, violation)
            else:
                yield _encode_messages((item,) if isinstance(item, Event | Heartbeat) else item, validator, violation)
            del item  # the next one may be long in coming: a stream that waits holds nothing that it has sent
            # Sending to a client that has disconnected does not wait: let the event loop notice the disconnection.
            await asyncio.sleep(0)


def _encode_once(messages: Messages, validator: Validator | None, violation: ContractViolation) -> bytes:
    sent = messages._sent  # noqa: SLF001  # it is the engine's
    encoded = sent.get(validator)
    if encoded is None:
        encoded = sent[validator] = _encode_messages(messages.messages, validator, violation)
    return encoded


def _encode_messages(messages: Sequence[Message], validator: Validator | None, violation: ContractViolation) -> bytes:
    lines: list[bytes] = []
    for message in messages:
        if isinstance(message, Heartbeat):
            lines += (b":\n", *_field(b"id", message.id), b"\n")
        else:
            data = encode_json(message.content, validator, violation)
            lines += (*_field(b"id", message.id), *_field(b"event", message.type), b"data: ", data, b"\n\n")
    return b"".join(lines)


def _field(name: bytes, value: str | None) -> tuple[bytes, ...]:
    return () if value is None else (name, b": ", value.encode(), b"\n")

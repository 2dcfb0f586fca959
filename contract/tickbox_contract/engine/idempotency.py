"""Safe repetition of requests, as seen from HTTP: keys, equal requests, and responses that are stored.

Source: draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from .declared_responses import EncodedResponse

_SUCCESSES = range(200, 300)
_LARGE_BYTES = 1024


def key_of(headers: Mapping[bytes, Sequence[bytes]]) -> str | None:
    """The key of a request, which was checked before; quoted and bare keys are the same."""
    given = headers.get(b"idempotency-key")
    return given[0].decode("ascii").strip('"') if given else None


def digest_of(operation_id: str, path: Mapping[str, Any], query: bytes, content: Any) -> bytes:
    """A digest, 32 bytes, that is equal for equal requests; names in JSON may have any order.

    *content* is plain data, bytes or text, or None for no body and for `null`. An empty object is the same as no body.
    """
    content = None if content == {} else content
    is_raw = isinstance(content, bytes)
    written = content if is_raw else orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    head = orjson.dumps([operation_id, [str(value) for value in path.values()], query.decode("latin-1"), is_raw])
    return hashlib.sha256(head + b"\n" + written).digest()


def is_recordable(encoded: EncodedResponse) -> bool:
    """Whether a response is recorded and repeated: a success that is not a stream."""
    return encoded.status in _SUCCESSES and isinstance(encoded.body, bytes)


def dump(encoded: EncodedResponse) -> bytes:
    """A recordable response as bytes, for `load`."""
    assert isinstance(encoded.body, bytes), "a stream is not recordable"
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in encoded.headers]
    is_large = len(encoded.body) > _LARGE_BYTES
    body = zlib.compress(encoded.body, level=1) if is_large else encoded.body
    return orjson.dumps([encoded.status, headers, is_large]) + b"\n" + body


def load(recorded: bytes) -> EncodedResponse:
    """The response as it was first sent. It was checked then, and is not checked again by a newer contract."""
    head, _, body = recorded.partition(b"\n")
    status, headers, *is_compressed = orjson.loads(head)  # a record of an earlier version does not say it
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return EncodedResponse(status, fields, zlib.decompress(body) if is_compressed == [True] else body)

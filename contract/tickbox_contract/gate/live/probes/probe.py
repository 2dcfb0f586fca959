"""A probe: a request that must be rejected, built for a target; and how probes are written in the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickbox_contract.gate.live.credentials import Credentials
from tickbox_contract.gate.live.wire import request

Request = tuple[str, Sequence[bytes]]
"""A method, and the bytes of a whole request in one or more writes."""

JSON_TYPE = "application/json"
JSON = f"Content-Type: {JSON_TYPE}"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Target:
    """The names that a server uses for what the probes send.

    `collection` takes `method` with the JSON object `body`, whose member `text`, if it has one, is a string. For all
    probes the method is POST, `text` is required and has at most 255 characters, and the collection takes GET, too.
    `item` is the path of one resource, with `{id}` for its UUID; it takes GET. If there are any, `limit` is an integer
    parameter of GET of the collection, with its maximum; `moment` and `array` are members of the body that are a
    date-time and an array; `flag` is a path that ends in `?name=` of a boolean; `conditional` is a method and path that
    take `If-Match`; `key` is the token as the contract wants it, if not as a bearer token.
    """

    collection: str
    body: Mapping[str, Any]
    text: str | None
    item: str | None
    token: str | None
    key: Credentials | None = None
    method: str = "POST"
    media_type: str = JSON_TYPE
    host: str = "sample"
    limit: tuple[str, int] | None = ("limit", 200)
    moment: str | None = None
    array: str | None = None
    flag: str | None = None
    conditional: tuple[str, str, str, bytes] | None = None

    def json(self, **changes: Any) -> bytes:
        """The valid body with changes."""
        return json.dumps({**self.body, **changes}).encode()

    def with_text(self, literal: bytes) -> bytes:
        """The valid body with *literal* as the JSON text of its string member."""
        return self.json(**{self.text or "text": "@"}).replace(b'"@"', literal)

    def request(self, method: str, target: str, *lines: str, body: bytes = b"", token: str | None = None) -> bytes:
        """A request to this server, with *token* as `key` sends it."""
        if token is not None and self.key is not None:
            target += f"{'&' if '?' in target else '?'}{self.key.query}" if self.key.query else ""
            lines, token = (*lines, *self.key.lines), None
        return request(method, target, *lines, body=body, token=token, host=self.host)

    def post(self, body: bytes, *lines: str, media_type: str | None = JSON_TYPE) -> Request:
        """*body* by the method of the target, mostly POST, with a valid token; JSON as the target names it."""
        sent = self.media_type if media_type == JSON_TYPE else media_type
        given = (*((f"Content-Type: {sent}",) if sent is not None else ()), *lines)
        return self.method, [self.request(self.method, self.collection, *given, body=body, token=self.token)]

    def get(self, path: str, *lines: str, method: str = "GET", body: bytes = b"") -> Request:
        """A GET of *path* with a valid token."""
        return method, [self.request(method, path, *lines, body=body, token=self.token)]

    def raw(self, *chunks: bytes) -> Request:
        """Exactly these bytes."""
        return "GET", chunks


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A request, named by *sentence*. `responses` gives the slug for each status that is right.

    After one that is not complete, a server may wait for the rest of it.
    """

    sentence: str
    request: Callable[[Target], Request | None]
    responses: Mapping[int, str]
    places: Iterable[str] = field(default=())
    is_complete: bool = True

    def expected_places(self, target: Target) -> set[str]:
        """The places of the errors that the response must have."""
        limit = target.limit[0] if target.limit else None
        names = {"limit": limit, "text": target.text, "moment": target.moment, "array": target.array}
        return {place.format(**names) for place in self.places}


Build = Callable[[Target], Request | None]

MALFORMED = {400: "malformed-request"}
PARAMETERS = {400: "invalid-parameters"}
UNAUTHENTICATED = {401: "unauthenticated"}
NOT_FOUND = {404: "not-found"}
NOT_ALLOWED = {405: "method-not-allowed"}
TOO_LARGE = {413: "content-too-large"}
MEDIA_TYPE = {415: "unsupported-media-type"}
BODY = {422: "invalid-body"}
HEADERS = {431: "headers-too-large"}
UNKNOWN_METHOD = {501: "not-implemented"}


def probe(sentence: str, responses: Mapping[int, str], build: Build, *places: str, is_complete: bool = True) -> Probe:
    """A row of a table."""
    return Probe(sentence=sentence, request=build, responses=responses, places=places, is_complete=is_complete)


def raw(sentence: str, responses: Mapping[int, str], *chunks: bytes, is_complete: bool = True) -> Probe:
    """A probe that is the same bytes for any target."""
    return probe(sentence, responses, lambda t: t.raw(*chunks), is_complete=is_complete)

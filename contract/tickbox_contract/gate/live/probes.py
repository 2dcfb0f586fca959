"""Requests that every server on the engine must reject: one table, for any target.

A probe needs of its target what a `Target` names; one that needs what the target has not (an array in a body, a
parameter that is a boolean) is left out for it. Each probe gives the status, the slug of the problem, and if known the
places of the errors, as `Reply.places` writes them. `{text}` and the like are replaced by the target's own names.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .wire import request

Request = tuple[str, Sequence[bytes]]
"""A method, and the bytes of a whole request in one or more writes."""

MEBIBYTE = 1024 * 1024
_END = b" HTTP/1.1\r\n\r\n"
JSON = "Content-Type: application/json"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The names that a server uses for what the probes send.

    `collection` takes POST with the JSON object `body`, whose required member `text` is a string of at most 255
    characters, and GET. `item` is the path of one resource, with `{id}` for its UUID; it takes GET. If there are any,
    `limit` is an integer parameter of GET of the collection, with its maximum; `moment` and `array` are members of the
    body that are a date-time and an array; `flag` is a path that ends in `?name=` of a boolean; `conditional` is a
    method and path that take `If-Match`.
    """

    collection: str
    body: Mapping[str, Any]
    text: str
    item: str | None
    token: str | None
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
        return self.json(**{self.text: "@"}).replace(b'"@"', literal)

    def request(self, method: str, target: str, *lines: str, body: bytes = b"", token: str | None = None) -> bytes:
        """A request to this server."""
        return request(method, target, *lines, body=body, token=token, host=self.host)

    def post(self, body: bytes, *lines: str, media_type: str | None = "application/json") -> Request:
        """A POST of *body* with a valid token."""
        given = (*((f"Content-Type: {media_type}",) if media_type is not None else ()), *lines)
        return "POST", [self.request("POST", self.collection, *given, body=body, token=self.token)]

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


def _probe(sentence: str, responses: Mapping[int, str], build: Build, *places: str, is_complete: bool = True) -> Probe:
    return Probe(sentence=sentence, request=build, responses=responses, places=places, is_complete=is_complete)


def _text(sentence: str, responses: Mapping[int, str], literal: bytes, *places: str) -> Probe:
    return _probe(sentence, responses, lambda t: t.post(t.with_text(literal)), *places)


def _moment(literal: str) -> Probe:
    def build(target: Target) -> Request | None:
        return target.post(target.json(**{target.moment: literal})) if target.moment else None

    return _probe(f"the moment {literal} is refused", BODY, build, "pointer #/{moment} format")


def _query(text: str) -> Build:
    """A GET of the collection with *text* as its query, where `{limit}` is the name of the integer parameter."""

    def build(target: Target) -> Request | None:
        if target.limit is None:
            return None
        name, most = target.limit
        query = text.replace("{limit}", name).replace("{more}", str(most + 1))
        return target.get(f"{target.collection}?{query}")

    return build


def _limit(sentence: str, text: str) -> Probe:
    return _probe(sentence, PARAMETERS, _query(f"{{limit}}={text}"), "parameter {limit} type")


def _id(sentence: str, text: str, responses: Mapping[int, str] = PARAMETERS) -> Probe:
    def build(target: Target) -> Request | None:
        return target.get(target.item.replace("{id}", text)) if target.item else None

    return _probe(sentence, responses, build)


def _authorization(sentence: str, *values: str) -> Probe:
    def build(target: Target) -> Request:
        lines = [f"Authorization: {value.format(token=target.token)}" for value in values]
        # The JSON is invalid, too: the token is checked before the body.
        return "POST", [target.request("POST", target.collection, "Content-Type: application/json", *lines, body=b"{")]

    return _probe(sentence, UNAUTHENTICATED, build)


def _http(sentence: str, responses: Mapping[int, str], *chunks: bytes, is_complete: bool = True) -> Probe:
    return _probe(sentence, responses, lambda t: t.raw(*chunks), is_complete=is_complete)


def _array(sentence: str, item: bytes) -> Probe:
    def build(target: Target) -> Request:
        content = b"[" + b",".join([item] * 1_000_000) + b"]"
        return target.post(target.json(**{target.array or target.text: "@"}).replace(b'"@"', content))

    return _probe(sentence, BODY | TOO_LARGE, build)


def _if_match(value: str) -> Probe:
    def build(target: Target) -> Request | None:
        if target.conditional is None:
            return None
        method, path, media_type, body = target.conditional
        lines = (f"If-Match: {value}", f"Content-Type: {media_type}")
        return target.get(path, *lines, method=method, body=body)

    return _probe(f"an If-Match of {value!r} is refused", PARAMETERS, build, "header If-Match pattern")


def _flag(text: str) -> Probe:
    def build(target: Target) -> Request | None:
        return target.get(target.flag + text) if target.flag else None

    return _probe(f"the boolean {text!r} is refused", PARAMETERS, build)


def _several_faults(target: Target) -> Request:
    return target.post(target.json(**{target.text: 5, "nope": 1, "~a/b": 2}))


def _conditions_of(target: Target) -> Request:
    return target.post(target.json(nope=1), media_type="Application/JSON; Charset=UTF-8")


BODIES: tuple[Probe, ...] = (
    _probe("an empty body is refused", MALFORMED, lambda t: t.post(b"")),
    _probe("null is refused", BODY, lambda t: t.post(b"null"), "pointer # type"),
    _probe("an array in the place of an object is refused", BODY, lambda t: t.post(b"[]"), "pointer # type"),
    _probe("JSON that is cut short is refused", MALFORMED, lambda t: t.post(t.json()[:-1])),
    _probe("two JSON values are refused", MALFORMED, lambda t: t.post(t.json() * 2)),
    _probe("a form is refused", MEDIA_TYPE, lambda t: t.post(b"a=b", media_type="application/x-www-form-urlencoded")),
    _probe("a body of no media type is refused", MEDIA_TYPE, lambda t: t.post(t.json(), media_type=None)),
    _probe("an empty media type is refused", MEDIA_TYPE, lambda t: t.post(t.json(), media_type="")),
    _probe("an invalid media type is refused", MEDIA_TYPE, lambda t: t.post(t.json(), media_type="json")),
    _probe("two media types in one are refused", MEDIA_TYPE,
           lambda t: t.post(t.json(), media_type="application/json, text/plain")),
    _probe("two Content-Type headers are refused", MEDIA_TYPE,
           lambda t: t.post(t.json(), "Content-Type: application/json")),
    _probe("an oddly cased media type does not escape the schema", BODY, _conditions_of, "pointer #/nope unknown"),
    _probe("an unknown charset is refused", MEDIA_TYPE,
           lambda t: t.post(t.json(), media_type="application/json; charset=klingon")),
    _probe("the charset UTF-16 is refused", MEDIA_TYPE,
           lambda t: t.post(t.json().decode().encode("utf-16"), media_type="application/json; charset=utf-16")),
    _probe("a compressed body is refused", MEDIA_TYPE,
           lambda t: t.post(gzip.compress(t.json()), "Content-Encoding: gzip")),
    _probe("invalid UTF-8 is refused", MALFORMED, lambda t: t.post(t.with_text(b'"\xff"'))),
    _probe("UTF-16 is refused", MALFORMED, lambda t: t.post(t.json().decode().encode("utf-16"))),
    _probe("a byte order mark is refused", MALFORMED, lambda t: t.post(b"\xef\xbb\xbf" + t.json())),
    _text("an escaped NUL is refused", BODY, rb'"a\u0000b"', "pointer #/{text} nul"),
    _text("a raw NUL is refused", MALFORMED, b'"a\0b"'),
    _probe("a NUL in a name is refused", BODY, lambda t: t.post(b'{"a\\u0000":1,' + t.json()[1:]),
           "pointer # nul", "pointer #/a\0 unknown"),
    _text("a lone high surrogate is refused", MALFORMED, rb'"\ud800"'),
    _text("a lone low surrogate is refused", MALFORMED, rb'"\udc00"'),
    _text("a surrogate in UTF-8 is refused", MALFORMED, b'"\xed\xa0\x80"'),
    _probe("a name given twice is refused", MALFORMED, lambda t: t.post(b'{"a":1,"a":2,' + t.json()[1:])),
    _text("NaN is refused", MALFORMED, b"NaN"),
    _text("Infinity is refused", MALFORMED, b"Infinity"),
    _text("-Infinity is refused", MALFORMED, b"-Infinity"),
    _text("an integer of 5,000 digits is refused", MALFORMED, b"1" * 5000),
    _text("an integer of 4,000 digits is refused", BODY, b"1" * 4000,
          "pointer #/{text} type"),
    _text("1e400 is refused", BODY, b"1e400", "pointer #/{text} type"),
    _text("-1e400 is refused", BODY, b"-1E+400", "pointer #/{text} type"),
    _text("a long number with a short exponent, beyond a double, is refused", BODY, b"1" + b"0" * 250 + b"e99",
          "pointer #/{text} type"),
    _probe("arrays nested 100,000 deep are refused", MALFORMED, lambda t: t.post(b"[" * 100_000 + b"]" * 100_000)),
    _probe("objects nested 40,000 deep are refused", MALFORMED, lambda t: t.post(b'{"a":' * 40_000)),
    _probe("10 MB are refused", TOO_LARGE, lambda t: t.post(t.with_text(b'"' + b"x" * 10 * MEBIBYTE + b'"'))),
    _probe("10 MB in chunks are refused", TOO_LARGE, lambda t: (
        "POST",
        [
            t.request("POST", t.collection, JSON, "Transfer-Encoding: chunked", token=t.token),
            *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 160,
            b"0\r\n\r\n",
        ],
    )),
    _probe("an announced length of 10^15 is refused", TOO_LARGE, lambda t: (
        "POST",
        [t.request("POST", t.collection, "Content-Type: application/json", f"Content-Length: {10**15}", token=t.token)],
    ), is_complete=False),
    _probe("an unknown property is refused", BODY, lambda t: t.post(t.json(nope=1)), "pointer #/nope unknown"),
    _probe("an unknown name is repeated in part only", BODY, lambda t: t.post(t.json(**{"n" * 1000: 1})),
           f"pointer #/{'n' * 64}… unknown"),
    _probe("20,000 unknown properties are refused", BODY | TOO_LARGE,
           lambda t: t.post(json.dumps({str(i): 1 for i in range(20_000)}).encode())),
    _probe("several faults are reported at once", BODY, _several_faults,
           "pointer #/{text} type", "pointer #/nope unknown", "pointer #/~0a~1b unknown"),
    _probe("a missing property is refused", BODY, lambda t: t.post(b"{}"), "pointer #/{text} required"),
    _text("a text of 100,000 characters is refused", BODY, b'"' + b"x" * 100_000 + b'"',
          "pointer #/{text} max-length"),
    _array("a million wrong items are refused", b"1"),
    _array("a million nested items are refused", b"{}"),
    *map(_moment, (
        "2024-01-01T23:59:60Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59",
        "2024-01-01T00:00:00", "2024-02-30T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00+00:60",
        "2024-01-01 00:00:00Z", "\uff12024-01-01T00:00:00Z", "1704067200",
    )),
)  # fmt: skip

PARAMETER_TEXTS: tuple[Probe, ...] = (
    _probe("a scalar given twice is refused", PARAMETERS,
           _query("{limit}=1&{limit}=2"), "parameter {limit} repeated"),
    _probe("an unknown parameter is refused", PARAMETERS,
           lambda t: t.get(f"{t.collection}?nope=1"), "parameter nope unknown"),
    _probe("an unknown parameter is refused on POST, too", PARAMETERS, lambda t: (
        "POST",
        [t.request("POST", f"{t.collection}?nope=1", "Content-Type: application/json", body=t.json(), token=t.token)],
    ), "parameter nope unknown"),
    _probe("faults of parameters and body are reported at once", PARAMETERS, lambda t: (
        "POST",
        [t.request("POST", f"{t.collection}?nope=1", "Content-Type: application/json", body=b"{}", token=t.token)],
    ), "parameter nope unknown", "pointer #/{text} required"),
    _probe("thousands of unknown parameters are refused", PARAMETERS,
           lambda t: t.get(f"{t.collection}?{'&'.join(map(str, range(5000)))}")),
    _limit("an integer with an underscore is refused", "1_0"),
    _limit("an integer with a plus sign is refused", "%2B1"),
    _limit("an integer after a space is refused", "%201"),
    _limit("an integer after a plus that is a space is refused", "+1"),
    _limit("an integer before a line end is refused", "1%0A"),
    _limit("a full-width digit is refused", "%EF%BC%91"),
    _limit("a leading zero is refused", "01"),
    _limit("a decimal in the place of an integer is refused", "1.5"),
    _limit("an empty integer is refused", ""),
    _limit("an integer of 5,000 digits is refused as a parameter", "1" * 5000),
    _limit("an exponent is refused", "1e1"),
    _limit("hexadecimal is refused", "0x1"),
    _probe("a parameter beyond its range is refused", PARAMETERS,
           _query("{limit}={more}"), "parameter {limit} maximum"),
    *map(_flag, ("True", "TRUE", "1", "yes", "", "%74rue%20")),
    _probe("bad percent-encoding in a query is refused", MALFORMED, _query("{limit}=%zz")),
    _probe("a percent sign at the end of a query is refused", MALFORMED, _query("{limit}=1%")),
    _probe("invalid UTF-8 in a query is refused", MALFORMED, _query("{limit}=%FF")),
    _probe("an encoded NUL in a query is refused", MALFORMED, _query("{limit}=1%00")),
    _probe("raw bytes beyond ASCII in a query are refused", MALFORMED, _query("{limit}=\xff")),
    _id("bad percent-encoding in a path is refused", "%zz", MALFORMED),
    _id("invalid UTF-8 in a path is refused", "%FF", MALFORMED),
    _id("an encoded NUL in a path is refused", "a%00b", MALFORMED),
    _id("raw bytes beyond ASCII in a path are refused", "\xff", MALFORMED),
    _id("an encoded slash does not end a segment", "0190a5f0-0000-7000-8000-000000000000%2Fx"),
    _id("encoded dots do not climb", "%2e%2e"),
    _id("a uuid in braces is refused", "%7B0190a5f0-0000-7000-8000-000000000000%7D"),
    _id("a uuid in raw braces is refused", "{0190a5f0-0000-7000-8000-000000000000}"),
    _id("a uuid without hyphens is refused", "0190a5f0000070008000000000000000"),
    _id("a uuid as a URN is refused", "urn:uuid:0190a5f0-0000-7000-8000-000000000000"),
    _id("a uuid and a line end are refused", "0190a5f0-0000-7000-8000-000000000000%0A"),
    _id("a uuid of full-width digits is refused", "%EF%BC%90190a5f0-0000-7000-8000-000000000000"),
    _id("a trailing slash is another path", "0190a5f0-0000-7000-8000-000000000000/", NOT_FOUND),
    _id("an empty segment is another path", "", NOT_FOUND),
    _probe("a double slash is another path", NOT_FOUND, lambda t: t.get("/" + t.collection)),
    _probe("a trailing slash on a collection is another path", NOT_FOUND, lambda t: t.get(t.collection + "/")),
    _probe("another case is another path", NOT_FOUND, lambda t: t.get(t.collection.upper())),
    _probe("a path whose letters are percent-encoded is another path", NOT_FOUND,
           lambda t: t.get(f"{t.collection[:-1]}%{ord(t.collection[-1]):X}")),
    _probe("an unknown path is refused", NOT_FOUND, lambda t: t.get("/nope")),
    _probe("dots do not climb", NOT_FOUND, lambda t: t.get(f"/nope/..{t.collection}")),
)  # fmt: skip

HEADER_BLOCKS: tuple[Probe, ...] = (
    _authorization("no token is refused"),
    _authorization("an empty Authorization is refused", ""),
    _authorization("a scheme without a token is refused", "Bearer"),
    _authorization("another scheme is refused", "Basic dXNlcjpwYXNz"),
    _authorization("an unknown token is refused", "Bearer nope"),
    _authorization("a token beyond ASCII is refused", "Bearer \xff\xfe"),
    _authorization("a token and more is refused", "Bearer {token} {token}"),
    _authorization("two tokens in one header are refused", "Bearer {token}, Bearer {token}"),
    _authorization("two Authorization headers are refused", "Bearer {token}", "Bearer {token}"),
    *map(_if_match, ("abc", "1", '"1', 'W/"1"x', '"1", *', "")),
    _probe("a header of 70 KB is refused", HEADERS, lambda t: t.get(t.collection, f"X-Long: {'x' * 70_000}")),
    _probe("a cookie of 40 KB is refused", HEADERS, lambda t: t.get(t.collection, f"Cookie: a={'x' * 40_000}")),
    _probe("a URL of 70 KB is refused", HEADERS, lambda t: t.get(f"{t.collection}?a={'1' * 70_000}")),
    _http("a URL of 20 MB is refused", HEADERS, b"GET /", *[b"x" * 65536] * 320, _END),
    _http(
        "a header block of 20 MB is refused",
        HEADERS,
        b"GET / HTTP/1.1\r\n",
        *[b"X: " + b"x" * 8000 + b"\r\n"] * 2500,
        b"\r\n",
    ),
    _http("one header of 20 MB is refused", HEADERS, b"GET / HTTP/1.1\r\nX: ", *[b"x" * 65536] * 320, b"\r\n\r\n"),
    _http("a header name of 20 MB is refused", HEADERS, b"GET / HTTP/1.1\r\n", *[b"x" * 65536] * 320, b": a\r\n\r\n"),
    _http("100,000 headers are refused", HEADERS, b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 100_000, b"\r\n"),
    _http("101 headers are refused", HEADERS, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n"),
)

METHODS: tuple[Probe, ...] = (
    _http("an unknown method is refused", UNKNOWN_METHOD, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
    _http("a method in lower case is refused", UNKNOWN_METHOD, b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    *(
        _probe(f"{method} is refused", NOT_ALLOWED, lambda t, m=method: t.get(t.collection, method=m))  # type: ignore[misc]  # a lambda with a default
        for method in ("TRACE", "PUT", "PROPFIND", "PURGE", "M-SEARCH")
    ),
    _probe("a body on GET is refused", MALFORMED, lambda t: t.get(t.collection, body=b"{}")),
    _probe("a chunked body on GET is refused", MALFORMED, lambda t: (
        "GET", [t.request("GET", t.collection, "Transfer-Encoding: chunked", token=t.token), b"2\r\n{}\r\n0\r\n\r\n"]
    )),
    _probe("a body of 10 MB on GET is refused", MALFORMED, lambda t: t.get(t.collection, body=b"x" * 10 * MEBIBYTE)),
    _probe("an Accept that cannot be met is refused", {406: "not-acceptable"},
           lambda t: t.get(t.collection, "Accept: image/png")),
)  # fmt: skip

HTTP: tuple[Probe, ...] = (
    _http("two Content-Length headers are refused", MALFORMED,
          b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    _http("Content-Length beside Transfer-Encoding is refused", MALFORMED,
          b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    _http("a negative Content-Length is refused", MALFORMED, b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
    _http("a Content-Length with a plus sign is refused", MALFORMED, b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na"),
    _http("a Content-Length of 30 digits is refused", MALFORMED,
          b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n", is_complete=False),
    _http("an unknown transfer coding is refused", MALFORMED,
          b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, klingon\r\n\r\n", is_complete=False),
    _http("a NUL in a header is refused", MALFORMED, b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"),
    _http("a space before a header's colon is refused", MALFORMED, b"GET / HTTP/1.1\r\nX : a\r\n\r\n"),
    _http("a line without a colon is refused", MALFORMED, b"GET / HTTP/1.1\r\nX\r\n\r\n"),
    _http("another protocol is refused", MALFORMED | UNKNOWN_METHOD,
          b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03" * 9 + b"\r\n\r\n"),
    _http("HTTP/2 is refused", MALFORMED, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    _http("HTTP/9.9 is refused", MALFORMED, b"GET / HTTP/9.9\r\n\r\n"),
    _http("an empty target is refused", MALFORMED, b"GET  HTTP/1.1\r\n\r\n"),
    _http("a target that is not a path is refused", MALFORMED, b"GET nope HTTP/1.1\r\n\r\n"),
    _http("CONNECT is refused", MALFORMED | NOT_FOUND, b"CONNECT a:1 HTTP/1.1\r\n\r\n"),
)  # fmt: skip

PROBES: tuple[Probe, ...] = (*BODIES, *PARAMETER_TEXTS, *HEADER_BLOCKS, *METHODS, *HTTP)

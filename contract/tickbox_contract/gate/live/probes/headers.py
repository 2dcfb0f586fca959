"""Probes of headers and methods."""

from __future__ import annotations

from .probe import (
    HEADERS,
    MALFORMED,
    MEBIBYTE,
    NOT_ALLOWED,
    PARAMETERS,
    UNAUTHENTICATED,
    UNKNOWN_METHOD,
    Probe,
    Request,
    Target,
    probe,
    raw,
)

_END = b" HTTP/1.1\r\n\r\n"


def _authorization(sentence: str, *values: str) -> Probe:
    def build(target: Target) -> Request:
        lines = [f"Authorization: {value.format(token=target.token)}" for value in values]
        # The JSON is invalid, too: the token is checked before the body.
        return "POST", [target.request("POST", target.collection, "Content-Type: application/json", *lines, body=b"{")]

    return probe(sentence, UNAUTHENTICATED, build)


def _if_match(value: str) -> Probe:
    def build(target: Target) -> Request | None:
        if target.conditional is None:
            return None
        method, path, media_type, body = target.conditional
        lines = (f"If-Match: {value}", f"Content-Type: {media_type}")
        return target.get(path, *lines, method=method, body=body)

    return probe(f"an If-Match of {value!r} is refused", PARAMETERS, build, "header If-Match pattern")


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
    probe("a header of 70 KB is refused", HEADERS, lambda t: t.get(t.collection, f"X-Long: {'x' * 70_000}")),
    probe("a cookie of 40 KB is refused", HEADERS, lambda t: t.get(t.collection, f"Cookie: a={'x' * 40_000}")),
    probe("a URL of 70 KB is refused", HEADERS, lambda t: t.get(f"{t.collection}?a={'1' * 70_000}")),
    raw("a URL of 20 MB is refused", HEADERS, b"GET /", *[b"x" * 65536] * 320, _END),
    raw(
        "a header block of 20 MB is refused",
        HEADERS,
        b"GET / HTTP/1.1\r\n",
        *[b"X: " + b"x" * 8000 + b"\r\n"] * 2500,
        b"\r\n",
    ),
    raw("one header of 20 MB is refused", HEADERS, b"GET / HTTP/1.1\r\nX: ", *[b"x" * 65536] * 320, b"\r\n\r\n"),
    raw("a header name of 20 MB is refused", HEADERS, b"GET / HTTP/1.1\r\n", *[b"x" * 65536] * 320, b": a\r\n\r\n"),
    raw("100,000 headers are refused", HEADERS, b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 100_000, b"\r\n"),
    raw("101 headers are refused", HEADERS, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 101 + b"\r\n"),
)

METHODS: tuple[Probe, ...] = (
    raw("an unknown method is refused", UNKNOWN_METHOD, b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
    raw("a method in lower case is refused", UNKNOWN_METHOD, b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    *(
        probe(f"{method} is refused", NOT_ALLOWED, lambda t, m=method: t.get(t.collection, method=m))  # type: ignore[misc]  # a lambda with a default
        for method in ("TRACE", "PUT", "PROPFIND", "PURGE", "M-SEARCH")
    ),
    probe("a body on GET is refused", MALFORMED, lambda t: t.get(t.collection, body=b"{}")),
    probe("a chunked body on GET is refused", MALFORMED, lambda t: (
        "GET", [t.request("GET", t.collection, "Transfer-Encoding: chunked", token=t.token), b"2\r\n{}\r\n0\r\n\r\n"]
    )),
    probe("a body of 10 MB on GET is refused", MALFORMED, lambda t: t.get(t.collection, body=b"x" * 10 * MEBIBYTE)),
    probe("an Accept that cannot be met is refused", {406: "not-acceptable"},
           lambda t: t.get(t.collection, "Accept: image/png")),
)  # fmt: skip

"""Probes of HTTP/1.1 itself: what is not a request."""

from __future__ import annotations

from .probe import MALFORMED, NOT_FOUND, UNKNOWN_METHOD, Probe, raw

HTTP: tuple[Probe, ...] = (
    raw("two Content-Length headers are refused", MALFORMED,
          b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    raw("Content-Length beside Transfer-Encoding is refused", MALFORMED,
          b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    raw("a negative Content-Length is refused", MALFORMED, b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
    raw("a Content-Length with a plus sign is refused", MALFORMED, b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na"),
    raw("a Content-Length of 30 digits is refused", MALFORMED,
          b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n", is_complete=False),
    raw("an unknown transfer coding is refused", MALFORMED,
          b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, klingon\r\n\r\n", is_complete=False),
    raw("a NUL in a header is refused", MALFORMED, b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"),
    raw("a space before a header's colon is refused", MALFORMED, b"GET / HTTP/1.1\r\nX : a\r\n\r\n"),
    raw("a line without a colon is refused", MALFORMED, b"GET / HTTP/1.1\r\nX\r\n\r\n"),
    raw("another protocol is refused", MALFORMED | UNKNOWN_METHOD,
          b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03" * 9 + b"\r\n\r\n"),
    raw("HTTP/2 is refused", MALFORMED, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    raw("HTTP/9.9 is refused", MALFORMED, b"GET / HTTP/9.9\r\n\r\n"),
    raw("an empty target is refused", MALFORMED, b"GET  HTTP/1.1\r\n\r\n"),
    raw("a target that is not a path is refused", MALFORMED, b"GET nope HTTP/1.1\r\n\r\n"),
    raw("CONNECT is refused", MALFORMED | NOT_FOUND, b"CONNECT a:1 HTTP/1.1\r\n\r\n"),
)  # fmt: skip

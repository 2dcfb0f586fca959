"""Probes of bodies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

from .probe import BODY, JSON, MALFORMED, MEBIBYTE, MEDIA_TYPE, TOO_LARGE, Probe, Request, Target, probe


def _text(sentence: str, responses: Mapping[int, str], literal: bytes, *places: str) -> Probe:
    return probe(sentence, responses, lambda t: t.post(t.with_text(literal)), *places)


def _moment(literal: str) -> Probe:
    def build(target: Target) -> Request | None:
        return target.post(target.json(**{target.moment: literal})) if target.moment else None

    return probe(f"the moment {literal} is refused", BODY, build, "pointer #/{moment} format")


def _array(sentence: str, item: bytes) -> Probe:
    def build(target: Target) -> Request:
        content = b"[" + b",".join([item] * 1_000_000) + b"]"
        return target.post(target.json(**{target.array or str(target.text): "@"}).replace(b'"@"', content))

    return probe(sentence, BODY | TOO_LARGE, build)


def _several_faults(target: Target) -> Request:
    return target.post(target.json(**{str(target.text): 5, "nope": 1, "~a/b": 2}))


def _conditions_of(target: Target) -> Request:
    return target.post(target.json(nope=1), media_type=f"{target.media_type.title()}; Charset=UTF-8")


def _other_types(target: Target) -> Request:
    return target.post(json.dumps({name: {"a": [1]} for name in target.body} or [1]).encode())


GENERAL: tuple[Probe, ...] = (
    probe("JSON that is cut short is refused", MALFORMED, lambda t: t.post(t.json()[:-1])),
    probe("arrays nested 100,000 deep are refused", MALFORMED, lambda t: t.post(b"[" * 100_000 + b"]" * 100_000)),
    _text("an escaped NUL is refused", BODY, rb'"a\u0000b"', "pointer #/{text} nul"),
    _text("a lone high surrogate is refused", MALFORMED, rb'"\ud800"'),
    probe("invalid UTF-8 is refused", MALFORMED, lambda t: t.post(t.with_text(b'"\xff"'))),
    probe("a name given twice is refused", MALFORMED, lambda t: t.post(b'{"a":1,"a":2,' + t.json()[1:])),
    _text("an integer of 5,000 digits is refused", MALFORMED, b"1" * 5000),
    _text("1e400 is refused", BODY, b"1e400", "pointer #/{text} type"),
    probe("values of another type are refused", BODY, _other_types),
    probe("null is refused", BODY, lambda t: t.post(b"null"), "pointer # type"),
    probe("an array in the place of an object is refused", BODY, lambda t: t.post(b"[]"), "pointer # type"),
    probe("an empty body is refused", MALFORMED, lambda t: t.post(b"")),
    probe("a body of no media type is refused", MEDIA_TYPE, lambda t: t.post(t.json(), media_type=None)),
    probe("the charset UTF-16 is refused", MEDIA_TYPE,
           lambda t: t.post(t.json().decode().encode("utf-16"), media_type="application/json; charset=utf-16")),
    probe("UTF-16 is refused", MALFORMED, lambda t: t.post(t.json().decode().encode("utf-16"))),
    _text("a raw NUL is refused", MALFORMED, b'"a\0b"'),
    probe("a NUL in a name is refused", BODY, lambda t: t.post(b'{"a\\u0000":1,' + t.json()[1:]),
           "pointer # nul", "pointer #/a\0 unknown"),
    _text("a lone low surrogate is refused", MALFORMED, rb'"\udc00"'),
    _text("a surrogate in UTF-8 is refused", MALFORMED, b'"\xed\xa0\x80"'),
    _text("an integer of 4,000 digits is refused", BODY, b"1" * 4000,
          "pointer #/{text} type"),
    _text("-1e400 is refused", BODY, b"-1E+400", "pointer #/{text} type"),
    _text("a long number with a short exponent, beyond a double, is refused", BODY, b"1" + b"0" * 250 + b"e99",
          "pointer #/{text} type"),
    _text("NaN is refused", MALFORMED, b"NaN"),
    _text("Infinity is refused", MALFORMED, b"Infinity"),
    _text("-Infinity is refused", MALFORMED, b"-Infinity"),
    probe("objects nested 40,000 deep are refused", MALFORMED, lambda t: t.post(b'{"a":' * 40_000)),
    probe("two JSON values are refused", MALFORMED, lambda t: t.post(t.json() * 2)),
    probe("a form is refused", MEDIA_TYPE, lambda t: t.post(b"a=b", media_type="application/x-www-form-urlencoded")),
    probe("an empty media type is refused", MEDIA_TYPE, lambda t: t.post(t.json(), media_type="")),
    probe("an invalid media type is refused", MEDIA_TYPE, lambda t: t.post(t.json(), media_type="json")),
    probe("two media types in one are refused", MEDIA_TYPE,
           lambda t: t.post(t.json(), media_type="application/json, text/plain")),
    probe("two Content-Type headers are refused", MEDIA_TYPE,
           lambda t: t.post(t.json(), "Content-Type: application/json")),
    probe("an oddly cased media type does not escape the schema", BODY, _conditions_of, "pointer #/nope unknown"),
    probe("an unknown charset is refused", MEDIA_TYPE,
           lambda t: t.post(t.json(), media_type="application/json; charset=klingon")),
    probe("a compressed body is refused", MEDIA_TYPE,
           lambda t: t.post(gzip.compress(t.json()), "Content-Encoding: gzip")),
    probe("a byte order mark is refused", MALFORMED, lambda t: t.post(b"\xef\xbb\xbf" + t.json())),
    probe("an unknown property is refused", BODY, lambda t: t.post(t.json(nope=1)), "pointer #/nope unknown"),
    probe("an unknown name is repeated in part only", BODY, lambda t: t.post(t.json(**{"n" * 1000: 1})),
           f"pointer #/{'n' * 64}… unknown"),
)  # fmt: skip
"""What is sent to every operation that takes JSON: small, and the most telling first."""

BODIES: tuple[Probe, ...] = (
    *GENERAL,
    probe("10 MB are refused", TOO_LARGE, lambda t: t.post(t.with_text(b'"' + b"x" * 10 * MEBIBYTE + b'"'))),
    probe("10 MB in chunks are refused", TOO_LARGE, lambda t: (
        "POST",
        [
            t.request("POST", t.collection, JSON, "Transfer-Encoding: chunked", token=t.token),
            *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 160,
            b"0\r\n\r\n",
        ],
    )),
    probe("an announced length of 10^15 is refused", TOO_LARGE, lambda t: (
        "POST",
        [t.request("POST", t.collection, "Content-Type: application/json", f"Content-Length: {10**15}", token=t.token)],
    ), is_complete=False),
    probe("20,000 unknown properties are refused", BODY | TOO_LARGE,
           lambda t: t.post(json.dumps({str(i): 1 for i in range(20_000)}).encode())),
    probe("several faults are reported at once", BODY, _several_faults,
           "pointer #/{text} type", "pointer #/nope unknown", "pointer #/~0a~1b unknown"),
    probe("a missing property is refused", BODY, lambda t: t.post(b"{}"), "pointer #/{text} required"),
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

"""Probes of parameters and paths."""

from __future__ import annotations

from collections.abc import Mapping

from .probe import MALFORMED, NOT_FOUND, PARAMETERS, Build, Probe, Request, Target, probe


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
    return probe(sentence, PARAMETERS, _query(f"{{limit}}={text}"), "parameter {limit} type")


def _id(sentence: str, text: str, responses: Mapping[int, str] = PARAMETERS) -> Probe:
    def build(target: Target) -> Request | None:
        return target.get(target.item.replace("{id}", text)) if target.item else None

    return probe(sentence, responses, build)


def _flag(text: str) -> Probe:
    def build(target: Target) -> Request | None:
        return target.get(target.flag + text) if target.flag else None

    return probe(f"the boolean {text!r} is refused", PARAMETERS, build)


PARAMETER_TEXTS: tuple[Probe, ...] = (
    probe("a scalar given twice is refused", PARAMETERS,
           _query("{limit}=1&{limit}=2"), "parameter {limit} repeated"),
    probe("an unknown parameter is refused", PARAMETERS,
           lambda t: t.get(f"{t.collection}?nope=1"), "parameter nope unknown"),
    probe("an unknown parameter is refused on POST, too", PARAMETERS, lambda t: (
        "POST",
        [t.request("POST", f"{t.collection}?nope=1", "Content-Type: application/json", body=t.json(), token=t.token)],
    ), "parameter nope unknown"),
    probe("faults of parameters and body are reported at once", PARAMETERS, lambda t: (
        "POST",
        [t.request("POST", f"{t.collection}?nope=1", "Content-Type: application/json", body=b"{}", token=t.token)],
    ), "parameter nope unknown", "pointer #/{text} required"),
    probe("thousands of unknown parameters are refused", PARAMETERS,
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
    probe("a parameter beyond its range is refused", PARAMETERS,
           _query("{limit}={more}"), "parameter {limit} maximum"),
    *map(_flag, ("True", "TRUE", "1", "yes", "", "%74rue%20")),
    probe("bad percent-encoding in a query is refused", MALFORMED, _query("{limit}=%zz")),
    probe("a percent sign at the end of a query is refused", MALFORMED, _query("{limit}=1%")),
    probe("invalid UTF-8 in a query is refused", MALFORMED, _query("{limit}=%FF")),
    probe("an encoded NUL in a query is refused", MALFORMED, _query("{limit}=1%00")),
    probe("raw bytes beyond ASCII in a query are refused", MALFORMED, _query("{limit}=\xff")),
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
    probe("a double slash is another path", NOT_FOUND, lambda t: t.get("/" + t.collection)),
    probe("a trailing slash on a collection is another path", NOT_FOUND, lambda t: t.get(t.collection + "/")),
    probe("another case is another path", NOT_FOUND, lambda t: t.get(t.collection.upper())),
    probe("a path whose letters are percent-encoded is another path", NOT_FOUND,
           lambda t: t.get(f"{t.collection[:-1]}%{ord(t.collection[-1]):X}")),
    probe("an unknown path is refused", NOT_FOUND, lambda t: t.get("/nope")),
    probe("dots do not climb", NOT_FOUND, lambda t: t.get(f"/nope/..{t.collection}")),
)  # fmt: skip

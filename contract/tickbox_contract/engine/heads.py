"""Checks of the head of a request that the HTTP parser does not make: version, target, Host and transfer coding.

Source: RFC 9112, sections 2.3, 3.2, 6.1; RFC 9110, sections 4.2 and 7.2; RFC 3986, section 3.2.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

VERSIONS = ("1.0", "1.1")
ASTERISK = b"*"

BAD_VERSION = "The version must be HTTP/1.1 or HTTP/1.0 (RFC 9112, section 2.3)."
BAD_TARGET = (
    "The request target must be a path with or without a query, or an http URI, without a fragment or user information"
    " (RFC 9112, section 3.2)."
)
BAD_HOST = "A request must have one Host header with a valid host and port (RFC 9112, section 3.2)."
BAD_LENGTH = (
    "The length of the body is not valid: Content-Length, Transfer-Encoding or the chunks (RFC 9112, section 6)."
)
MALFORMED = "This is not valid HTTP/1.1 (RFC 9112)."

_PARSERS_WORDS = (
    (re.compile(r"url|query|fragment", re.IGNORECASE), BAD_TARGET),
    (re.compile(r"version|HTTP/", re.IGNORECASE), BAD_VERSION),
    (re.compile(r"content-length|transfer-encoding|chunk", re.IGNORECASE), BAD_LENGTH),
)
"""Words of llhttp for the parts of a request, and the sentence for each."""

_OPTIONS = b"OPTIONS"
_HOST = re.compile(
    rb"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|\[v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+\]"
    rb"|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)
_ABSOLUTE = re.compile(rb"https?://(?P<authority>[^/?#]+)(?P<rest>[/?][^#]*)?", re.IGNORECASE)


class MalformedHeadError(Exception):
    """The head is not HTTP/1.0 or HTTP/1.1. Its text is a sentence for the client that says which part of it."""


class UnknownCodingError(Exception):
    """The body has a transfer coding other than chunked."""


def sentence_of(error: BaseException | None, parsers_message: str) -> str:
    """The sentence for the client: that of *error* if it is a MalformedHeadError, otherwise by *parsers_message*."""
    if isinstance(error, MalformedHeadError):
        return str(error)
    return next((said for words, said in _PARSERS_WORDS if words.search(parsers_message)), MALFORMED)


def check_hosts(values: Sequence[bytes], version: str) -> None:
    """Raise MalformedHeadError unless there is one valid `Host`; HTTP/1.0 may have none.

    An empty one is valid: a client sends it if its target has no authority (RFC 9112, section 3.2).
    """
    if len(values) > 1 or (not values and version != "1.0") or not all(map(_is_host, values)):
        raise MalformedHeadError(BAD_HOST)


def check_codings(values: Sequence[bytes], version: str) -> None:
    """Raise UnknownCodingError unless a `Transfer-Encoding` is exactly `chunked`, the only one that is supported.

    Raises MalformedHeadError on any in HTTP/1.0, which does not have it: then the framing is wrong.
    """
    if not values:
        return
    if version == "1.0":
        raise MalformedHeadError(BAD_LENGTH)
    if b",".join(values).strip().lower() != b"chunked":
        raise UnknownCodingError


def origin_form(target: bytes, method: bytes) -> bytes:
    """*target* as path and query, whichever form it has; `*` for the server as a whole, only for OPTIONS.

    The authority of an absolute form is checked and dropped, like `Host`: this server serves every name. Raises
    MalformedHeadError on a fragment, on user information, and on anything else that is not a form of a target.
    """
    if target.startswith(b"/") and b"#" not in target:
        return target
    if target == ASTERISK and method == _OPTIONS:
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None or absolute["authority"].startswith(b":") or not _is_host(absolute["authority"]):
        raise MalformedHeadError(BAD_TARGET)
    rest: bytes = absolute["rest"] or b""
    if not rest and method == _OPTIONS:
        return ASTERISK
    return rest if rest.startswith(b"/") else b"/" + rest


def _is_host(value: bytes) -> bool:
    """Whether *value* is a `uri-host [ ":" port ]`."""
    matched = _HOST.fullmatch(value)
    if matched is None:
        return False
    if matched["ipv6"] is None:
        return True
    try:
        ipaddress.IPv6Address(matched["ipv6"].decode("ascii"))
    except ValueError:
        return False
    return True

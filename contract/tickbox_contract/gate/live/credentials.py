"""How a token is sent, and what looks like a token that a server has issued, and is not one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.operations import Operation

MADE_UP = "nobody-issued-this"


class Credentials(NamedTuple):
    """Lines of a header, and a part of a query, that say who sends a request; `name` is for people."""

    name: str
    lines: tuple[str, ...] = ()
    query: str = ""

    @property
    def content(self) -> tuple[object, ...]:
        """What is sent."""
        return self.lines, self.query


def carrying(contract: Contract, operation: Operation, token: str, name: str) -> Credentials:
    """*token* as the first requirement of *operation* wants it: as an API key, for Basic, or as a bearer token."""
    known = contract.node.at("components").members("securitySchemes")
    for scheme in next(iter(operation.security or ()), {}):
        node = contract.follow(known[scheme]) if scheme in known else None
        if node is not None and node.get("type") == "apiKey":
            key, place = str(node.get("name")), node.get("in")
            if place == "query":
                return Credentials(name, query=f"{quote(key)}={quote(token)}")
            return Credentials(name, (f"Cookie: {key}={token}" if place == "cookie" else f"{key}: {token}",))
        if node is not None and str(node.get("scheme")).lower() == "basic":
            return bearer(token, name, scheme="Basic")
    return bearer(token, name)


def bearer(token: str, name: str, *, scheme: str = "Bearer") -> Credentials:
    """*token* as RFC 6750, section 2.1, sends it."""
    return Credentials(name, (f"Authorization: {scheme} {token}".rstrip(),))


def refused(good: str | None) -> Iterator[Credentials]:
    """What no server may accept. If a *good* token is known, what is made of it, too."""
    yield Credentials("no token")
    yield bearer("", "a scheme without a token")
    yield bearer(MADE_UP, "a token that nobody issued")
    yield bearer(base64.b64encode(b"nobody:nothing").decode(), "a password that nobody has (Basic)", scheme="Basic")
    if good is not None:
        yield bearer(good, "a good token with the scheme Basic", scheme="Basic")
        yield Credentials("a good token in the query", query=f"access_token={quote(good)}")
        yield bearer(altered(good), "a good token, one character of which is changed")
        yield from (bearer(token, f"a good JWT, {name}") for name, token in _forged(good))


def altered(token: str) -> str:
    """*token* with another character in the middle of its last part, which is the signature of a JWT."""
    at = len(token) - len(token.rpartition(".")[2]) // 2 - 1
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


def _forged(token: str) -> Iterator[tuple[str, str]]:
    """If *token* is a JWT, others with its claims or more, which only a server accepts that does not verify them.

    Source: RFC 8725, sections 2.1 and 3.1.
    """
    parts = token.split(".")
    decoded = [_decoded(part) for part in parts[:2]]
    if len(parts) != 3 or not all(isinstance(part, dict) for part in decoded):  # noqa: PLR2004  # RFC 7515, section 3.1
        return
    header, claims = decoded
    for algorithm in ("none", "nOnE"):
        yield f"with the algorithm {algorithm} and no signature", f"{_encoded(header | {'alg': algorithm})}.{parts[1]}."
    yield "without its signature", f"{parts[0]}.{parts[1]}."
    yield "with other claims", f"{parts[0]}.{_encoded(claims | {'exp': 2**32, 'admin': True})}.{parts[2]}"


def _decoded(part: str) -> Any:  # JSON
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()

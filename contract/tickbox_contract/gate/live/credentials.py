"""How a token is sent, and what looks like a token that a server has issued, and is not one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.operations import Operation

MADE_UP = base64.b64encode(b"nobody:nothing").decode()
"""A token that nobody issued; for Basic, somebody with a password."""


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
    """*token* as the first security scheme of *operation* wants it."""
    return next(_carrying(contract, operation, token, name), bearer(token, name))


def _carrying(contract: Contract, operation: Operation, token: str, name: str) -> Iterator[Credentials]:
    """*token* as each security scheme of *operation* wants it: as an API key, for Basic, or as a bearer token."""
    known = contract.node.at("components").members("securitySchemes")
    for scheme in (scheme for requirement in operation.security or () for scheme in requirement if scheme in known):
        node = contract.follow(known[scheme])
        key, place = str(node.get("name")), node.get("in")
        if node.get("type") != "apiKey":
            yield bearer(token, name, scheme="Basic" if str(node.get("scheme")).lower() == "basic" else "Bearer")
        elif place == "query":
            yield Credentials(name, query=f"{quote(key)}={quote(token)}")
        else:
            yield Credentials(name, (f"Cookie: {key}={token}" if place == "cookie" else f"{key}: {token}",))


def bearer(token: str, name: str, *, scheme: str = "Bearer") -> Credentials:
    """*token* as RFC 6750, section 2.1, sends it."""
    return Credentials(name, (f"Authorization: {scheme} {token}".rstrip(),))


def refused(contract: Contract, operation: Operation, good: str | None) -> Iterator[Credentials]:
    """What no server may accept for *operation*. If a *good* token is known, what is made of it, too."""
    sent = {each.content for each in _carrying(contract, operation, good, "")} if good else set()
    for each in _refused(contract, operation, good):
        if each.content not in sent:
            sent.add(each.content)
            yield each


def _refused(contract: Contract, operation: Operation, good: str | None) -> Iterator[Credentials]:
    yield Credentials("no token")
    yield bearer("", "a scheme without a token")
    yield bearer(MADE_UP, "a token that nobody issued")
    yield bearer(MADE_UP, "a password that nobody has (Basic)", scheme="Basic")
    false = [("a token that nobody issued", MADE_UP)]
    if good is not None:
        yield bearer(good, "a good token with the scheme Basic", scheme="Basic")
        yield Credentials("a good token in the query", query=f"access_token={quote(good)}")
        false += [("a good token, one character of which is changed", altered(good))]
        false += [(f"a good JWT, {name}", token) for name, token in _forged(good)]
    for name, token in false:
        yield from _carrying(contract, operation, token, name)


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

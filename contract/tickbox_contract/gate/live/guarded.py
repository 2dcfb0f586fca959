"""Stage `guarded`: whether each operation that needs a token refuses a request without one that suffices.

Every request has the first examples of the contract. A caller who may do something is not sent to do it, so nothing is
changed on a server that is guarded.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import NamedTuple

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.rules import Hit, rules_of

from . import wire
from .conforming import TIMEOUT_S, require_unlimited, required
from .requests import request_of
from .servers import Caller, Server

_MADE_UP = "nobody-issued-this"
_REFUSED = frozenset({401, 403})
_HIDDEN = frozenset({401, 403, 404})
"""A server may hide from a caller what the caller may not see (RFC 9110, section 15.5.4)."""


class _Sender(NamedTuple):
    """A caller whose request must be refused, and the statuses of the refusal."""

    name: str
    token: str | None
    statuses: frozenset[int]


def _tokens(contract: Contract) -> Iterator[Hit]:
    server = required(contract)
    senders = [_Sender("no token", None, _REFUSED), _Sender("a token that nobody issued", _MADE_UP, _REFUSED)]
    senders += [
        _Sender(f"the expired token of {each.name}", each.token.value(), _REFUSED)
        for each in server.callers
        if each.is_expired
    ]
    for operation in contract.operations:
        for sender in senders if operation.needs_token else ():
            yield from _refused(contract, server, operation, sender)


def _rights(contract: Contract) -> Iterator[Hit]:
    server = required(contract)
    callers = [caller for caller in server.callers if not caller.is_expired]
    if not callers:
        raise NotCheckableError("the settings name no callers ([[server.callers]])")
    for operation in contract.operations:
        for caller in callers if operation.needs_token else ():
            if lacking := _lacking(operation, caller):
                sender = _Sender(f"the token of {caller.name}, who lacks {lacking}", caller.token.value(), _HIDDEN)
                yield from _refused(contract, server, operation, sender)


def _lacking(operation: Operation, caller: Caller) -> str | None:
    """What *caller* lacks for *operation*, of its `x-access`."""
    access = operation.node.at("x-access")
    scope, role = access.get("scope"), access.get("role")
    if isinstance(scope, str) and scope not in caller.scopes:
        return f"the scope {scope}"
    return f"the role {role}" if isinstance(role, str) and role not in caller.roles else None


def _refused(contract: Contract, server: Server, operation: Operation, sender: _Sender) -> Iterator[Hit]:
    """A hit unless the request is refused. One that is refused for another reason was looked at first: a warning."""
    pointer = operation.node.pointer
    request = request_of(contract, operation, server, token=sender.token)
    if request is None:
        yield Hit(pointer, f"{operation.name} was not sent: its path needs a value", severity="warning")
        return
    status = _status(server, request, operation.method.upper())
    if status not in sender.statuses:
        is_other = http.client.BAD_REQUEST <= status < http.client.INTERNAL_SERVER_ERROR
        wanted = " or ".join(map(str, sorted(sender.statuses)))
        message = f"{operation.name} with {sender.name}: the response is {status}, and must be {wanted}"
        yield Hit(pointer, message, severity="warning" if is_other else None)


def _status(server: Server, request: bytes, method: str) -> int:
    try:
        reply = wire.exchange(server.endpoint(), [request], timeout_s=TIMEOUT_S, method=method)
    except (OSError, http.client.HTTPException) as error:
        raise NotCheckableError(f"{server.host} does not respond: {error}") from error
    require_unlimited(reply)
    return reply.status


RULES = rules_of("guarded", (
    ("guarded-operations", "OWASP API2:2023; RFC 9110, 15.5.2", _tokens,
     "An operation that needs a token refuses a request without a valid one, before it looks at anything else."),
    ("guarded-rights", "OWASP API5:2023", _rights,
     "A token for less does not do more: `x-access` says which scope and role an operation needs."),
))  # fmt: skip

"""Stage `guarded`: the access matrix of a running server, each operation with each kind of caller.

    guarded-operations   without a token, with wrong ones, with expired ones: refused
    guarded-rights       with the token of a caller who lacks the scope or the role: refused
    guarded-resources    with the token of one caller, and a path to what is another caller's: refused
    allowed-requests     with the token of a caller who may: not refused, or the three above show nothing

What must be refused changes nothing on a server that is guarded. Of what must not be refused only reads are sent, and
the writes that the settings name.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.openapi.rules import Hit, rules_of

from . import credentials
from .attempts import NOT_THEIRS, REFUSED, Attempt, required_server
from .callers import Caller, Values
from .credentials import carrying
from .requests import path_names
from .servers import Server

_OWNER = "the token of the settings"


def _tokens(contract: Contract) -> Iterator[Hit]:
    server = required_server(contract)
    expired = [caller for caller in server.callers if caller.is_expired]
    attempts = list(_guarded(contract, server))
    if not attempts:
        yield Hit((), "nothing was sent: no operation needs a token (`security`)", severity="warning")
    for attempt in attempts:
        made_up = credentials.refused(contract, attempt.operation, server.bearer)
        theirs = (attempt.by(caller, f"the expired token of {caller.name}") for caller in expired)
        for sender in (*made_up, *theirs):
            yield from attempt.refused(sender, REFUSED)


def _rights(contract: Contract) -> Iterator[Hit]:
    server = required_server(contract)
    if not (callers := _valid(server)):
        raise NotCheckableError("the settings name no callers ([[server.callers]])")
    for attempt in _guarded(contract, server):
        for caller in callers:
            if lacking := _lacking(attempt, caller):
                sender = attempt.by(caller, f"the token of {caller.name}, who lacks {lacking}")
                yield from attempt.with_values(caller.values).refused(sender, REFUSED | NOT_THEIRS)


def _resources(contract: Contract) -> Iterator[Hit]:
    server = required_server(contract)
    attempts = list(_guarded(contract, server))
    names = {name for attempt in attempts for name in path_names(attempt.operation)}
    if names and not any(caller.values for caller in _valid(server)):
        yield Hit((), "nothing was sent: no caller in the settings has `values`", severity="warning")
    for caller in _valid(server):
        for name in sorted(caller.values.keys() - names):
            yield Hit((), f"{caller.name} has a value for {name}, which is in no path", severity="warning")
        for attempt in attempts:
            sender = attempt.by(caller, f"the token of {caller.name}, and a path to what is another caller's")
            for values in _of_others(path_names(attempt.operation), server, caller):
                yield from attempt.with_values(values).refused(sender, NOT_THEIRS)


def _of_others(names: list[str], server: Server, caller: Caller) -> Iterator[Values]:
    """Values for *names*, those of a path, that do not belong to *caller*: all of another caller, or the last one.

    A path whose last resource alone is another caller's looks like the caller's own: its first resource is.
    """
    owners = ({}, *(other.values for other in _valid(server)))
    tried: list[Values] = []
    for values in (server.with_values(owner).values for owner in owners):
        theirs = {name: values[name] for name in names if name in values}
        within = {**theirs, **{name: caller.values[name] for name in names[:-1] if name in caller.values}}
        for found in (theirs, within):
            is_foreign = any(found.get(name, own) != own for name, own in caller.values.items())
            is_foreign = is_foreign or (found != theirs and names[-1] in theirs and names[-1] not in caller.values)
            if is_foreign and found not in tried:
                tried.append(found)
                yield found


def _allowed(contract: Contract) -> Iterator[Hit]:
    server = required_server(contract)
    if server.token is None:
        yield Hit((), "no token is named: a server that refuses everybody would pass as well", severity="warning")
        return
    attempts = {attempt.operation.name: attempt for attempt in _guarded(contract, server)}
    if unknown := [name for name in server.allowed_writes if name not in attempts]:
        raise NotCheckableError(f"`allowed-writes` has {', '.join(unknown)}: no operation that needs a token")
    reads = [attempt for attempt in attempts.values() if attempt.operation.is_safe]
    tried = [*reads, *(attempts[name] for name in server.allowed_writes)]
    for attempt in tried:
        yield from _admitted(attempt, server.bearer or "")
    statuses = {status for attempt in tried for status in attempt.statuses}
    if tried and not any(status < http.client.BAD_REQUEST or status in REFUSED for status in statuses):
        raise NotCheckableError(
            "no request with a good token succeeds, so refusals show nothing: does the URL end with the path of the "
            "contract's `servers`, and do the parameters of paths have values?"
        )


def _admitted(attempt: Attempt, token: str) -> Iterator[Hit]:
    """Hits for those who may do it, and are refused: *token*, which may do everything, and callers with the rights."""
    sender = carrying(attempt.contract, attempt.operation, token, _OWNER)
    yield from attempt.admitted(sender, must_succeed=attempt.operation.is_safe)
    lower = credentials.bearer(token, f"{_OWNER}, and its scheme in lower case", scheme="bearer")
    if attempt.operation.is_safe and sender.lines == credentials.bearer(token, "").lines:
        yield from attempt.admitted(lower)
    for caller in _valid(attempt.server) if attempt.operation.node.at("x-access").value else ():
        if not _lacking(attempt, caller):
            sender = attempt.by(caller, f"the token of {caller.name}, who lacks nothing")
            yield from attempt.with_values(caller.values).admitted(sender)


def _guarded(contract: Contract, server: Server) -> Iterator[Attempt]:
    """The operations that need a token."""
    yield from (Attempt(contract, server, each) for each in contract.operations if each.needs_token)


def _valid(server: Server) -> list[Caller]:
    return [caller for caller in server.callers if not caller.is_expired]


def _lacking(attempt: Attempt, caller: Caller) -> str | None:
    words = attempt.contract.surroundings.access_words or {}
    return caller.lacks(attempt.operation.node.at("x-access").value, tuple(words.get("role", ())))


RULES = rules_of("guarded", (
    ("guarded-operations", "OWASP API2:2023; RFC 9110, 15.5.2", _tokens,
     "An operation that needs a token refuses a request without a valid one, before it looks at anything else."),
    ("guarded-rights", "OWASP API5:2023", _rights,
     "A token for less does not do more: `x-access` says which scope and role an operation needs."),
    ("guarded-resources", "OWASP API1:2023", _resources,
     "A caller cannot reach what belongs to another one: not by its path, and not through a path of their own."),
    ("allowed-requests", "RFC 9110, 11.1 and 15.5.4", _allowed,
     "A caller with the rights is not refused: a server that refuses everybody is not guarded but closed."),
))  # fmt: skip

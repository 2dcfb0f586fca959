"""How often somebody may call: `x-rate-limit`, what the engine asks of the application's counter, and what it tells.

    x-rate-limit: <policy>   the call counts against this policy of the application, and no other
    x-rate-limit: none       it is not counted
    left out                 it counts against `default`

The application counts (a `Limiter`); when, and what a client is told of it, is decided here. A call is counted once.
With `default` that is after its token was looked at and before anything else is. With another policy it is when the
call has been checked and is about to be performed; one that is refused before that counts against `default`, so that
mistakes do not use up what is tight, and are not free. A caller who has nothing left of either is refused before
anything is read. A token that is not good counts against the address that it came from. What was counted is put into
the request's scope, from which each response gets its headers. A representation of 64 KiB or more counts again when it
was encoded, whether it is sent or only compared with the request's conditions: what it cost is known only then, so the
response is sent, and the next call may be one too many.

Source: IETF draft-ietf-httpapi-ratelimit-headers; RFC 6585, section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from starlette.types import Scope

from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.problems import RATE_LIMITED

from .declared_responses import DeclaredResponse, EncodedResponse
from .mismatches import Mismatches
from .problems import refuse

RATE_LIMIT = "x-rate-limit"
DEFAULT_POLICY = "default"
UNLIMITED = "none"

UNIT_BYTES = 64 * 1024
"""A call is one unit, and one more for each time that what was encoded for it has so many bytes."""

_CONTEXT = "contract_allowance"
_HEADERS = ("RateLimit", "RateLimit-Policy")


class Allowance(NamedTuple):
    """What came of counting a call: *policy* lets through *quota* calls in a window of *window_s* seconds.

    *remaining* of them are left until the window ends in *reset_s* seconds, at least 1. *exceeded* says that this call
    was one too many.
    """

    policy: str
    quota: int
    window_s: int
    remaining: int
    reset_s: int
    exceeded: bool


class Limiter(Protocol):
    """Counts calls. None from any of these means that nothing was counted: there is no limit, or it cannot be known.

    *address* is the client's, None where the server does not know it.
    """

    async def count(
        self,
        policy: str,
        *,
        address: str | None,
        principal: Any,
        units: int = 1,  # an application's
    ) -> Allowance | None:
        """Count *units* against *policy*: of *principal*, or where that is None, of *address*."""
        ...

    async def look(self, policy: str, *, address: str | None, principal: Any) -> Allowance | None:  # as above
        """An exceeded allowance where `count` is known to answer one. Nothing is counted."""
        ...

    async def look_at_failures(self, address: str | None) -> Allowance | None:
        """An exceeded allowance where *address* has nothing left of calls without a good token. Nothing is counted."""
        ...

    async def count_failure(self, address: str | None) -> Allowance | None:
        """Count one call of *address* without a good token, where one was needed."""
        ...


@dataclass(slots=True)
class Tally:
    """Counts one call, which *scope* is of, against *policy*. Each method raises Refused (429) for one too many.

    `arrived` comes before the call is checked, then either `refused` or `checked`. Then come `encoded`, as often as
    something was, and `performed`, whatever came of the call; these two raise nothing.
    """

    limiter: Limiter
    policy: str
    scope: Scope
    principal: Any  # an application's
    _more_units: int = 0

    async def arrived(self) -> None:
        """Count the call, if that does not depend on how it is checked."""
        if self.policy == DEFAULT_POLICY:
            await self._count(self.policy)
            return
        for policy in (self.policy, DEFAULT_POLICY):
            _apply(self.scope, await self.limiter.look(policy, **self._caller))

    async def refused(self) -> None:
        """The call is refused, and was not performed."""
        if self.policy != DEFAULT_POLICY:
            await self._count(DEFAULT_POLICY)

    async def checked(self) -> None:
        """The call is about to be performed."""
        if self.policy != DEFAULT_POLICY:
            await self._count(self.policy)

    def encoded(self, encoded: EncodedResponse) -> None:
        """Remember what *wire* takes more than one unit. Nothing is counted yet: the call may hold a lock."""
        self._more_units += len(encoded.body) // UNIT_BYTES if isinstance(encoded.body, bytes) else 0

    async def performed(self) -> None:
        """Count what was encoded for the call, beside the unit that it was counted as."""
        if self._more_units:
            _note(self.scope, await self.limiter.count(self.policy, units=self._more_units, **self._caller))

    async def _count(self, policy: str) -> None:
        _apply(self.scope, await self.limiter.count(policy, **self._caller))

    @property
    def _caller(self) -> dict[str, Any]:
        return {"address": _address_of(self.scope), "principal": self.principal}


async def require_patience_left(limiter: Limiter, scope: Scope) -> None:
    """Raise Refused (429) where the client's address has made too many calls without a good token."""
    _apply(scope, await limiter.look_at_failures(_address_of(scope)))


async def count_failure(limiter: Limiter, scope: Scope) -> None:
    """Count a call without a good token. Raises Refused (429) where it is one too many."""
    _apply(scope, await limiter.count_failure(_address_of(scope)))


def with_allowance(encoded: EncodedResponse, scope: Scope) -> EncodedResponse:
    """*wire* with what was counted for its request, if anything was."""
    allowance: Allowance | None = scope.get("extensions", {}).get(_CONTEXT)
    if allowance is None:
        return encoded
    policy, quota, window_s, remaining, reset_s, _ = allowance
    told = [
        (b"ratelimit", f'"{policy}";r={remaining};t={reset_s}'.encode("ascii")),
        (b"ratelimit-policy", f'"{policy}";q={quota};w={window_s}'.encode("ascii")),
    ]
    return encoded._replace(headers=[*encoded.headers, *told])


def policy_of(operation: Operation, policies: Collection[str], mismatches: Mismatches) -> str | None:
    """The policy that requests for *operation* count against; None if they are not counted."""
    policy = operation.node.value.get(RATE_LIMIT, DEFAULT_POLICY if policies else UNLIMITED)
    if policy == UNLIMITED:
        return None
    if policy not in policies:
        mismatches.report(operation, f"{RATE_LIMIT} names the unknown policy {policy!r}")
        return None
    return str(policy)


def undeclared(responses: Mapping[int, DeclaredResponse]) -> list[str]:
    """In words, what a limited operation's answers must declare, and do not."""
    wanted = {(status, name) for status in responses for name in _HEADERS} | {(429, "Retry-After")}
    return [
        f"the response {status} does not declare {name}"
        for status, name in sorted(wanted)
        if status in responses and name.lower() not in responses[status].headers
    ]


def _note(scope: Scope, allowance: Allowance | None) -> None:
    if allowance is not None:
        scope.setdefault("extensions", {})[_CONTEXT] = allowance


def _apply(scope: Scope, allowance: Allowance | None) -> None:
    _note(scope, allowance)
    if allowance is not None and allowance.exceeded:
        policy, _, _, _, reset_s, _ = allowance
        detail = f"There were too many requests under the rate limit policy '{policy}'. Try again in {reset_s} s."
        raise refuse(RATE_LIMITED, detail, headers={"Retry-After": str(allowance.reset_s)})


def _address_of(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None

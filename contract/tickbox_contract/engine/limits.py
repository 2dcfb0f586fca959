"""Rate limits: `x-rate-limit`, when requests are counted, and the headers about it.

    x-rate-limit: <policy>   the request counts against this policy of the application, and no other
    x-rate-limit: none       it is not counted
    left out                 it counts against `default`

The application counts (a `Limiter`); this module decides when, and what a client learns about it.

- A request is counted once. With the policy `default`, this happens after its token was checked and before anything
  else. With another policy, it happens when the request was checked and is about to be performed. A request that is
  rejected before that counts against `default`: a mistake does not use up a tight limit, and is not free.
- If nothing is left of either policy, a request is rejected before anything is read.
- A request without a valid token counts against its address.
- The count is put into the scope of the request, from which each response gets its headers.
- A stream counts again for each 64 KiB that it sends. It ends when nothing is left: its client connects again, and
  gets the 429.
- A representation of 64 KiB or more counts again after it was encoded, whether it is sent or only compared with the
  conditions of the request. Each five operations that are performed as parts of a request count as one request. The
  cost is known only then, so the response is sent, and the next request may be rejected.

Source: IETF draft-ietf-httpapi-ratelimit-headers; RFC 6585, section 4.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from starlette.types import Scope

from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.problems import RATE_LIMITED
from tickbox_contract.openapi.servable import RATE_LIMIT, UNLIMITED

from .declared_responses import DeclaredResponse, EncodedResponse
from .mismatches import Mismatches
from .problems import refuse

DEFAULT_POLICY = "default"

UNIT_BYTES = 64 * 1024
"""A request is one unit, and one more for each time that its encoded representation has so many bytes."""

PARTS_OF_UNIT = 5
"""How many operations that are performed as parts of a request (see `parts`) are one unit."""

_CONTEXT = "contract_allowance"
_HEADERS = ("RateLimit", "RateLimit-Policy")


class Allowance(NamedTuple):
    """The result of counting a request: *policy* allows *quota* requests in a window of *window_s* seconds.

    *remaining* of them are left until the window ends in *reset_s* seconds, at least 1. *exceeded* means that this
    request was one too many.
    """

    policy: str
    quota: int
    window_s: int
    remaining: int
    reset_s: int
    exceeded: bool


class Limiter(Protocol):
    """Counts requests. Each method returns None if nothing was counted: there is no limit, or it is not known.

    *address* is that of the client, None if the server does not know it.
    """

    async def count(
        self,
        policy: str,
        *,
        address: str | None,
        principal: Any,
        units: int = 1,  # an application's
    ) -> Allowance | None:
        """Count *units* against *policy*: for *principal*, or if that is None, for *address*."""
        ...

    async def look(self, policy: str, *, address: str | None, principal: Any) -> Allowance | None:  # as above
        """An exceeded allowance if `count` would return one. Nothing is counted."""
        ...

    async def look_at_failures(self, address: str | None) -> Allowance | None:
        """An exceeded allowance if *address* may send no more requests without a valid token. Nothing is counted."""
        ...

    async def count_failure(self, address: str | None) -> Allowance | None:
        """Count one request of *address* without a valid token, for an operation that needs one."""
        ...


class Count(Protocol):
    """Takes note of what a request costs beside its first unit."""

    def encoded(self, encoded: EncodedResponse) -> None:
        """A representation was encoded."""
        ...

    def part(self) -> None:
        """A part of the request is about to be performed."""
        ...


class _Uncounted:
    def encoded(self, encoded: EncodedResponse) -> None:
        """Count nothing."""

    def part(self) -> None:
        """Count nothing."""


UNCOUNTED: Final[Count] = _Uncounted()
"""For a request that is not limited."""


@dataclass(slots=True)
class Tally:
    """Counts the request of *scope* against *policy*. Each method raises Refused (429) if it is one too many.

    `arrived` comes before the request is checked, then either `refused` or `checked`. Then come `encoded`, once for
    each encoded representation, `part`, once for each part, and `performed`, whether the request failed or not; these
    raise nothing.
    """

    limiter: Limiter
    policy: str
    scope: Scope
    principal: Any  # an application's
    _more_units: int = 0
    _parts: int = 0

    async def arrived(self) -> None:
        """Count the request, if that does not depend on whether it is rejected."""
        if self.policy == DEFAULT_POLICY:
            await self._count(self.policy)
            return
        for policy in (self.policy, DEFAULT_POLICY):
            _apply(self.scope, await self.limiter.look(policy, **self._caller))

    async def refused(self) -> None:
        """Count a request that was rejected and not performed."""
        if self.policy != DEFAULT_POLICY:
            await self._count(DEFAULT_POLICY)

    async def checked(self) -> None:
        """Count a request that is about to be performed."""
        if self.policy != DEFAULT_POLICY:
            await self._count(self.policy)

    def encoded(self, encoded: EncodedResponse) -> None:
        """Remember the units of *encoded* beyond the first. Nothing is counted yet: the request may hold a lock."""
        self._more_units += len(encoded.body) // UNIT_BYTES if isinstance(encoded.body, bytes) else 0

    async def streamed(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """*chunks* of a stream of events, until nothing is left for those that are counted."""
        size = 0
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk
                units, size = divmod(size + len(chunk), UNIT_BYTES)
                del chunk  # the next one may be long in coming
                if units:
                    allowance = await self.limiter.count(self.policy, units=units, **self._caller)
                    if allowance is not None and allowance.exceeded:
                        return

    def part(self) -> None:
        """Remember a part. The first ones are in the unit that was counted before."""
        self._parts += 1

    async def performed(self) -> None:
        """Count what was remembered, beside the unit that was counted before."""
        more_units = self._more_units + max(0, self._parts - 1) // PARTS_OF_UNIT
        if more_units:
            _note(self.scope, await self.limiter.count(self.policy, units=more_units, **self._caller))

    async def _count(self, policy: str) -> None:
        _apply(self.scope, await self.limiter.count(policy, **self._caller))

    @property
    def _caller(self) -> dict[str, Any]:
        return {"address": _address_of(self.scope), "principal": self.principal}


async def require_failures_left(limiter: Limiter, scope: Scope) -> None:
    """Raise Refused (429) if the client's address has sent too many requests without a valid token."""
    _apply(scope, await limiter.look_at_failures(_address_of(scope)))


async def count_failure(limiter: Limiter, scope: Scope) -> None:
    """Count a request without a valid token. Raises Refused (429) if it is one too many."""
    _apply(scope, await limiter.count_failure(_address_of(scope)))


def with_allowance(encoded: EncodedResponse, scope: Scope) -> EncodedResponse:
    """*encoded* with the headers about what was counted for its request, if anything was."""
    allowance: Allowance | None = scope.get("extensions", {}).get(_CONTEXT)
    if allowance is None:
        return encoded
    policy, quota, window_s, remaining, reset_s, _ = allowance
    headers = [
        (b"ratelimit", f'"{policy}";r={remaining};t={reset_s}'.encode("ascii")),
        (b"ratelimit-policy", f'"{policy}";q={quota};w={window_s}'.encode("ascii")),
    ]
    return encoded._replace(headers=[*encoded.headers, *headers])


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
    """In words, the headers that the responses of a limited operation must declare and do not."""
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

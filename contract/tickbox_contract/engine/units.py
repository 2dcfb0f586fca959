"""The interface between the engine and its application: the context of a request, and its unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Self

from tickbox_contract.responses import Problem

from .access import AuthContext
from .limits import Limiter
from .violations import ResponseCheck


class Client(NamedTuple):
    """The sender of a request: the address, if the server knows it, and the `User-Agent`, or an empty text."""

    address: str | None
    agent: str


class RequestContext(NamedTuple):
    """What a unit of work needs to know about its request.

    `admit_role` raises Refused if the given role is not enough; a write checks again under its lock. `is_admitted`
    returns whether the caller still has access: the token is looked up again, and role and scope are compared again. A
    stream checks this at each wake-up, long after its unit of work has ended.
    """

    operation_id: str
    safe: bool
    path: Mapping[str, Any]
    auth: AuthContext | None
    admit_role: Callable[[str | None], None]
    is_admitted: Callable[[], Awaitable[bool]]
    client: Client


class Unit(Protocol):
    """A unit of work: nothing that a handler did through it is kept unless `commit` returned."""

    async def __aenter__(self) -> Self:
        """Begin. A transaction need not be open yet."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and release everything."""
        ...

    async def commit(self) -> None:
        """Commit. Called once, by the engine, after the response was checked."""
        ...

    async def require(self, check: Callable[[], Awaitable[None]]) -> None:
        """Await *check*, which compares the conditions of the request, and raises Refused if one is false.

        A unit that commits in several steps awaits it again at the beginning of each.
        """
        ...

    async def recall(self, key: str, request: bytes) -> tuple[bytes, bytes] | None:
        """Claim an idempotency key for the request with this digest, or return the digest and response that it has.

        Called before anything else. If several requests claim it at once, one continues and the others wait for it.
        """
        ...

    async def record(self, response: bytes) -> None:
        """Store *response* under the claimed key, if there is a commit."""
        ...

    async def claim(self, client_id: Any, request: bytes) -> Literal["new", "repeated", "taken"]:
        """Claim an id that the client chose for what the request with this digest creates.

        `repeated`: the same request claimed it before. `taken`: another one did, or it belongs to something deleted.
        """
        ...

    async def begin_part(self, *, alone: bool) -> None:
        """Begin what is a part of the request, and is rolled back *alone* if that is wanted. Parts are not nested."""
        ...

    async def end_part(self) -> None:
        """End a part. Raises what would be raised by the commit of a request that has done only this."""
        ...

    async def undo_part(self) -> None:
        """Roll back a part that began *alone*, and nothing that was done before."""
        ...

    async def release(self) -> None:
        """Release what was claimed: the request has no result that its repetition needs."""
        ...


def _unnamed() -> None:
    """Without names from the application, problems have no `instance`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the application passes to the engine.

    `unit` creates the unit of work of a request. `translate` returns the problem for an exception of a handler, None
    for an unexpected one (500). `response_check` "report" logs a non-conforming response and sends it. `limiter` counts
    requests; None means no limits. `instance` returns the URI reference that names the current request in problem
    documents (RFC 9457, section 3.1.5).
    """

    unit: Callable[[RequestContext], Unit]
    translate: Callable[[Exception], Problem | None]
    urn_prefix: str
    response_check: ResponseCheck = "enforce"
    limiter: Limiter | None = None
    instance: Callable[[], str | None] = _unnamed

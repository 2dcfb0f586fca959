"""What the engine and the application it is embedded in hand to each other: a call, and the unit of work for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Self

from tickbox_contract.responses import Problem

from .access import AuthContext
from .declared_responses import ResponseCheck
from .limits import Limiter


class Client(NamedTuple):
    """Who sent a request: the address, where the server knows it, and the `User-Agent` as it came, else empty."""

    address: str | None
    agent: str


class RequestContext(NamedTuple):
    """What a unit of work needs to know of the request it is for.

    `admit_role` raises Refused unless the role it is given is still enough: a write asks again under its lock.
    `is_admitted` says whether the caller would still be let in: the token is looked up again, and its role and scope
    are compared anew. A stream asks at each wake-up, long after its unit of work has ended.
    """

    operation_id: str
    safe: bool
    path: Mapping[str, Any]
    auth: AuthContext | None
    admit_role: Callable[[str | None], None]
    is_admitted: Callable[[], Awaitable[bool]]
    client: Client


class Unit(Protocol):
    """A unit of work: nothing that a handler did through it lasts unless `commit` returned."""

    async def __aenter__(self) -> Self:
        """Begin; a transaction need not be open yet."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and release everything."""
        ...

    async def commit(self) -> None:
        """Make it last. Called once, by the engine, after the response was checked."""
        ...

    async def recall(self, key: str, request: bytes) -> tuple[bytes, bytes] | None:
        """Claim an idempotency key for the request of this digest; or the digest and answer that it has already.

        Called before anything else; of several who claim it at once, one goes on, and the others wait for it.
        """
        ...

    async def record(self, response: bytes) -> None:
        """Keep *response* under the key that was claimed, if there is a commit."""
        ...

    async def claim(self, client_id: Any, request: bytes) -> Literal["new", "repeated", "taken"]:
        """Claim an id that the client made for what the request of this digest makes.

        `repeated`: the same request claimed it before. `taken`: another one did, or it is of something that is gone.
        """
        ...

    async def release(self) -> None:
        """Give up what was claimed: nothing came of the call that its repetition would have to know."""
        ...


def _unnamed() -> None:
    """Requests have no names unless the application gives them some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the application hands to the engine.

    `unit` makes the unit of work for one call; `translate` says which problem an exception of the handler's is, None
    for one that nobody expected (500). `response_check` "report" logs a non-conforming response and lets it pass.
    `limiter` counts calls; None lets everybody call as often as they like. `instance` is asked, while a request is
    answered, for the URI reference by which a problem document names it (RFC 9457, section 3.1.5).
    """

    unit: Callable[[RequestContext], Unit]
    translate: Callable[[Exception], Problem | None]
    urn_prefix: str
    response_check: ResponseCheck = "enforce"
    limiter: Limiter | None = None
    instance: Callable[[], str | None] = _unnamed

"""One operation of a running server, tried by somebody: whether the response is the one that access rules demand."""

from __future__ import annotations

import http.client
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError, printable
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.spelling import meant, or_meant

from . import wire
from .callers import Caller, Values
from .credentials import Credentials, carrying
from .requests import path_names, request_of
from .servers import Server

TIMEOUT_S = 30
"""A server that is silent for so long hangs."""
REFUSED = frozenset({401, 403})
NOT_THEIRS = frozenset({403, 404})
"""A server may hide from a caller what the caller may not see (RFC 9110, section 15.5.4)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An operation as a server would be asked for it, with the first examples of the contract."""

    contract: Contract
    server: Server
    operation: Operation
    statuses: set[int] = field(default_factory=set)
    """Of the responses so far."""

    def with_values(self, values: Values) -> Self:
        """The same, with *values* in the path."""
        return replace(self, server=self.server.with_values(values))

    def by(self, caller: Caller, name: str) -> Credentials:
        """What *caller* sends; *name* says who that is."""
        return carrying(self.contract, self.operation, caller.token.value(), name)

    def refused(self, sender: Credentials, statuses: Collection[int]) -> Iterator[Hit]:
        """A hit unless the status is one of *statuses*. Another refusal is a warning: something was looked at first."""
        status = self._status(sender)
        if status is None:
            yield self._hit("was not sent: its path needs a value", is_warning=True)
        elif status not in statuses:
            is_other = http.client.BAD_REQUEST <= status < http.client.INTERNAL_SERVER_ERROR
            wanted = " or ".join(map(str, sorted(statuses)))
            yield self._hit(f"with {sender.name}: the response is {status}, and must be {wanted}", is_warning=is_other)

    def admitted(self, sender: Credentials, *, must_succeed: bool = False) -> Iterator[Hit]:
        """A hit if the request is refused. If it fails for another reason, a warning if it *must_succeed*."""
        status = self._status(sender)
        if status in REFUSED:
            yield self._hit(f"with {sender.name}: the response is {status}, and must be that of the operation")
        elif status is not None and status >= http.client.BAD_REQUEST and must_succeed:
            mend = ": name values for its path" if status == http.client.NOT_FOUND else ""
            shown = f"the response is {status}, so the refusals of others show nothing{mend}"
            yield self._hit(f"with {sender.name}: {shown}", is_warning=True)

    def _hit(self, text: str, *, is_warning: bool = False) -> Hit:
        message = f"{self.operation.name} {text}"
        return Hit(self.operation.node.pointer, message, severity="warning" if is_warning else None)

    def _status(self, sender: Credentials) -> int | None:
        """The status of the response; None if the path cannot be filled. Raises NotCheckableError."""
        request = request_of(self.contract, self.operation, self.server, sender)
        if request is None:
            return None
        self.server.require_time()
        try:
            # The head suffices, as after HEAD: a stream of events has no end.
            reply = wire.exchange(self.server.endpoint(), [request], timeout_s=TIMEOUT_S, method="HEAD")
        except (OSError, http.client.HTTPException) as error:
            sent = f"{self.operation.name} with {sender.name}"
            raise NotCheckableError(f"{self.server.host} does not respond to {sent}: {error}") from error
        require_unlimited(reply)
        self.statuses.add(reply.status)
        return reply.status


def require_unlimited(reply: wire.Reply) -> None:
    """Raise NotCheckableError for a 429: the request was not looked at, whatever is wrong with it."""
    if reply.status == http.client.TOO_MANY_REQUESTS:
        raise NotCheckableError(LIMITED)


LIMITED = "the server limits requests (429): let it accept more of them while it is checked"


def required_server(contract: Contract) -> Server:
    """The server that is asked by a rule, from now on. Raises NotCheckableError if none is named."""
    server = contract.surroundings.server
    if server is None or server.url is None:
        raise NotCheckableError("no server is named (--url)")
    _require_parameters(contract, server)
    return server.begun()


def _require_parameters(contract: Contract, server: Server) -> None:
    """Raise NotCheckableError if a value is of no parameter: requests would be sent without it, or not at all."""
    known = {str(each.get("name")) for operation in contract.operations for each in operation.parameters}
    known |= {name for operation in contract.operations for name in path_names(operation)}
    for name in server.values:
        if name not in known:
            near = or_meant(meant(name, sorted(known)))
            raise NotCheckableError(printable(f"[server.values]: no operation has the parameter {name}{near}"))

"""Stage `conforms`: whether a running server does what its contract says."""

from __future__ import annotations

import http.client
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import Hit, Severity, rules_of

from . import schemathesis, wire
from .attempts import REFUSED, TIMEOUT_S, require_unlimited, required_server
from .probes import GENERAL, PROBES, Probe, Target
from .servers import Server
from .targets import Found, every_target, find_target, is_complete

MOST_REQUESTS = 5_000
"""To all operations but the one that gets all probes."""
MOST_BYTES = 20_000
"""No refusal needs more; a server that echoes its input back has no bound."""
_NOT_SUPPORTED = {501, 505}


@dataclass(frozen=True, slots=True)
class Sent:
    """A probe, and what came back: a response, or a word for its absence."""

    probe: Probe
    reply: wire.Reply | None
    fault: str = ""

    def says(self, *, exactly: bool) -> str | None:
        """What is wrong with the response: that the server failed, or, if *exactly*, that it differs from the table."""
        sentence = self.probe.sentence
        if self.reply is None:
            return f"{sentence}: {self.fault}" if exactly or self.fault == _SILENT else None
        status = self.reply.status
        if status >= http.client.INTERNAL_SERVER_ERROR and status not in _NOT_SUPPORTED:
            return f"{sentence}: the server fails with {status}"
        if len(self.reply.body) > MOST_BYTES:
            return f"{sentence}: the response has {len(self.reply.body)} bytes"
        if exactly and (status, self.reply.slug) not in self.probe.responses.items():
            wanted = " or ".join(f"{status} {slug}" for status, slug in self.probe.responses.items())
            return f"{sentence}: the response is {status} {self.reply.slug or ''}, and must be {wanted}"
        return None


_SILENT = f"there is no response within {TIMEOUT_S} s"


def send(probe: Probe, target: Target, server: Server) -> Sent | None:
    """Send *probe*; None if *target* does not have what it breaks. Raises NotCheckableError without a connection."""
    built = probe.request(target)
    if built is None:
        return None
    method, chunks = built
    try:
        reply = wire.exchange(server.endpoint(), chunks, timeout_s=TIMEOUT_S, method=method)
    except TimeoutError:
        return Sent(probe, None, _SILENT)
    except (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return Sent(probe, None, "the connection is closed without a response")
    except http.client.HTTPException as error:
        return Sent(probe, None, f"the response is not HTTP ({type(error).__name__})")
    except OSError as error:
        raise NotCheckableError(f"{server.host} cannot be reached: {error}") from error
    require_unlimited(reply)
    return Sent(probe, reply)


def _hostile(contract: Contract) -> Iterator[Hit]:
    """Send all probes to one operation, and those of bodies to every other one that takes JSON."""
    server = required_server(contract)
    targets = list(every_target(contract, server))
    if targets and not server.probe and find_target(contract, server) is None:
        yield Hit((), "only bodies were sent: no POST suits the other probes", severity="warning")
        yield from _hits(server, spread(targets), exactly=False)
        return
    found = _found(contract, server)
    others = [each for each in targets if each.operation != found.operation]
    sending = [*((probe, found) for probe in PROBES if probe.is_complete), *spread(others)]
    yield from _hits(server, sending, exactly=False)


def spread(others: Sequence[Found]) -> list[tuple[Probe, Found]]:
    """The probes of bodies for each of *others*: as many for each as come to at most `MOST_REQUESTS` together."""
    share = max(1, MOST_REQUESTS // max(1, len(others)))
    return [(probe, each) for each in others[:MOST_REQUESTS] for probe in GENERAL[:share]]


def _refused(contract: Contract) -> Iterator[Hit]:
    server = required_server(contract)
    found = _found(contract, server)
    if not (server.bearer and is_complete(contract, found.operation)):
        raise NotCheckableError(
            f"what must be refused is tried with a POST that needs a token, at a path with a GET, and with a token: "
            f"{found.operation.name} is not such an operation, or no token is named"
        )
    yield from _hits(server, [(probe, found) for probe in PROBES], exactly=True)


def _found(contract: Contract, server: Server) -> Found:
    found = find_target(contract, server)
    if found is None:
        named = f"{server.probe} is not such an operation" if server.probe else "no operation suits"
        raise NotCheckableError(
            f"the probes need a POST whose JSON body has a required text in its example, and values for the parameters "
            f"of its path: {named}"
        )
    return found


def _hits(server: Server, sending: Iterable[tuple[Probe, Found]], *, exactly: bool) -> Iterator[Hit]:
    """What is wrong with the responses. Raises NotCheckableError when the time is up."""
    bodies: dict[tuple[str, Pointer], set[int]] = {}
    for probe, (target, operation) in sending:
        server.require_time()
        sent = send(probe, target, server)
        if sent and sent.reply and probe in GENERAL:
            bodies.setdefault((operation.name, operation.node.pointer), set()).add(sent.reply.status)
        if sent and (message := sent.says(exactly=exactly)):
            yield Hit(operation.node.pointer, f"{operation.name}: {message}")
    for (name, pointer), statuses in bodies.items():
        if statuses <= REFUSED:
            refused = "401 or 403, so what is done with them is not known: does the settings' `token` suffice?"
            yield Hit(pointer, f"{name}: each body is refused with {refused}", severity="warning")


def _schemathesis(contract: Contract) -> Iterator[Hit]:
    server = required_server(contract)
    pointers = {f"{each.method.upper()} {each.path}": each.node.pointer for each in contract.operations}
    for failure in schemathesis.failures(contract, server):
        pointer = pointers.get(failure.operation, pointers.get(failure.declared, ()))
        message = f"{failure.operation or 'all operations'}: {failure.title}"
        command, *printed = (_hidden(text, server) for text in (failure.command or "", *failure.printed))
        severity: Severity | None = "warning" if failure.is_own else None
        yield Hit(pointer, _hidden(message, server), witness=command or None, severity=severity, printed=tuple(printed))


def _hidden(text: str, server: Server) -> str:
    """*text* without the token: Schemathesis masks well-known headers only."""
    return server.token.hidden_in(text) if server.token else text


RULES = rules_of("conforms", (
    ("hostile-requests", "OWASP API4:2023", _hostile,
     "Whatever is sent, the server answers: it neither fails nor hangs, and it does not send all of it back."),
    ("refused-requests", "RFC 9457, RFC 9110", _refused,
     "A request that does not match the contract is refused with the right status and problem, and changes nothing."),
    ("schemathesis", "schemathesis.io", _schemathesis,
     "Generated requests find responses that the contract does not declare, and requests that it does not accept."),
))  # fmt: skip

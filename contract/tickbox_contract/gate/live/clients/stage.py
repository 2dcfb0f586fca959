"""The rules of stage `clients`. All clients are tried when the first one is checked, each to its end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import partial

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.gate.findings import NotCheckableError
from tickbox_contract.openapi.rules import Elsewhere, Hit, rules_of

from .attempts import Attempts, Outcome
from .client import STEPS, Client, Step

_DONE = {"generate": "generated", "compile": "compiled", "drive": "driven"}


def _attempts(contract: Contract) -> Attempts:
    attempts = contract.surroundings.clients
    if attempts is None:
        raise NotCheckableError("no clients are known")
    return attempts


def _generated(contract: Contract) -> Iterator[Hit]:
    attempts = _attempts(contract)
    for outcome in contract.tried_clients:
        yield from _lost(outcome)
        if outcome.missing and not attempts.is_named:
            message = f"{outcome.client.name} was not tried: {_not_installed(outcome)}"
            yield Hit((), message, severity="warning", elsewhere=_place(attempts, outcome.client))
    yield from _failed(contract, "generate")
    yield from _several_files(contract)
    missing = [outcome for outcome in contract.tried_clients if outcome.missing]
    if missing and (attempts.is_named or len(missing) == len(attempts.clients)):
        raise NotCheckableError("; ".join(f"{each.client.name}: {_not_installed(each)}" for each in missing))


def _several_files(contract: Contract) -> Iterator[Hit]:
    """A notice at the first place that may be the cause why a generator failed."""
    failed = any(each.losses or (each.failure and each.failure.step == "generate") for each in contract.tried_clients)
    if failed and contract.joined.outward:
        message = "the contract is in several files: some generators need it in one, so bundle it first"
        yield Hit(contract.joined.outward[0], message, severity="notice")


def _not_installed(outcome: Outcome) -> str:
    return f"{' and '.join(outcome.missing)} {'is' if len(outcome.missing) == 1 else 'are'} not installed"


def _lost(outcome: Outcome) -> Iterator[Hit]:
    """Hits at the operations that were lost, and warnings at those that a generator warns of."""
    for loss in outcome.losses:
        name, client = loss.operation.name, outcome.client.name
        message = f"the generator of {client} warns of {name}" if loss.is_whole else f"{client} has no {name}"
        yield Hit(
            loss.operation.node.pointer,
            message,
            severity="warning" if loss.is_whole else None,
            printed=loss.lines,
        )


def _failed(contract: Contract, step: Step) -> Iterator[Hit]:
    """A hit for each client that failed in *step*, and a notice for each that did not come so far."""
    attempts = _attempts(contract)
    for outcome in contract.tried_clients:
        client, failure = outcome.client, outcome.failure
        place = _place(attempts, client)
        if failure and failure.step == step:
            message = f"{client.name} was not {_DONE[step]}: `{shlex.join(failure.command)}` {failure.why}"
            yield Hit((), message, elsewhere=place, printed=failure.lines)
        elif failure and client.commands[step] and STEPS.index(failure.step) < STEPS.index(step):
            message = f"{client.name} was not {_DONE[step]}, because it was not {_DONE[failure.step]}"
            yield Hit((), message, severity="notice", elsewhere=place)


def _driven(contract: Contract) -> Iterator[Hit]:
    attempts = _attempts(contract)
    yield from _failed(contract, "drive")
    idle = [each.name for each in attempts.clients if not each.commands["drive"]]
    if idle:
        message = f"nothing was sent to a server by {', '.join(idle)}: no command `drive` is in the settings"
        yield Hit((), message, severity="notice", elsewhere=Elsewhere("clients", attempts.settings or None, 1))
    if len(idle) < len(attempts.clients) and attempts.unreachable:
        raise NotCheckableError(attempts.unreachable)


def _place(attempts: Attempts, client: Client) -> Elsewhere:
    """Where the settings name *client*; the first line of the contract if it is a recipe of the gate."""
    return Elsewhere(f"clients.{client.name}", attempts.settings if client.line else None, client.line or 1)


RULES = rules_of("clients", (
    ("client-generated", "measured", _generated,
     "Generators of SDKs accept the contract, and leave out none of its operations."),
    ("client-compiled", "measured", partial(_failed, step="compile"),
     "What was generated compiles under strict settings, with the sources of the team beside it."),
    ("client-driven", "measured", _driven,
     "A compiled client can do with a running server what its team wrote for it."),
))  # fmt: skip

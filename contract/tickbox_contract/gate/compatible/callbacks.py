"""Callbacks and webhooks: requests that the server sends to clients. It reads what they send back."""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import METHODS
from tickbox_contract.openapi.operations import Operation

from .changes import Spot
from .comparison import Comparison, Pair
from .contents import CALLBACK, Place, compare_contents


def compare_callbacks(comparison: Comparison) -> None:
    """Compare the callbacks of each operation."""
    for pair in comparison.pairs():
        old, new = dict(_requests(comparison.old, pair.old)), dict(_requests(comparison.new, pair.new))
        for key in old.keys() | new.keys():
            if key not in new:
                spot = Spot(pair.new.node.pointer, old[key].pointer)
                comparison.note("callback-removed", f"the callback {key} was removed", spot, pair=pair)
            elif key not in old:
                spot = Spot(new[key].pointer, pair.old.node.pointer)
                comparison.note("callback-added", f"the callback {key} was added", spot, pair=pair)
            else:
                _compare(comparison, pair, old[key], new[key])


def compare_webhooks(comparison: Comparison) -> None:
    """Compare the webhooks, which are callbacks of the whole contract."""
    old, new = dict(_webhooks(comparison.old)), dict(_webhooks(comparison.new))
    for key in old.keys() | new.keys():
        if key not in new:
            comparison.note("callback-removed", f"the webhook {key} was removed", Spot(("webhooks",), old[key].pointer))
        elif key not in old:
            comparison.note("callback-added", f"the webhook {key} was added", Spot(new[key].pointer, ("webhooks",)))
        else:
            _compare(comparison, None, old[key], new[key])


def _webhooks(contract: Contract) -> Iterator[tuple[str, Node]]:
    for name, given in contract.node.members("webhooks").items():
        yield from _sent(contract, given, name)


def _sent(contract: Contract, given: Node, name: str) -> Iterator[tuple[str, Node]]:
    """The operations of a path item, by method and name."""
    item = contract.follow(given)
    for method in METHODS:
        if isinstance(item.get(method), dict):
            yield f"{method.upper()} {name}", item.at(method)


def _requests(contract: Contract, operation: Operation) -> Iterator[tuple[str, Node]]:
    """The operations of the callbacks, by name, expression and method."""
    for name, given in operation.node.members("callbacks").items():
        callback = contract.follow(given)
        for expression in callback.value:
            for called, operation_of in _sent(contract, callback.at(expression), expression):
                yield f"{name} {called}", operation_of


def _compare(comparison: Comparison, pair: Pair | None, old: Node, new: Node) -> None:
    label = "callback" if pair else "webhook"
    before, after = comparison.old.follow(old.at("requestBody")), comparison.new.follow(new.at("requestBody"))
    compare_contents(comparison, Place(pair, "response", CALLBACK), before, after)
    if before.get("required") is True and after.get("required") is not True:
        spot = Spot(new.pointer, old.pointer).within("requestBody")
        comparison.note(CALLBACK, f"the body of the {label} may be left out now", spot, pair=pair)
    responses = old.members("responses"), new.members("responses")
    for status in responses[0].keys() | responses[1].keys():
        spot = Spot(new.pointer, old.pointer).within("responses", status)
        if status not in responses[1]:
            what = f"the response {status} to the {label} is no longer expected"
            comparison.note(CALLBACK, what, spot, pair=pair)
        elif status in responses[0]:
            both = comparison.old.follow(responses[0][status]), comparison.new.follow(responses[1][status])
            compare_contents(comparison, Place(pair, "request", CALLBACK), *both)

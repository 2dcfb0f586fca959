"""Callbacks: requests that the server sends, which clients receive. What they send back is read by the server."""

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


def _requests(contract: Contract, operation: Operation) -> Iterator[tuple[str, Node]]:
    """The operations of the callbacks, by name, expression and method."""
    for name, given in operation.node.members("callbacks").items():
        callback = contract.follow(given)
        for expression in callback.value:
            item = contract.follow(callback.at(expression))
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    yield f"{name} {method.upper()} {expression}", item.at(method)


def _compare(comparison: Comparison, pair: Pair, old: Node, new: Node) -> None:
    before, after = comparison.old.follow(old.at("requestBody")), comparison.new.follow(new.at("requestBody"))
    compare_contents(comparison, Place(pair, "response", CALLBACK), before, after)
    if before.get("required") is True and after.get("required") is not True:
        spot = Spot(new.pointer, old.pointer).within("requestBody")
        comparison.note(CALLBACK, "the body of the callback may be left out now", spot, pair=pair)
    responses = old.members("responses"), new.members("responses")
    for status in responses[0].keys() | responses[1].keys():
        spot = Spot(new.pointer, old.pointer).within("responses", status)
        if status not in responses[1]:
            what = f"the response {status} to the callback is no longer expected"
            comparison.note(CALLBACK, what, spot, pair=pair)
        elif status in responses[0]:
            both = comparison.old.follow(responses[0][status]), comparison.new.follow(responses[1][status])
            compare_contents(comparison, Place(pair, "request", CALLBACK), *both)

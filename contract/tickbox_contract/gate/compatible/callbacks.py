"""Callbacks and webhooks: requests that the server sends to clients. It reads what they send back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import METHODS, Pointer
from tickbox_contract.openapi.operations import Operation, key_of

from .changes import Spot
from .comparison import Comparison, Pair, Place
from .contents import compare_contents
from .equality import is_identical
from .forms import compare_form
from .headers import compare_headers
from .values import CALLBACK, compare_schemas, schema_of


def compare_callbacks(comparison: Comparison) -> None:
    """Compare the callbacks of each operation."""
    for pair in comparison.pairs():
        old, new = dict(_requests(comparison.old, pair.old)), dict(_requests(comparison.new, pair.new))
        for key in old.keys() | new.keys():
            if key not in new:
                spot = Spot(pair.new.node.pointer, old[key].pointer)
                comparison.note("callback-removed", f"the callback `{key}` was removed", spot, pair=pair)
            elif key not in old:
                spot = Spot(new[key].pointer, pair.old.node.pointer)
                comparison.note("callback-added", f"the callback `{key}` was added", spot, pair=pair)
            else:
                _compare(comparison, pair, old[key], new[key])


def compare_webhooks(comparison: Comparison) -> None:
    """Compare the webhooks, which are callbacks of the whole contract."""
    old, new = dict(_webhooks(comparison.old)), dict(_webhooks(comparison.new))
    for key in old.keys() | new.keys():
        if key not in new:
            comparison.note(
                "callback-removed", f"the webhook `{key}` was removed", Spot(("webhooks",), old[key].pointer)
            )
        elif key not in old:
            comparison.note("callback-added", f"the webhook `{key}` was added", Spot(new[key].pointer, ("webhooks",)))
        else:
            _compare(comparison, None, old[key], new[key])


class _Sent(NamedTuple):
    """A request that the server sends, and its parameters."""

    node: Node
    parameters: dict[tuple[str, str], Node]

    @property
    def pointer(self) -> Pointer:
        """Its place."""
        return self.node.pointer


def _webhooks(contract: Contract) -> Iterator[tuple[str, _Sent]]:
    for name, given in contract.node.members("webhooks").items():
        yield from _sent(contract, given, name)


def _sent(contract: Contract, given: Node, name: str) -> Iterator[tuple[str, _Sent]]:
    """The requests of a path item, by method and name."""
    item = contract.follow(given)
    for method in METHODS:
        if isinstance(item.get(method), dict):
            node = item.at(method)
            found = map(contract.follow, (*item.items("parameters"), *node.items("parameters")))
            yield f"{method.upper()} {name}", _Sent(node, {key_of(each): each for each in found})


def _requests(contract: Contract, operation: Operation) -> Iterator[tuple[str, _Sent]]:
    """The requests of the callbacks, by name, expression and method."""
    for name, given in operation.node.members("callbacks").items():
        callback = contract.follow(given)
        for expression in callback.value:
            for called, sent in _sent(contract, callback.at(expression), expression):
                yield f"{name} {called}", sent


def _compare(comparison: Comparison, pair: Pair | None, old: _Sent, new: _Sent) -> None:
    label, spot = "callback" if pair else "webhook", Spot(new.pointer, old.pointer)
    before, after = comparison.old.follow(old.node.at("requestBody")), comparison.new.follow(new.node.at("requestBody"))
    compare_contents(comparison, Place(pair, "response", CALLBACK), before, after)
    if before.get("required") is True and after.get("required") is not True:
        what = f"the body of the {label} may be left out now"
        comparison.note(CALLBACK, what, spot.within("requestBody"), pair=pair)
    if not is_identical(old.node.get("security"), new.node.get("security")):
        comparison.note(CALLBACK, f"the security of the {label} has changed", spot.within("security"), pair=pair)
    _parameters(comparison, pair, old, new)
    _responses(comparison, pair, old.node, new.node)


def _parameters(comparison: Comparison, pair: Pair | None, old: _Sent, new: _Sent) -> None:
    """Receivers read the parameters."""
    place, label = Place(pair, "response", CALLBACK), "callback" if pair else "webhook"
    for key, before in old.parameters.items():
        name, after = before.get("name"), new.parameters.get(key)
        if after is None:
            what, spot = f"the parameter `{name}` of the {label} was removed", Spot(new.pointer, before.pointer)
            comparison.note(CALLBACK, what, spot, pair=pair)
            continue
        if before.get("required") is True and after.get("required") is not True:
            what, spot = f"the parameter `{name}` may be left out now", Spot(after.pointer, before.pointer)
            comparison.note(CALLBACK, what, spot, pair=pair)
        compare_form(comparison, place, before, after)
        compare_schemas(comparison, place, schema_of(before), schema_of(after))


def _responses(comparison: Comparison, pair: Pair | None, old: Node, new: Node) -> None:
    """Receivers send the responses."""
    label, place = "callback" if pair else "webhook", Place(pair, "request", CALLBACK)
    before, after = old.members("responses"), new.members("responses")
    for status, given in before.items():
        match = next((key for key in (status, f"{status[0]}XX", "default") if key in after), None)
        if match is None:
            what, spot = f"the response {status} to the {label} is no longer expected", Spot(new.pointer, old.pointer)
            comparison.note(CALLBACK, what, spot.within("responses", status), pair=pair)
            continue
        both = comparison.old.follow(given), comparison.new.follow(after[match])
        compare_contents(comparison, place, *both)
        compare_headers(comparison, place, *both)

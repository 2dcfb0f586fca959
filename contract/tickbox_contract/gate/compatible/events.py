"""Events and problems: `x-events` of the contract and of operations, and `x-problems`."""

from __future__ import annotations

from tickbox_contract.openapi.servable import EVENTS

from .changes import Spot
from .comparison import Comparison, Pair, Place
from .structure import PAYLOAD
from .values import compare_schemas

_PROBLEMS = "x-problems"


def compare_events(comparison: Comparison) -> None:
    """Compare the payloads of events, and what operations say that they write and send."""
    old, new = (contract.node.at("components").members(EVENTS) for contract in comparison.both)
    spot = Spot(("components", EVENTS), ("components", EVENTS))
    for name, node in old.items():
        if name not in new:
            comparison.note("event-removed", f"the event `{name}` was removed", spot.within(name))
        else:
            place = Place(None, "response", PAYLOAD)
            compare_schemas(comparison, place, node.at("payload"), new[name].at("payload"))
    for name in new.keys() - old.keys():
        comparison.note("event-added", f"the event `{name}` was added", spot.within(name))
    for pair in comparison.pairs():
        _listed(comparison, pair, EVENTS, ("event-no-longer-written", "event-written"), "the event `{}` is {} written")
        _listed(comparison, pair, _PROBLEMS, ("problem-removed", "problem-added"), "the problem `{}` is {} sent")


def _listed(comparison: Comparison, pair: Pair, key: str, rules: tuple[str, str], what: str) -> None:
    old, new = (_names(each.node.get(key)) for each in (pair.old, pair.new))
    spot = pair.spot.within(key)
    for name in old:
        if name not in new:
            comparison.note(rules[0], what.format(name, "no longer"), spot, pair=pair)
    for name in new:
        if name not in old:
            comparison.note(rules[1], what.format(name, "also"), spot, pair=pair)


def _names(listed: object) -> list[str]:
    return [str(name) for name in listed] if isinstance(listed, list) else []

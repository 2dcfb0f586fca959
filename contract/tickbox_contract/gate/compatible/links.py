"""Links: what clients can request with the values of a response."""

from __future__ import annotations

from tickbox_contract.openapi.nodes import Node

from .changes import Spot
from .comparison import Comparison, Pair
from .equality import is_identical

_SAID = ("operationId", "operationRef", "parameters", "requestBody", "server")


def compare_links(comparison: Comparison, pair: Pair, old: Node, new: Node) -> None:
    """Compare the links of two responses, by their names."""
    before, after = old.members("links"), new.members("links")
    spot = Spot(new.pointer, old.pointer).within("links")
    for name, given in before.items():
        if name not in after:
            comparison.note("link-changed", f"the link `{name}` was removed", spot.within(name), pair=pair)
            continue
        link, now = comparison.old.follow(given), comparison.new.follow(after[name])
        for key in _SAID:
            if not is_identical(_url(link, key), _url(now, key)):
                what = f"{key} of the link `{name}` has changed"
                comparison.note("link-changed", what, Spot(now.pointer, link.pointer).within(key), pair=pair)
    for name in after.keys() - before.keys():
        comparison.note("link-added", f"the link `{name}` was added", spot.within(name), pair=pair)


def _url(link: Node, key: str) -> object:
    value = link.get(key)
    return {"url": value.get("url"), "variables": value.get("variables")} if key == "server" and value else value

"""Messages: request bodies, and responses by status."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tickbox_contract.openapi.nodes import Node

from .comparison import Comparison, Pair, Place
from .contents import compare_contents
from .headers import compare_headers
from .links import compare_links

_ASKED_FOR = frozenset({"206", "304"})
"""Statuses that only a request with `Range` or `If-None-Match` gets."""
_DEFAULT = "default"


def compare_messages(comparison: Comparison) -> None:
    """Compare the bodies and the responses of each operation."""
    for pair in comparison.pairs():
        _body(comparison, pair)
        _statuses(comparison, pair)


def _statuses(comparison: Comparison, pair: Pair) -> None:
    """Compare each response with what the other contract says of its status."""
    old, new = pair.old.responses, pair.new.responses
    is_open = not any(map(_is_success, old))
    known = {status: match for status in new if (match := _match(status, old, is_open=is_open))}
    pairs = [(status, match) for status in old if (match := _match(status, new))]
    pairs += [(match, status) for status, match in known.items()]
    for before, after in dict.fromkeys(pairs):
        responses = old[before], new[after]
        comparison.once(*responses, partial(_response, comparison, pair, *responses))
    for status in new:
        if status not in known:
            _status_added(comparison, pair, status)
    for status in old:
        if status not in {before for before, _ in pairs}:
            rule_id = "success-status-removed" if _is_success(status) else "error-status-removed"
            spot = pair.spot.within("responses", status)
            comparison.note(rule_id, f"the status {status} was removed", spot, pair=pair)


def _body(comparison: Comparison, pair: Pair) -> None:
    old, new, spot = pair.old.body, pair.new.body, pair.spot.within("requestBody")
    if old is None and new is None:
        return
    if new is None:
        comparison.note("body-removed", "it takes no body now", spot, pair=pair)
        return
    was, now = old is not None and old.get("required") is True, new.get("required") is True
    if now and not was:
        comparison.note("body-made-required", "a body is required now", spot, pair=pair)
    elif old is None:
        comparison.note("body-added", "it takes a body now", spot, pair=pair)
    elif was and not now:
        comparison.note("body-made-optional", "the body is optional now", spot, pair=pair)
    if old is not None:
        compare_contents(comparison, Place(pair, "request", "body-schema"), old, new)


def _is_success(status: str) -> bool:
    return status[:1] in {"2", "3"}


def _match(status: str, responses: Mapping[str, Node], *, is_open: bool = False) -> str | None:
    """The key of *responses* that describes *status*: itself, its range, or `default`.

    `default` is for errors here. It describes successes, too, if *is_open*: nothing else describes one.
    """
    keys = (status, f"{status[0]}XX", *((_DEFAULT,) if is_open or not _is_success(status) else ()))
    return next((key for key in keys if key in responses), None)


def _status_added(comparison: Comparison, pair: Pair, status: str) -> None:
    rule_id = "error-status-added"
    if _is_success(status):
        rule_id = "conditional-status-added" if status in _ASKED_FOR else "success-status-added"
    spot = pair.spot.within("responses", status)
    comparison.note(rule_id, f"the status {status} may be returned now", spot, pair=pair)


def _response(comparison: Comparison, pair: Pair, old: Node, new: Node) -> None:
    place = Place(pair, "response", "response-schema")
    compare_contents(comparison, place, old, new)
    compare_headers(comparison, place, old, new)
    compare_links(comparison, pair, old, new)

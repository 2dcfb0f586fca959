"""Headers: of responses, of parts of bodies, and of what receivers of callbacks send back."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node

from .changes import Spot
from .comparison import Comparison, Place
from .forms import compare_form
from .values import compare_schemas, schema_of


class _Named(NamedTuple):
    name: str
    node: Node


class _Rules(NamedTuple):
    removed: str
    optional: str
    form: str
    schema: str


_RESPONSE = _Rules("response-header-removed", "response-header-made-optional", "header-form-changed", "header-schema")


def compare_headers(comparison: Comparison, place: Place, old: Node, new: Node) -> None:
    """Compare the headers of *old* and *new*. Outside of responses all changes belong to the rule of *place*."""
    before, after = _headers(comparison.old, old), _headers(comparison.new, new)
    spot = Spot(new.pointer, old.pointer).within("headers")
    compare = _returned if place.direction == "response" else _sent
    for key in {**before, **after}:
        if key in before and key in after:
            both = before[key], after[key]
            comparison.once(both[0].node, both[1].node, partial(compare, comparison, place, *both))
        elif key in before and place.direction == "response":
            what = f"the header `{before[key].name}` was removed"
            comparison.note(_rules(place).removed, what, spot.within(before[key].name), pair=place.pair)
        elif key in after and place.direction == "request" and after[key].node.get("required") is True:
            what = f"the header `{after[key].name}` is required now"
            comparison.note(place.rule_id, what, spot.within(after[key].name), pair=place.pair)
        elif key in after and _is_response(place):
            what = f"the header `{after[key].name}` was added"
            comparison.note("response-header-added", what, spot.within(after[key].name), pair=place.pair)


def _is_response(place: Place) -> bool:
    return place.rule_id == "response-schema"


def _rules(place: Place) -> _Rules:
    return _RESPONSE if _is_response(place) else _Rules(*[place.rule_id] * 4)


def _headers(contract: Contract, node: Node) -> dict[str, _Named]:
    """The headers of *node*, followed, by their names without case. OpenAPI ignores `Content-Type` among them."""
    named = {name.lower(): (name, held) for name, held in node.members("headers").items()}
    return {key: _Named(name, contract.follow(held)) for key, (name, held) in named.items() if key != "content-type"}


def _returned(comparison: Comparison, place: Place, old: _Named, new: _Named) -> None:
    spot, rules = Spot(new.node.pointer, old.node.pointer), _rules(place)
    was, now = old.node.get("required") is True, new.node.get("required") is True
    if was and not now:
        comparison.note(rules.optional, f"the header `{new.name}` may be left out now", spot, pair=place.pair)
    elif now and not was and _is_response(place):
        what = f"the header `{new.name}` is always sent now"
        comparison.note("response-header-made-required", what, spot, pair=place.pair)
    _values(comparison, place, old, new)


def _sent(comparison: Comparison, place: Place, old: _Named, new: _Named) -> None:
    if new.node.get("required") is True and old.node.get("required") is not True:
        spot = Spot(new.node.pointer, old.node.pointer)
        comparison.note(place.rule_id, f"the header `{new.name}` is required now", spot, pair=place.pair)
    _values(comparison, place, old, new)


def _values(comparison: Comparison, place: Place, old: _Named, new: _Named) -> None:
    rules = _rules(place)
    compare_form(comparison, place._replace(rule_id=rules.form), old.node, new.node, label="header")
    schemas = schema_of(old.node), schema_of(new.node)
    compare_schemas(comparison, place._replace(rule_id=rules.schema), *schemas)

"""Parameters: added, removed, required, moved and renamed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.operations import Operation, parameter_key

from .changes import Spot
from .comparison import Comparison, Pair, Place
from .forms import becomes_any_text, compare_form
from .retirement import is_retired
from .structure import Structure
from .values import compare_schemas, schema_of

Key = tuple[str, str]

_IGNORED = {("header", "accept"), ("header", "content-type"), ("header", "authorization")}
"""Parameters that OpenAPI ignores (3.0.4, Parameter Object, `name`): media types and `security` say what they mean."""


def compare_parameters(comparison: Comparison) -> None:
    """Compare the parameters of each operation."""
    for pair in comparison.pairs():
        old, new = _parameters(pair.old, pair.renamed), _parameters(pair.new, {})
        moved = {key: other for key in old.keys() - new.keys() if (other := _moved(key, old, new))}
        for key, node in old.items():
            if key in moved:
                _move(comparison, pair, node, new[moved[key]])
            elif key not in new:
                _remove(comparison, pair, node)
            else:
                both = node, new[key]
                comparison.once(*both, partial(_compare, comparison, pair, *both))
        for key in new.keys() - old.keys() - set(moved.values()):
            _add(comparison, pair, new[key])


def _parameters(operation: Operation, renamed: Mapping[str, str]) -> dict[Key, Node]:
    """The parameters of *operation*, with those of its path under other names if they are *renamed*."""
    found = {}
    for node in operation.parameters:
        place, name = str(node.get("in")), str(node.get("name"))
        found[parameter_key(place, renamed.get(name, name) if place == "path" else name)] = node
    return {key: node for key, node in found.items() if key not in _IGNORED}


def _moved(key: Key, old: dict[Key, Node], new: dict[Key, Node]) -> Key | None:
    """Where the new operation has a parameter of that name, in any case, if the old one did not have it there."""
    return next((other for other in new if other[1].lower() == key[1].lower() and other not in old), None)


def _move(comparison: Comparison, pair: Pair, old: Node, new: Node) -> None:
    rule_id, what = "parameter-renamed", f"the parameter `{old.get('name')}` is `{new.get('name')}` now"
    if old.get("in") != new.get("in"):
        rule_id, what = "parameter-moved", f"{what}, in {new.get('in')} instead of {old.get('in')}"
    comparison.note(rule_id, what, Spot(new.pointer, old.pointer), pair=pair)


def _remove(comparison: Comparison, pair: Pair, old: Node) -> None:
    rule_id = "parameter-retired" if is_retired(old, comparison.today) else "parameter-removed"
    what = f"the parameter `{old.get('name')}` was removed"
    comparison.note(rule_id, what, Spot(old.pointer, old.pointer), pair=pair)


def _add(comparison: Comparison, pair: Pair, new: Node) -> None:
    rule_id = "required-parameter-added" if new.get("required") is True else "parameter-added"
    what = f"the parameter `{new.get('name')}` was added"
    comparison.note(rule_id, what, Spot(new.pointer, pair.old.node.pointer), pair=pair)


def _compare(comparison: Comparison, pair: Pair, old: Node, new: Node) -> None:
    spot, name = Spot(new.pointer, old.pointer), new.get("name")
    was, now = old.get("required") is True, new.get("required") is True
    if now and not was:
        comparison.note("parameter-made-required", f"the parameter `{name}` is required now", spot, pair=pair)
    elif was and not now:
        comparison.note("parameter-made-optional", f"the parameter `{name}` is optional now", spot, pair=pair)
    if new.get("deprecated") is True and old.get("deprecated") is not True:
        comparison.note("parameter-deprecated", f"the parameter `{name}` is deprecated", spot, pair=pair)
    compare_form(comparison, Place(pair, "request", "parameter-form-changed"), old, new)
    place = Place(pair, "request", "parameter-schema", f"the parameter `{name}`")
    schemas = schema_of(old), schema_of(new)
    if old.members("content") or new.members("content") or not becomes_any_text(comparison, *schemas):
        compare_schemas(comparison, place, *schemas)
    else:
        Structure(comparison, place).compare(*schemas)
        comparison.note("parameter-type-changed", f"the parameter `{name}` takes any text now", spot, pair=pair)

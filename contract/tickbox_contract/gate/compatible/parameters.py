"""Parameters: added, removed, required, moved, and written in another way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.operations import Operation, key_of, parameter_key

from .changes import Spot
from .comparison import Comparison, Pair
from .contents import Place, compare_schemas, schema_of
from .operations import is_retired

_FORMED = frozenset({"query", "cookie"})
"""The places whose style is `form` unless another one is given; that of the others is `simple`."""
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})

_RELAXED = frozenset({"allowReserved", "allowEmptyValue"})
"""What lets senders write more than before, if it is true."""

Key = tuple[str, str]


def compare_parameters(comparison: Comparison) -> None:
    """Compare the parameters of each operation."""
    for pair in comparison.pairs():
        old, new = _parameters(pair.old, pair), {key_of(each): each for each in pair.new.parameters}
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


def _parameters(operation: Operation, pair: Pair) -> dict[Key, Node]:
    """The parameters of the old operation, under the names that those of its path have in the new one."""
    found = {}
    for node in operation.parameters:
        place, name = str(node.get("in")), str(node.get("name"))
        found[parameter_key(place, pair.renamed.get(name, name) if place == "path" else name)] = node
    return found


def _moved(key: Key, old: dict[Key, Node], new: dict[Key, Node]) -> Key | None:
    """Where the new operation has a parameter of that name, if the old one did not have it there."""
    return next((other for other in new if other[1].lower() == key[1].lower() and other not in old), None)


def _move(comparison: Comparison, pair: Pair, old: Node, new: Node) -> None:
    what = f"the parameter {old.get('name')} is {new.get('name')} in {new.get('in')} now, and was in {old.get('in')}"
    comparison.note("parameter-moved", what, Spot(new.pointer, old.pointer), pair=pair)


def _remove(comparison: Comparison, pair: Pair, old: Node) -> None:
    rule_id = "parameter-retired" if is_retired(comparison, old) else "parameter-removed"
    what = f"the parameter {old.get('name')} was removed"
    comparison.note(rule_id, what, Spot(old.pointer, old.pointer), pair=pair)


def _add(comparison: Comparison, pair: Pair, new: Node) -> None:
    rule_id = "required-parameter-added" if new.get("required") is True else "parameter-added"
    what = f"the parameter {new.get('name')} was added"
    comparison.note(rule_id, what, Spot(new.pointer, pair.old.node.pointer), pair=pair)


def _compare(comparison: Comparison, pair: Pair, old: Node, new: Node) -> None:
    spot, name = Spot(new.pointer, old.pointer), new.get("name")
    was, now = old.get("required") is True, new.get("required") is True
    if now and not was:
        comparison.note("parameter-made-required", f"the parameter {name} is required now", spot, pair=pair)
    elif was and not now:
        comparison.note("parameter-made-optional", f"the parameter {name} is optional now", spot, pair=pair)
    if new.get("deprecated") is True and old.get("deprecated") is not True:
        comparison.note("parameter-deprecated", f"the parameter {name} is deprecated", spot, pair=pair)
    compare_form(comparison, pair, old, new)
    place = Place(pair, "request", "parameter-schema")
    compare_schemas(comparison, place, schema_of(old), schema_of(new))


def compare_form(comparison: Comparison, pair: Pair, old: Node, new: Node, label: str = "parameter") -> None:
    """Compare how the values of a parameter or a header are written."""
    before, after = dict(_form(comparison.old, old)), dict(_form(comparison.new, new))
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was != now and not (key in _RELAXED and now is True):
            name = new.get("name") or new.pointer[-1]
            what = f"{key} of the {label} {name} is {_written(now)}, and was {_written(was)}"
            comparison.note(f"{label}-form-changed", what, Spot(new.pointer, old.pointer), pair=pair)


def _written(value: Any) -> str:  # JSON
    return "not given" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _form(contract: Contract, node: Node) -> Iterator[tuple[str, Any]]:
    """What decides how a value is written, with the defaults of OpenAPI."""
    if contents := node.members("content"):
        yield "content", next(iter(contents))
        return
    place = node.get("in") or "header"
    style = node.get("style") or ("form" if place in _FORMED else "simple")
    yield "style", style
    if not _is_scalar(contract, node.at("schema")):
        yield "explode", node.value.get("explode", style == "form")
    if place == "query":
        yield "allowReserved", node.get("allowReserved") is True
        yield "allowEmptyValue", node.get("allowEmptyValue") is True


def _is_scalar(contract: Contract, schema: Node) -> bool:
    """Whether all values are: `explode` says nothing of them."""
    types: Any = next((part.get("type") for part in contract.parts(schema) if "type" in part.value), [])
    named = types if isinstance(types, list) else [types]
    return bool(named) and _SCALARS.issuperset(named)

"""Forms: how the values of parameters and headers are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node

from .changes import Spot
from .comparison import Comparison, Place
from .equality import is_identical, said

_FORMED = frozenset({"query", "cookie"})
"""The places whose style is `form` unless another one is given; that of the others is `simple`."""
_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})
_NOT_TEXTS = frozenset({"integer", "number", "boolean"})
_SILENT = frozenset({"type", "default", "nullable"})
"""Keywords of a text that exclude none, as values are written in parameters."""
_RELAXED = frozenset({"allowReserved", "allowEmptyValue"})
"""What lets senders write more than before, if it is true."""


def compare_form(comparison: Comparison, place: Place, old: Node, new: Node, label: str = "parameter") -> None:
    """Compare how the values of a parameter or a header are written."""
    before, after = dict(_form(comparison.old, old)), dict(_form(comparison.new, new))
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if key == "explode" and None in {was, now}:
            continue  # a scalar on one side: its schema says so
        if was != now and not (key in _RELAXED and now is True):
            name = new.get("name") or new.pointer[-1]
            what = f"{key} of the {label} {name} is {written(now)}, and was {written(was)}"
            comparison.note(place.rule_id, what, Spot(new.pointer, old.pointer), pair=place.pair)


def written(value: Any) -> str:  # JSON
    """*value* as it is written in a contract."""
    return "not given" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _form(contract: Contract, node: Node) -> Iterator[tuple[str, Any]]:
    """What decides how a value is written, with the defaults of OpenAPI."""
    if contents := node.members("content"):
        yield "content", next(iter(contents))
        return
    place = node.get("in") or "header"
    style = node.get("style") or ("form" if place in _FORMED else "simple")
    yield "style", style
    if not is_scalar(contract, node.at("schema")):
        yield "explode", node.value.get("explode", style == "form")
    if place == "query":
        yield "allowReserved", node.get("allowReserved") is True
        yield "allowEmptyValue", node.get("allowEmptyValue") is True


def is_scalar(contract: Contract, schema: Node) -> bool:
    """Whether all values are: `explode` says nothing of them."""
    types: Any = next((part.get("type") for part in contract.parts(schema) if "type" in part.value), [])
    named = types if isinstance(types, list) else [types]
    return bool(named) and _SCALARS.issuperset(named)


def becomes_any_text(comparison: Comparison, old: Node, new: Node) -> bool:
    """Whether numbers, true and false are written as before in a parameter, and any text is accepted there now."""
    lists = comparison.old.whole(old), comparison.new.whole(new)
    if all(each.get("type") == "array" for each in lists):
        rest = [{**said(each), "items": None} for each in lists]
        return is_identical(*rest) and becomes_any_text(comparison, *(each.at("items") for each in lists))
    types = [str(part.get("type")) for part in comparison.old.parts(old) if "type" in part.value]
    parts = list(comparison.new.parts(new))
    is_any = {str(part.get("type")) for part in parts} == {"string"} and all(map(_SILENT.issuperset, map(said, parts)))
    return bool(types) and _NOT_TEXTS.issuperset(types) and is_any

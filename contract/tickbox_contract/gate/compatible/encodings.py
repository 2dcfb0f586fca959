"""Encodings: how the properties of forms are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node

from .changes import Spot
from .comparison import Comparison, Place
from .forms import is_scalar, written
from .headers import compare_headers

_RULE = "encoding-changed"
_STYLED = ("style", "explode", "allowReserved")


def compare_encodings(comparison: Comparison, place: Place, old: Node, new: Node) -> None:
    """Compare how the properties of two media types are written, with the defaults of OpenAPI."""
    before, after = old.members("encoding"), new.members("encoding")
    for name in sorted(before.keys() | after.keys()):
        ours, theirs = before.get(name, old.at("encoding", name)), after.get(name, new.at("encoding", name))
        was, now = dict(_form(comparison.old, old, ours)), dict(_form(comparison.new, new, theirs))
        spot = Spot(new.pointer, old.pointer).within("encoding", name)
        for key in sorted(was.keys() | now.keys()):
            if not _is_kept(key, was.get(key), now.get(key), place):
                what = f"{key} of the property `{name}` is {_said(now.get(key))}, and was {_said(was.get(key))}"
                comparison.note(_RULE, what, spot, pair=place.pair)
        compare_headers(comparison, place._replace(rule_id=_RULE), ours, theirs)


def _form(contract: Contract, media: Node, encoding: Node) -> Iterator[tuple[str, Any]]:
    """What decides how a value is written. An object without a style is written as JSON, with one as a form."""
    schema = contract.properties(media.at("schema")).get(str(encoding.pointer[-1]), Node((), {}))
    types = encoding.get("contentType")
    yield (
        "contentType",
        frozenset(map(str.strip, types.lower().split(","))) if types else _content_type(contract, schema),
    )
    types_of = {str(each) for part in contract.parts(schema) for each in _listed(part.get("type"))}
    if types_of <= {"object"} and not any(key in encoding.value for key in _STYLED):
        return
    style = encoding.get("style") or "form"
    yield "style", style
    if not is_scalar(contract, schema):
        yield "explode", encoding.value.get("explode", style == "form")
    yield "allowReserved", encoding.get("allowReserved") is True


def _content_type(contract: Contract, schema: Node) -> frozenset[str]:
    """The media type of a value whose encoding names none; empty if its schema does not decide it."""
    said: dict[str, Any] = {}
    for part in contract.parts(schema):
        said = {**part.value, **said}
    kind, form = said.get("type"), said.get("format")
    if kind == "array":
        items = next(part.at("items") for part in contract.parts(schema) if part.get("type") == "array")
        return _content_type(contract, contract.follow(items))
    if kind == "object":
        return frozenset({"application/json"})
    if kind == "string" and (form == "binary" or "contentEncoding" in said):
        return frozenset({"application/octet-stream"})
    return frozenset({"text/plain"} if kind in {"string", "integer", "number", "boolean"} else ())


def _listed(types: Any) -> list[Any]:  # JSON
    return types if isinstance(types, list) else [types]


def _is_kept(key: str, was: Any, now: Any, place: Place) -> bool:
    """Whether senders may still write it as they did, or readers meet only what they know."""
    if key == "contentType" and was and now:
        return bool(was <= now if place.direction == "request" else now <= was)
    return bool(was == now or (key == "allowReserved" and now is True and place.direction == "request"))


def _said(value: Any) -> str:  # JSON, or a set of media types
    return (", ".join(sorted(value)) or "not given") if isinstance(value, frozenset) else written(value)

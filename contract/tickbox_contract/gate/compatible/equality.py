"""Whether two schemas are written alike, whatever their references and their texts for people are."""

from __future__ import annotations

from typing import Any

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import COMPOSITES, Pointer

ANNOTATIONS = frozenset({"description", "title", "example", "examples", "externalDocs", "deprecated", "$comment"})
"""Keywords that say nothing of values."""
KNOWN_EXTENSIONS = frozenset({"x-extensible-enum"})
_HELD_ONCE = ("items", "additionalProperties", "not")
_HELD = frozenset({"properties", *COMPOSITES})


class Equality:
    """Compares schemas of two contracts. Each pair is compared once; a pair within itself counts as equal.

    *by_name* means that their references must have the same texts, too.
    """

    def __init__(self, old: Contract, new: Contract, *, by_name: bool) -> None:
        self._old = old
        self._new = new
        self._by_name = by_name
        self._known: dict[tuple[Pointer, Pointer], bool] = {}

    def holds(self, old: Node, new: Node) -> bool:
        """Whether both schemas have the same keywords with the same values."""
        assumed: set[tuple[Pointer, Pointer]] = set()
        equal = self._holds(old, new, assumed)
        if equal:  # otherwise a pair may have been assumed equal that is not
            self._known.update(dict.fromkeys(assumed, True))
        return equal

    def _holds(self, old: Node, new: Node, assumed: set[tuple[Pointer, Pointer]]) -> bool:
        if self._by_name and old.get("$ref") != new.get("$ref"):
            return False
        old, new = self._old.follow(old), self._new.follow(new)
        key = old.pointer, new.pointer
        if key in self._known or key in assumed:
            return self._known.get(key, True)
        assumed.add(key)
        before, after = said(old), said(new)
        if before.keys() != after.keys():
            return False
        return all(self._same(old, new, keyword, assumed) for keyword in before)

    def _same(self, old: Node, new: Node, keyword: str, assumed: set[tuple[Pointer, Pointer]]) -> bool:
        before, after = old.get(keyword), new.get(keyword)
        if keyword in COMPOSITES:
            pairs = list(zip(old.items(keyword), new.items(keyword), strict=False))
            return len(before) == len(after) and all(self._holds(*pair, assumed) for pair in pairs)
        if keyword == "properties":
            olds, news = old.members(keyword), new.members(keyword)
            return olds.keys() == news.keys() and all(self._holds(olds[n], news[n], assumed) for n in olds)
        if keyword in _HELD_ONCE and isinstance(before, dict) and isinstance(after, dict):
            return self._holds(old.at(keyword), new.at(keyword), assumed)
        return is_identical(before, after)


def is_identical(old: Any, new: Any) -> bool:  # JSON
    """Whether two values of JSON are the same: `true` is not `1`."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    return bool(old == new)


def said(schema: Node) -> dict[str, Any]:
    """The keywords of *schema* that say something of values."""
    return {
        keyword: value
        for keyword, value in schema.value.items()
        if keyword not in ANNOTATIONS and (not keyword.startswith("x-") or keyword in KNOWN_EXTENSIONS)
    }

"""Whether two values of JSON are the same, and what a schema says of values."""

from __future__ import annotations

from typing import Any

from tickbox_contract.openapi.nodes import Node

ANNOTATIONS = frozenset({"description", "title", "example", "examples", "externalDocs", "deprecated", "$comment"})
"""Keywords that say nothing of values."""
KNOWN_EXTENSIONS = frozenset({"x-extensible-enum"})


def is_identical(old: Any, new: Any) -> bool:  # JSON
    """Whether two values of JSON are the same, inside them, too: `true` is not `1`."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(is_identical(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_identical, old, new))
    return bool(old == new)


def said(schema: Node) -> dict[str, Any]:
    """The keywords of *schema* that say something of values."""
    return {
        keyword: value
        for keyword, value in schema.value.items()
        if keyword not in ANNOTATIONS and (not keyword.startswith("x-") or keyword in KNOWN_EXTENSIONS)
    }

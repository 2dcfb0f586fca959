"""Names of places in a contract that stay the same when lines move and lists are reordered; patterns of places."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from tickbox_contract.openapi.objects import Pointer, fragment

_NAMES = ("name", "url", "operationId", "title")


def stable(root: Any, pointer: Pointer) -> str:  # JSON
    """*pointer* in text, with the items of lists named by what they are: `#/paths/~1pets/get/parameters/[query limit]`.

    An item without a name of its own keeps its number.
    """
    steps: list[str | int] = []
    node = root
    for step in pointer:
        item = _child(node, step)
        steps.append(_name(item) or step if isinstance(node, list) else step)
        node = item
    return fragment(tuple(steps))


def _child(node: Any, step: str | int) -> Any:  # JSON
    if isinstance(node, dict):
        return node.get(step)
    return node[step] if isinstance(node, list) and isinstance(step, int) and step < len(node) else None


def _name(item: Any) -> str | None:  # JSON
    if isinstance(item, str):
        return f"[{item}]"
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("$ref"), str):
        return f"[{item['$ref']}]"
    if isinstance(item.get("in"), str) and isinstance(item.get("name"), str):
        return f"[{item['in']} {item['name']}]"
    return next((f"[{item[key]}]" for key in _NAMES if isinstance(item.get(key), str)), None)


def matches(pattern: str, text: str) -> bool:
    """Whether *text*, a path or a pointer, is at *pattern* or in it. `*` stands for a part of a step, `**` for any."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", pattern.rstrip("/"))
    words = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts) + "(/.*)?", re.DOTALL)

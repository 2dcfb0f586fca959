"""What may be removed, because it was deprecated and its date of `x-sunset` is past."""

from __future__ import annotations

from datetime import date

from tickbox_contract.openapi.nodes import Node

_SUNSET = "x-sunset"


def sunset(node: Node) -> date | None:
    """The date of `x-sunset` of something that is deprecated; None without one."""
    text = node.get(_SUNSET)
    try:
        return date.fromisoformat(str(text)[:10]) if node.get("deprecated") is True and text else None
    except ValueError:
        return None


def is_retired(node: Node, today: date) -> bool:
    """Whether *node*, of the old contract, may be removed *today*."""
    day = sunset(node)
    return day is not None and day <= today

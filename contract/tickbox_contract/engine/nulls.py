"""Nulls that a body cannot have.

A client that sends `null` where a value is wanted often means "no value". So the fault does not only name the type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tickbox_contract.responses import Fault

_DETAIL = "This cannot be null: send a value, or leave it out if it is optional."


def explain_nulls(faults: Sequence[Fault], body: Any) -> list[Fault]:  # JSON
    """*faults* of *body*, in which each wrong type of a null property says that it is null."""
    return [
        Fault(_DETAIL, fault.code, place=fault.place) if fault.code == "type" and _is_null(body, fault.place) else fault
        for fault in faults
    ]


def _is_null(body: Any, place: str) -> bool:
    """Whether the pointer *place*, a URI fragment, leads to a property that is null. A shortened name leads nowhere."""
    _, *names = (step.replace("~1", "/").replace("~0", "~") for step in place.split("/"))
    holder = body
    for name in names[:-1]:
        holder = (
            holder[int(name)] if isinstance(holder, list) else holder.get(name) if isinstance(holder, dict) else None
        )
    return bool(names) and isinstance(holder, dict) and holder.get(names[-1], ...) is None

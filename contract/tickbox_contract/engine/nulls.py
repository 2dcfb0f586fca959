"""Nulls that a body cannot have: what to do instead.

A client that sends `null` where a value is wanted often means "no value". The fault says that `null` is not allowed,
and to leave the property out if the schema does not require it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tickbox_contract.openapi.faults import schema_faults
from tickbox_contract.openapi.schemas import Validator
from tickbox_contract.responses import Fault

_NOT_NULL = "This cannot be null."
_LEAVE_OUT = f"{_NOT_NULL} Leave it out."
_ABSENT = object()


def explain_nulls(faults: Sequence[Fault], value: Any, validator: Validator) -> list[Fault]:
    """*faults* of *value*, JSON, in which each wrong type of a null property says that it is null.

    A property can be left out if *validator* does not miss it in *value* without these nulls.
    """
    found = {
        fault.place: path for fault in faults if fault.code == "type" and _is_null(value, path := _path(fault.place))
    }
    if not found:
        return list(faults)
    rest = value
    for path in found.values():
        rest = _without(rest, path)
    missed = {fault.place for fault in schema_faults(validator.iter_errors(rest)) if fault.code == "required"}
    return [
        Fault(_NOT_NULL if fault.place in missed else _LEAVE_OUT, fault.code, place=fault.place)
        if fault.place in found
        else fault
        for fault in faults
    ]


def _path(place: str) -> list[str]:
    """The names and indices in a pointer, which is a URI fragment."""
    return [step.replace("~1", "/").replace("~0", "~") for step in place.split("/")[1:]]


def _is_null(value: Any, path: Sequence[str]) -> bool:
    """Whether *path* leads to a property of *value* that is null. A name that was cut leads nowhere."""
    inner = value
    for step in path[:-1]:
        inner = _at(inner, step)
    return bool(path) and isinstance(inner, dict) and inner.get(path[-1], _ABSENT) is None


def _at(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[int(step)] if isinstance(value, list) else None


def _without(value: Any, path: Sequence[str]) -> Any:
    """A copy of *value* without the property that *path* leads to."""
    step, *further = path
    if not further:
        return {name: each for name, each in value.items() if name != step}
    inner = _without(_at(value, step), further)
    if isinstance(value, dict):
        return {**value, step: inner}
    return [*value[: int(step)], inner, *value[int(step) + 1 :]]

"""Converts pydantic's MISSING, "the client did not send it", to what the domain expects."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import MISSING

from domain.unset import UNSET, Unset

Value = TypeVar("Value")
Other = TypeVar("Other")


def patched(value: Value | MISSING) -> Value | Unset:
    """Return *value*, or UNSET: for a member of a merge patch."""
    return UNSET if value is MISSING else value


def patched_list(value: Sequence[Value] | MISSING | None) -> Sequence[Value] | Unset:
    """Return *value*, () for null, or UNSET: for a list in a merge patch."""
    return () if value is None else patched(value)


def sent(value: Value | MISSING | None, *, default: Other) -> Value | Other:
    """Return *value*, or *default* if it was not sent, or is null: for an optional member of a new resource."""
    return default if value is MISSING or value is None else value

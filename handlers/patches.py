"""From pydantic's MISSING, "the client did not send it", to what the domain says for it."""

from typing import TypeVar

from pydantic import MISSING

from domain.unset import UNSET, Unset

Value = TypeVar("Value")
Other = TypeVar("Other")


def patched(value: Value | MISSING) -> Value | Unset:
    """*value*, or UNSET: a member of a merge patch."""
    return UNSET if value is MISSING else value


def sent(value: Value | MISSING | None, *, default: Other) -> Value | Other:
    """*value*, or *default* where it was not sent, or is null: an optional member of a new resource."""
    return default if value is MISSING or value is None else value

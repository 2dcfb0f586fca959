"""The rows that every twin serves, as a driver would hand them over: dicts of UUIDs, datetimes, texts and numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

Row = dict[str, Any]

NOW = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=UTC)
OWNER_ID = UUID("0190a5f0-0000-7000-8000-0000000000ff")
_PRIORITIES = ("none", "low", "medium", "high", "urgent")
_PAGE = 50
_NEW_IDS = 1 << 32


def item_id(number: int) -> UUID:
    """The id of the row *number*; a created row has one from 2**32 on."""
    return UUID(int=0x0190A5F0_0000_7000_8000_000000000000 + number)


def _row(number: int) -> Row:
    return {
        "id": item_id(number),
        "title": f"Item number {number}",
        "notes": "Buy seeds, and do not forget the string.",
        "status": "completed" if number % 2 else "open",
        "priority": _PRIORITIES[number % len(_PRIORITIES)],
        "owner_id": OWNER_ID,
        "due_at": NOW + timedelta(days=number),
        "estimate_min": 15 + number,
        "created_at": NOW,
    }


_ROWS = {row["id"]: row for row in map(_row, range(2 * _PAGE))}
_BY_STATUS = {
    status: [row for row in _ROWS.values() if status in (None, row["status"])] for status in (None, "open", "completed")
}
_numbers = count(_NEW_IDS)


def get(found_id: UUID) -> Row | None:
    """The row, or None."""
    return _ROWS.get(found_id)


def select(status: str | None, limit: int) -> list[Row]:
    """The first *limit* rows of that status, or of any."""
    return _BY_STATUS[status][:limit]


def insert(**given: Any) -> Row:
    """A new row. It is not kept: under load, memory would be what is measured."""
    return {**given, "id": item_id(next(_numbers)), "status": "open", "created_at": NOW}

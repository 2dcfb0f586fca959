"""What all twins know of Tickbox: names, the form of a due value, positions, digests, cursors."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

Status = Literal["open", "completed", "cancelled"]
Priority = Literal["none", "low", "medium", "high", "urgent"]
PRIORITIES: tuple[Priority, ...] = ("none", "low", "medium", "high", "urgent")
EDITORS = ("editor", "admin", "owner")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
_NO_DUE = "~"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def digest_of(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def cursor_after(created_at: dt.datetime, task_id: UUID | str) -> str:
    return base64.urlsafe_b64encode(json.dumps([created_at.isoformat(), str(task_id)]).encode()).decode()


def place_of(cursor: str) -> tuple[dt.datetime, UUID]:
    created_at, task_id = json.loads(base64.urlsafe_b64decode(cursor))
    return dt.datetime.fromisoformat(created_at), UUID(task_id)


@dataclass(frozen=True, slots=True)
class Due:
    date: dt.date
    time: str | None
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Recurrence:
    rule: str
    anchor: str
    overdue: str
    series_start: Due
    remaining: int | None


def due_time_text(value: dt.time | None) -> str | None:
    return None if value is None else value.isoformat("seconds" if value.second else "minutes")


def recurrence_of(task: Any) -> Recurrence | None:
    """How a task recurs, from the columns of its row."""
    if task.recurrence_rule is None:
        return None
    start = Due(task.series_start_date, due_time_text(task.series_start_time), task.due_time_zone)
    return Recurrence(task.recurrence_rule, task.recurrence_anchor, task.recurrence_overdue, start, task.remaining)


def occurrence_of(task: Any) -> Due | None:
    """The occurrence that a task is at, from the columns of its row."""
    if task.occurrence_date is None:
        return None
    return Due(task.occurrence_date, due_time_text(task.occurrence_time), task.due_time_zone)


def due_values(due: Any) -> dict[str, Any]:
    """The columns of a due value, which has `date`, `time` and `time_zone`, or is None."""
    if due is None:
        return {"due_date": None, "due_time": None, "due_time_zone": None, "due_key": _NO_DUE}
    time_of_day = f"T{due.time.isoformat('seconds')}" if due.time else "~"
    key = f"{due.date.isoformat()}{time_of_day}"
    return {"due_date": due.date, "due_time": due.time, "due_time_zone": due.time_zone, "due_key": key}


def ids_of(text: str) -> list[UUID]:
    """The ids in a task's row."""
    return [UUID(each) for each in text.split()]


def metadata_of(text: str) -> dict[str, str]:
    """Clients' own data in a task's row."""
    return dict(json.loads(text)) if text else {}


def position_after(last: str | None) -> str:
    """The next place: a number in base 62, after a letter that says how many digits it has."""
    if last is None:
        return "a0"
    digits = last[1:]
    room = digits.rstrip(_DIGITS[-1])
    if not room:
        return chr(ord(last[0]) + 1) + "0" * len(last)
    return last[0] + (room[:-1] + _DIGITS[_DIGITS.index(room[-1]) + 1]).ljust(len(digits), "0")

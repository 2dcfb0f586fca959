"""Reminders that have fired, as their owners are sent them, and the port of the record of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.wall_clocks import WallClock


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredReminder:
    """That a reminder has fired. It stays when the reminder, the task or the workspace is deleted: it has no texts.

    `number` counts the reminders of one user that have fired, in the order of the commits. `due` and `occurrence` are
    those of the task when it fired: None if it was not due, or did not recur. `fires_at` is the instant that the
    reminder was for, and `fired_at` when the server fired it, which is later after a downtime.
    """

    user_id: UUID
    number: int
    reminder_id: UUID
    workspace_id: UUID
    task_id: UUID
    due: WallClock | None
    occurrence: WallClock | None
    fires_at: dt.datetime
    fired_at: dt.datetime


class FiredReminderRepository(Protocol):
    """The record of fired reminders."""

    async def add(self, fired: Sequence[FiredReminder]) -> None:
        """Record that reminders have fired, with the next numbers of their users, who are locked.

        The streams of these users are woken after the commit.
        """

    async def between(self, user_id: UUID, *, after: int, to: int, limit: int) -> Sequence[FiredReminder]:
        """Return at most *limit* of a user's, with numbers greater than *after* and up to *to*, in their order.

        Those that are older than the retention of the log are not kept. It can be called after the unit of work has
        ended.
        """

    async def delete_some(self, user_id: UUID, *, limit: int) -> int:
        """Delete what is recorded of a user, at most *limit*. Return how many."""

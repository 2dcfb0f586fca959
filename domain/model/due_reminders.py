"""Reminders that are due, of all users and in all workspaces, and the port that finds them."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.model.reminders import Reminder
from domain.wall_clocks import WallClock


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminder:
    """A reminder that fires at an instant, unless it is changed before."""

    workspace_id: UUID
    reminder_id: UUID
    fires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedReminder:
    """A reminder that is due, whose workspace and owner are locked.

    `is_active` says that its task is open and not in the trash; `due` and `occurrence` are those of the task.
    `reminders_fired` counts the owner's that have fired.
    """

    reminder: Reminder
    is_active: bool
    due: WallClock | None
    occurrence: WallClock | None
    reminders_fired: int


class DueReminderRepository(Protocol):
    """Finds what is due. It leaves out what is to be computed anew, and what belongs to users who are not members."""

    async def first(
        self, *, until: dt.datetime, zone_data: str, without: Collection[UUID], limit: int
    ) -> Sequence[DueReminder]:
        """Return at most *limit* reminders that fire *until* an instant, the earliest first, in any workspace.

        Not in the workspaces *without*, nor those that were computed with zone data before the version *zone_data*.
        """

    async def lock(
        self, workspace_id: UUID, reminder_ids: Collection[UUID], *, now: dt.datetime, zone_data: str
    ) -> Sequence[LockedReminder]:
        """Lock the owners of those of these reminders that are due *now*, and return these, the earliest first.

        The workspace is locked. An owner whom somebody else has locked is not waited for, and their reminders are left
        out.
        """

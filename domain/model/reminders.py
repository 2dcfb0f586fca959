"""Reminders: the entity, its errors, and the port of its repository.

A reminder belongs to its owner, and to nobody else: it is not in the log of its workspace, does not raise its head,
and has a version of its own.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import Invalid, NotFound
from domain.wall_clocks import WallClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What of a user's account decides when their reminders fire."""

    time_zone: str
    reminder_time: dt.time


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """When a user is reminded of a task: *at* an instant, or so many minutes *before_due*. The other one is None.

    `fires_at` is None if there is nothing to fire. `fired_for` is the instant that is done, and for which it does not
    fire again: it fired for it last, or that passed while its task was closed or in the trash, or it had passed when it
    was computed. `fired_at` is when it last fired. `zone_data` is the version of the time zone data with which
    `fires_at` was computed, None where that data does not matter.
    """

    id: UUID
    workspace_id: UUID
    task_id: UUID
    user_id: UUID
    at: dt.datetime | None
    before_due: int | None
    fires_at: dt.datetime | None
    fired_for: dt.datetime | None
    fired_at: dt.datetime | None
    zone_data: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedulable:
    """A reminder with all that its instant is computed from: when its task is due, and its owner's settings.

    `account_changed_at` is when the owner's account was last changed: not before the settings were.
    """

    reminder: Reminder
    due: WallClock | None
    settings: Settings
    account_changed_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """That a user's reminders in a workspace are to be computed anew, as the settings have changed.

    Those up to the id `after` have been. None of them fires before all have been.
    """

    workspace_id: UUID
    user_id: UUID
    after: UUID | None = None


class ReminderNotFound(NotFound):
    """The caller does not have a reminder of this task with this id. Others' reminders look the same."""

    def __init__(self, reminder_id: UUID) -> None:
        super().__init__("You do not have a reminder of this task with this id.")
        self.reminder_id = reminder_id


class ReminderAmbiguous(Invalid):
    """A reminder needs exactly one of `at` and `before_due`."""

    code = "one-of"
    pointer = "#/at"

    def __init__(self) -> None:
        super().__init__("Exactly one of `at` and `before_due` is required.")


class ReminderRepository(Protocol):
    """The reminders of users. Nothing here is in a log. The workspace is locked by whoever changes them."""

    async def add(self, reminder: Reminder) -> None:
        """Store a new reminder. Raises IdTaken."""

    async def get(self, workspace_id: UUID, reminder_id: UUID) -> Reminder | None:
        """Return the reminder, whosever it is."""

    async def count(self, workspace_id: UUID, *, user_id: UUID, task_id: UUID, limit: int) -> tuple[int, int]:
        """Return how many a user has of a task, and how many in the workspace: among the first *limit* of these."""

    async def page(
        self, workspace_id: UUID, *, user_id: UUID, task_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Reminder]:
        """Return at most *limit* of a user's reminders of a task by id. *after* is the last id of the page before."""

    async def page_of_user(
        self, workspace_id: UUID, *, user_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[Reminder]:
        """Return at most *limit* of a user's reminders in a workspace by id, except those of tasks in the trash."""

    async def update_all(self, reminders: Sequence[Reminder]) -> None:
        """Store what can change of reminders that exist. All are in one workspace."""

    async def delete(self, workspace_id: UUID, reminder_id: UUID) -> None:
        """Delete a reminder."""

    async def delete_some(self, workspace_id: UUID, *, user_id: UUID, limit: int) -> int:
        """Delete reminders of a user, at most *limit*. Return how many."""

    async def delete_everywhere(self, user_id: UUID, *, limit: int) -> Sequence[UUID]:
        """Delete reminders of a user in the workspaces that they are in, at most *limit*. All of these are locked.

        Return the workspace of each.
        """

    async def of_tasks(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Sequence[Schedulable]:
        """Return the reminders with `before_due` of these tasks, of whatever owner."""

    async def of_user(
        self, workspace_id: UUID, user_id: UUID, *, after: UUID | None, limit: int
    ) -> Sequence[Schedulable]:
        """Return at most *limit* of a user's reminders in a workspace by id, also of tasks in the trash.

        *after* is the id to begin after.
        """

    async def named(self, workspace_id: UUID, reminder_ids: Collection[UUID]) -> Sequence[Schedulable]:
        """Return these reminders, as far as they exist, also of tasks in the trash."""

    async def mark_stale(self, user_id: UUID) -> None:
        """Note of each workspace of a user that their reminders there are to be computed anew, all of them."""

    async def stale(self, *, after: Stale | None, limit: int) -> Sequence[Stale]:
        """Return at most *limit* of such notes, those of one workspace together, and without a lock.

        *after* is the last one that was returned before.
        """

    async def lock_stale(self, workspace_id: UUID, user_id: UUID) -> Stale | None:
        """Lock a note and return it; None if it does not exist, or somebody else has locked it."""

    async def set_stale(self, stale: Stale) -> None:
        """Store how far a locked note has come."""

    async def end_stale(self, workspace_id: UUID, user_id: UUID) -> None:
        """Delete a note."""

    async def outdated(self, *, zone_data: str, without: Collection[UUID], limit: int) -> Sequence[tuple[UUID, UUID]]:
        """Return the workspace and the id of reminders that were computed with zone data before this version.

        At most *limit*, in whatever workspace that is not deleted, and not among those *without* which it is asked for.
        """

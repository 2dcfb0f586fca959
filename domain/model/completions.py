"""Completions: which occurrences of a recurring task are over, what undoes each, and the port of their repository."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from domain.errors import Conflict
from domain.wall_clocks import WallClock

CompletionKind = Literal["completed", "skipped"]

COMPLETION_KINDS: Final[tuple[CompletionKind, ...]] = ("completed", "skipped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """An occurrence of a recurring task that is over.

    `occurrence` is when it was scheduled, `due` when it was due, after it may have been moved.
    """

    id: UUID
    workspace_id: UUID
    task_id: UUID
    occurrence: WallClock
    due: WallClock
    kind: CompletionKind
    completed_by: UUID
    completed_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneSubtask:
    """A subtask that was completed, and is open again since the next occurrence began."""

    id: UUID
    completed_at: dt.datetime
    closed_with: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What a task was before a completion, as far as the completion itself does not say it.

    `series_start` has no zone. `previous_id` is the completion before in the same series. With `is_last`, the
    completion was the end of the series, and has only changed the status of the task, and what remains of the series.
    """

    start: WallClock | None
    series_start: WallClock
    remaining: int | None
    occurrence_since: dt.datetime
    previous_id: UUID | None
    is_last: bool
    reopened: Sequence[DoneSubtask]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRecord:
    """A completion as it is stored, with what undoes it."""

    completion: Completion
    undo: Undo

    @property
    def texts(self) -> tuple[str, ...]:
        """What counts against the workspace's quota."""
        return (as_text(self.undo.reopened),)


def as_text(subtasks: Sequence[DoneSubtask]) -> str:
    """Return the text that is stored of subtasks, of which the bytes count against the quota: JSON, empty for none."""
    rows = [
        [each.id.hex, each.completed_at.isoformat(), each.closed_with and each.closed_with.hex] for each in subtasks
    ]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


def from_text(text: str) -> Sequence[DoneSubtask]:
    """Return what `as_text` made a text of."""
    return tuple(
        DoneSubtask(
            id=UUID(hex=task_id),
            completed_at=dt.datetime.fromisoformat(completed_at),
            closed_with=None if closed_with is None else UUID(hex=closed_with),
        )
        for task_id, completed_at, closed_with in (json.loads(text) if text else ())
    )


class StaleOccurrence(Conflict):
    """The task is not at the occurrence that the request names, does not recur, or is cancelled."""

    summary = "Another occurrence"

    def __init__(self) -> None:
        super().__init__(
            "The task is not at this occurrence: it was completed, skipped, cancelled or changed meanwhile, or the "
            "task does not recur. Read the task again, and send its `occurrence`, not its `due`."
        )


class NothingToSkip(Conflict):
    """The task does not recur, or is closed."""

    summary = "Nothing to skip"

    def __init__(self) -> None:
        super().__init__("Only an open task that recurs has an occurrence that can be skipped.")


class CompletionRepository(Protocol):
    """The completions of workspaces. A TaskRepository writes them, with the task that they are of."""

    async def record(self, workspace_id: UUID, completion_id: UUID) -> CompletionRecord | None:
        """Return a completion with what undoes it. Its workspace is locked."""

    async def page(
        self, workspace_id: UUID, *, task_id: UUID, after: tuple[dt.datetime, UUID] | None, limit: int
    ) -> Sequence[Completion]:
        """Return at most *limit* completions of a task, by time and then id, the newest first.

        *after* is where the page before ended.
        """

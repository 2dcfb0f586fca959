"""Completing, skipping, cancelling and reopening tasks, with their subtasks.

A task that recurs goes from occurrence to occurrence: see `domain/occurrences.py`.
"""

from typing import Literal
from uuid import UUID

from domain import changeable, occurrences, status_changes
from domain.model.completions import NothingToSkip, StaleOccurrence
from domain.model.tasks import Task
from domain.unit_of_work import UnitOfWork
from domain.wall_clocks import WallClock

Subtasks = Literal["close", "keep"]
"""What happens to the open subtasks of a task that is closed."""


async def complete(
    uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close", occurrence: WallClock | None = None
) -> Task:
    """Complete a task, now, with its open subtasks. A completed one keeps its time.

    An open task that recurs moves to its next occurrence instead, while there is one. *occurrence* is the one that is
    meant, and which a cancelled task does not have any more. Subtasks that recur are left alone, with what is below
    them.

    Raises TaskNotFound, ProjectArchived, StaleOccurrence, LimitReached; WallClockIncomplete, TimeZoneUnknown or
    InvalidTogether for an *occurrence* that no task can be at; RuleMalformed and RulePartsConflict only if the rule
    was stored by another version.
    """
    family = await changeable.family(uow, task_id)
    occurrences.require(family.task, occurrence)
    if occurrence is not None and family.task.status == "cancelled":
        raise StaleOccurrence
    together = family.ordinary if subtasks == "close" else ()
    if occurrences.is_at_one(family.task):
        return await occurrences.end(uow, family, kind="completed", together=together)
    changed = status_changes.closed(family.task, together, status="completed", completed_at=uow.now)
    return await status_changes.store(uow, family, changed=changed)


async def skip(uow: UnitOfWork, task_id: UUID, *, occurrence: WallClock | None = None) -> Task:
    """Pass over an occurrence of a task: it moves to the next one, or is completed if that was the last one.

    *occurrence* is the one that is meant.
    Raises TaskNotFound, ProjectArchived, StaleOccurrence, NothingToSkip, LimitReached; and as `complete` does
    WallClockIncomplete, TimeZoneUnknown, InvalidTogether, RuleMalformed and RulePartsConflict.
    """
    family = await changeable.family(uow, task_id)
    occurrences.require(family.task, occurrence)
    if occurrences.is_at_one(family.task):
        return await occurrences.end(uow, family, kind="skipped", together=family.ordinary)
    record = await occurrences.latest(uow, family.task)
    if occurrence is None or family.task.status != "completed" or record is None or not record.undo.is_last:
        raise NothingToSkip
    return family.task


async def cancel(uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close") -> Task:
    """Cancel a task, with its open subtasks: it will not be done.

    A completed one loses its time of completion. Raises TaskNotFound, ProjectArchived, LimitReached.
    """
    family = await changeable.family(uow, task_id)
    together = family.subtasks if subtasks == "close" else ()
    changed = status_changes.closed(family.task, together, status="cancelled", completed_at=None)
    return await status_changes.store(uow, family, changed=changed)


async def reopen(uow: UnitOfWork, task_id: UUID) -> Task:
    """Open a closed task again, with the subtasks that were closed together with it.

    Of an open task that recurs, take back the latest completion of its series; of a closed one, the completion that was
    the end of the series.

    Raises TaskNotFound, ProjectArchived, LimitReached.
    """
    family = await changeable.family(uow, task_id)
    record = await occurrences.latest(uow, family.task)
    if record is not None and (family.task.status == "open" or record.undo.is_last):
        return await occurrences.take_back(uow, family, record)
    changed = status_changes.reopened(family.task, family.subtasks)
    return await status_changes.store(uow, family, changed=changed)

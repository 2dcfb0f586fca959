"""The occurrences of a recurring task: completing and skipping them, one after the other, and taking that back.

A completion records each of them, and knows the one before it. So the completions of a series are a stack: the task has
the id of the latest one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import next_occurrences, status_changes, wall_clocks
from domain.model.completions import (
    Completion,
    CompletionKind,
    CompletionRecord,
    DoneSubtask,
    StaleOccurrence,
    Undo,
)
from domain.model.tasks import Family, Task, TaskEvent
from domain.unit_of_work import UnitOfWork
from domain.wall_clocks import WallClock

_ANY: Final = "UTC"
"""The zone where it does not matter which one it is."""
_EVENTS: Final[Mapping[CompletionKind, TaskEvent]] = {"completed": "task.completed", "skipped": "task.skipped"}


def require(task: Task, occurrence: WallClock | None) -> None:
    """Raise StaleOccurrence if an occurrence is given and the task is not at it.

    Raises what `wall_clocks.check` does instead if no task can be at it.
    """
    if occurrence is not None and task.occurrence != occurrence:
        wall_clocks.check(occurrence, name="occurrence")
        raise StaleOccurrence


def is_at_one(task: Task) -> bool:
    """Whether a task is at an occurrence that can be completed: it recurs, and is open."""
    return task.recurrence is not None and task.status == "open"


async def end(uow: UnitOfWork, family: Family, *, kind: CompletionKind, together: Sequence[Task]) -> Task:
    """End the occurrence that a task is at, and begin the next one, or complete the task with the subtasks *together*.

    The next occurrence begins with the subtasks open that were completed during this one. Raises LimitReached.
    """
    task = family.task
    following = next_occurrences.following(task, now=uow.now, time_zone=await _time_zone(uow, task))
    done = () if following is None else _done(family)
    record = _record(uow, task, kind=kind, is_last=following is None, done=done)
    if following is None:
        now, *others = status_changes.closed(task, together, status="completed", completed_at=uow.now)
        now = next_occurrences.ended(now)
    else:
        now, others = following, [_opened(each) for each in done]
    changed = [_with_latest(now, record.completion.id), *others]
    return await status_changes.store(uow, family, changed=changed, event=_EVENTS[kind], record=record)


async def latest(uow: UnitOfWork, task: Task) -> CompletionRecord | None:
    """Return the latest completion of the series that a task is in, if there is one."""
    if task.recurrence is None or task.recurrence.completion_id is None:
        return None
    return await uow.completions.record(uow.workspace_id, task.recurrence.completion_id)


async def take_back(uow: UnitOfWork, family: Family, record: CompletionRecord) -> Task:
    """Take back the latest completion of the series: the task is what it was before. Raises LimitReached."""
    task = family.task
    if record.undo.is_last:
        task, *others = status_changes.reopened(task, family.subtasks)
    else:
        done = {each.id: each for each in record.undo.reopened}
        others = [_done_again(each, done[each.id]) for each in family.ordinary if each.id in done]
    changed = [_with_latest(next_occurrences.taken_back(task, record), record.undo.previous_id), *others]
    return await status_changes.store(uow, family, changed=changed, event="task.reopened", record=record)


async def _time_zone(uow: UnitOfWork, task: Task) -> str:
    """Return the zone in which it is decided what time it is: that of `due`, or else that of the caller.

    The caller's is read only if it matters.
    """
    assert task.due is not None, "a task that recurs is due"
    if task.due.time_zone is not None:
        return task.due.time_zone
    if not next_occurrences.needs_now(task):
        return _ANY
    user = await uow.users.get(uow.principal.user_id)
    assert user is not None, "a member has an account"
    return user.time_zone


def _done(family: Family) -> Sequence[Task]:
    """Return the subtasks that were completed since the occurrence began."""
    assert family.task.recurrence is not None
    since = family.task.recurrence.occurrence_since
    return [each for each in family.ordinary if each.completed_at is not None and each.completed_at >= since]


def _record(
    uow: UnitOfWork, task: Task, *, kind: CompletionKind, is_last: bool, done: Sequence[Task]
) -> CompletionRecord:
    recurrence = task.recurrence
    assert recurrence is not None
    assert task.due is not None
    assert task.occurrence is not None
    completion = Completion(
        id=uow.new_id(),
        workspace_id=task.workspace_id,
        task_id=task.id,
        occurrence=task.occurrence,
        due=task.due,
        kind=kind,
        completed_by=uow.principal.user_id,
        completed_at=uow.now,
    )
    undo = Undo(
        start=task.start,
        series_start=recurrence.series_start,
        remaining=recurrence.remaining,
        occurrence_since=recurrence.occurrence_since,
        previous_id=recurrence.completion_id,
        is_last=is_last,
        reopened=[_as_done(each) for each in done],
    )
    return CompletionRecord(completion=completion, undo=undo)


def _as_done(task: Task) -> DoneSubtask:
    assert task.completed_at is not None
    return DoneSubtask(id=task.id, completed_at=task.completed_at, closed_with=task.closed_with)


def _opened(task: Task) -> Task:
    return replace(task, status="open", completed_at=None, closed_with=None)


def _done_again(task: Task, done: DoneSubtask) -> Task:
    return replace(task, status="completed", completed_at=done.completed_at, closed_with=done.closed_with)


def _with_latest(task: Task, completion_id: UUID | None) -> Task:
    assert task.recurrence is not None
    return replace(task, recurrence=replace(task.recurrence, completion_id=completion_id))

"""Completing, cancelling and reopening tasks, with their subtasks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from uuid import UUID

from domain import families, tasks
from domain.model.tasks import Status, Task, TaskEvent
from domain.unit_of_work import UnitOfWork

Subtasks = Literal["close", "keep"]
"""What happens to the open subtasks of a task that is closed."""


async def complete(uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close") -> Task:
    """Complete a task, now, with its open subtasks. A completed one keeps its time. Raises TaskNotFound."""
    task, others = await families.of(uow, task_id)
    changed = _closed(task, others, status="completed", together=subtasks == "close")
    completed = [replace(each, completed_at=uow.now) for each in changed]
    return await _store_all(uow, task, others, changed=completed, event="task.completed")


async def cancel(uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close") -> Task:
    """Cancel a task, with its open subtasks: it will not be done.

    A completed one loses its time of completion. Raises TaskNotFound.
    """
    task, others = await families.of(uow, task_id)
    changed = _closed(task, others, status="cancelled", together=subtasks == "close")
    cancelled = [replace(each, completed_at=None) for each in changed]
    return await _store_all(uow, task, others, changed=cancelled, event="task.cancelled")


async def reopen(uow: UnitOfWork, task_id: UUID) -> Task:
    """Open a closed task again, with the subtasks that were closed together with it. Raises TaskNotFound."""
    task, others = await families.of(uow, task_id)
    return await _store_all(uow, task, others, changed=_reopened(task, others), event="task.reopened")


async def _store_all(
    uow: UnitOfWork, task: Task, others: Sequence[Task], *, changed: Sequence[Task], event: TaskEvent
) -> Task:
    """Store what changed of *task* and *others*, as one change, and return *task* as it is now."""
    before = {each.id: each for each in (task, *others)}
    now = [await tasks.store(uow, before[each.id], each, event=event) for each in changed]
    return now[0] if now else task


def _closed(task: Task, subtasks: Sequence[Task], *, status: Status, together: bool) -> Sequence[Task]:
    """Return what changes if *task* is closed with this *status*: the task, and if *together* its open subtasks.

    `completed_at` is left to the caller.
    """
    if task.status == status:
        return ()
    others = [each for each in subtasks if each.status == "open"] if together else []
    return [
        replace(task, status=status, closed_with=None),
        *(replace(each, status=status, closed_with=task.id) for each in others),
    ]


def _reopened(task: Task, subtasks: Sequence[Task]) -> Sequence[Task]:
    """Return what changes if *task* is reopened: the task, and the subtasks that were closed together with it."""
    if task.status == "open":
        return ()
    closed_with = task.closed_with or task.id
    return [
        replace(each, status="open", completed_at=None, closed_with=None)
        for each in (task, *(each for each in subtasks if each.closed_with == closed_with))
    ]

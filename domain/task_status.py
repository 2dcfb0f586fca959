"""Completing, cancelling and reopening tasks, with their subtasks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal
from uuid import UUID

from domain import changeable, tasks
from domain.limits import MOST_CHANGES, require_few
from domain.model.tasks import Family, Status, Task, TaskEvent, WhichDependents
from domain.unit_of_work import UnitOfWork

Subtasks = Literal["close", "keep"]
"""What happens to the open subtasks of a task that is closed."""


async def complete(uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close") -> Task:
    """Complete a task, now, with its open subtasks. A completed one keeps its time.

    Raises TaskNotFound, ProjectArchived, LimitReached.
    """
    family = await changeable.family(uow, task_id)
    changed = _closed(family, status="completed", together=subtasks == "close")
    completed = [replace(each, completed_at=uow.now) for each in changed]
    return await _store_all(uow, family, changed=completed, event="task.completed")


async def cancel(uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close") -> Task:
    """Cancel a task, with its open subtasks: it will not be done.

    A completed one loses its time of completion. Raises TaskNotFound, ProjectArchived, LimitReached.
    """
    family = await changeable.family(uow, task_id)
    changed = _closed(family, status="cancelled", together=subtasks == "close")
    cancelled = [replace(each, completed_at=None) for each in changed]
    return await _store_all(uow, family, changed=cancelled, event="task.cancelled")


async def reopen(uow: UnitOfWork, task_id: UUID) -> Task:
    """Open a closed task again, with the subtasks that were closed together with it.

    Raises TaskNotFound, ProjectArchived, LimitReached.
    """
    family = await changeable.family(uow, task_id)
    return await _store_all(uow, family, changed=_reopened(family.task, family.subtasks), event="task.reopened")


async def _store_all(uow: UnitOfWork, family: Family, *, changed: Sequence[Task], event: TaskEvent) -> Task:
    """Store what changed of a family, and of its dependents, as one change. Return the task as it is now."""
    before = {each.id: each for each in family.all}
    after = {each.id: each for each in changed}
    dependents: dict[UUID, Task] = {}
    if family.has_dependents:
        for dependent, blocked in await _dependents(uow, before, after):
            known = after if dependent.id in after else dependents
            before.setdefault(dependent.id, dependent)
            known[dependent.id] = replace(known.get(dependent.id, dependent), blocked=blocked)
    require_few(len(after) + len(dependents))
    now = await tasks.store_all(uow, [(before[each.id], each) for each in after.values()], event=event)
    turned = [(before[each.id], each) for each in dependents.values()]
    await tasks.store_all(uow, turned, event="task.updated")
    return now[0] if now else family.task


async def _dependents(
    uow: UnitOfWork, before: Mapping[UUID, Task], after: Mapping[UUID, Task]
) -> Sequence[tuple[Task, bool]]:
    """Return the tasks that are blocked, or no longer, by the change of *before* to *after*, and which of both."""
    turned = [each.id for each in after.values() if (each.status == "open") != (before[each.id].status == "open")]
    if not turned:
        return ()
    reopened = after[turned[0]].status == "open"  # and so are all of them
    which: WhichDependents = "free" if reopened else "freed"
    found = await uow.tasks.dependents(uow.workspace_id, turned, which=which, limit=MOST_CHANGES + 1)
    return [(task, reopened) for task, _ in found]


def _closed(family: Family, *, status: Status, together: bool) -> Sequence[Task]:
    """Return what changes if a task is closed with this *status*: the task, and if *together* its open subtasks.

    `completed_at` is left to the caller.
    """
    task = family.task
    if task.status == status:
        return ()
    others = [each for each in family.subtasks if each.status == "open"] if together else []
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

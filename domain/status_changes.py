"""Storing tasks that are closed or opened together, with the tasks that depend on them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import tasks
from domain.limits import MOST_CHANGES, require_few
from domain.model.completions import CompletionRecord
from domain.model.tasks import Family, Status, Task, TaskEvent, WhichDependents
from domain.unit_of_work import UnitOfWork

_EVENTS: Final[Mapping[Status, TaskEvent]] = {
    "open": "task.reopened",
    "completed": "task.completed",
    "cancelled": "task.cancelled",
}
"""The event of a task that has another status than before."""


def closed(task: Task, subtasks: Sequence[Task], *, status: Status, completed_at: dt.datetime | None) -> Sequence[Task]:
    """Return what changes if a task is closed with this *status*: the task, and those *subtasks* that are open."""
    if task.status == status:
        return ()
    others = [each for each in subtasks if each.status == "open"]
    return [
        replace(task, status=status, completed_at=completed_at, closed_with=None),
        *(replace(each, status=status, completed_at=completed_at, closed_with=task.id) for each in others),
    ]


def reopened(task: Task, subtasks: Sequence[Task]) -> Sequence[Task]:
    """Return what changes if *task* is reopened: the task, and the subtasks that were closed together with it."""
    if task.status == "open":
        return ()
    closed_with = task.closed_with or task.id
    together = (each for each in subtasks if each.closed_with == closed_with)
    return [replace(each, status="open", completed_at=None, closed_with=None) for each in (task, *together)]


async def store(
    uow: UnitOfWork,
    family: Family,
    *,
    changed: Sequence[Task],
    event: TaskEvent | None = None,
    record: CompletionRecord | None = None,
) -> Task:
    """Store what changed of a family, and of its dependents, as one change. Return the task as it is now.

    The task itself is the first one in *changed*. All that are opened or closed are so alike. With *event*, the task
    has that one instead of the event of its status; *record* is the completion that is stored, or taken back, with it.

    Raises LimitReached.
    """
    before = {each.id: each for each in family.all}
    after = {each.id: each for each in changed}
    dependents: dict[UUID, Task] = {}
    if family.has_dependents:
        for dependent, blocked in await _dependents(uow, before, after):
            known = after if dependent.id in after else dependents
            before.setdefault(dependent.id, dependent)
            known[dependent.id] = replace(known.get(dependent.id, dependent), blocked=blocked)
    require_few(len(after) + len(dependents))
    if not after:
        return family.task
    changes = [(before[each.id], each) for each in after.values()]
    now = await _store_all(uow, changes, event=event, record=record)
    await tasks.store_all(uow, [(before[each.id], each) for each in dependents.values()], event="task.updated")
    return now


async def _store_all(
    uow: UnitOfWork,
    changes: Sequence[tuple[Task, Task]],
    *,
    event: TaskEvent | None,
    record: CompletionRecord | None,
) -> Task:
    (task, changed), *others = changes
    if event is None:
        return (await tasks.store_all(uow, changes, event=_EVENTS[changed.status]))[0]
    now = await tasks.store(uow, task, changed, event=event, record=record)
    if others:
        await tasks.store_all(uow, others, event=_EVENTS[others[0][1].status])
    return now


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

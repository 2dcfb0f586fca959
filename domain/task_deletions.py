"""Deleting tasks: by themselves, with their subtasks, or with the project or section that they are in."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import changeable, steps, tasks
from domain.limits import MOST_CHANGES, LimitReached, require_few
from domain.model.tasks import Family, Task
from domain.trash import Deletion
from domain.unit_of_work import UnitOfWork

_TOO_MANY_COMMENTS: Final = "A batch cannot delete or restore a task with so many comments. Send a request of its own."


async def delete(uow: UnitOfWork, task_id: UUID) -> None:
    """Put a task into the trash, with its subtasks and their comments; many comments in steps before (ADR 81).

    Raises TaskNotFound, ProjectArchived, LimitReached, ChangedMeanwhile.
    """
    deletion = Deletion("task", task_id)
    found: list[Family] = []

    async def delete_comments(limit: int) -> int:
        family = await changeable.family(uow, task_id)
        await _dependents_of(uow, family)
        found[:] = [family]
        await deletion.step(uow, title=family.task.title)
        count = await _delete_comments(uow, [each.id for each in family.all], deletion, limit=limit)
        require_steps(uow, count, limit=limit)
        return count

    await steps.in_steps(uow, delete_comments)
    (family,), trash_id = found, deletion.entry_id
    task_ids = [each.id for each in family.all]
    await deletion.took(uow, len(family.subtasks))
    if family.has_dependents:
        await _release(uow, task_ids, await _dependents_of(uow, family), trash_id=trash_id)
    await uow.tasks.delete_all(uow.workspace_id, task_ids, trash_id=trash_id, revision=await uow.next_revision())


def require_steps(uow: UnitOfWork, count: int, *, limit: int) -> None:
    """Raise LimitReached where *count* comments have reached the *limit* of a step, and there can be no other one."""
    if count == limit and not uow.may_step:
        raise LimitReached("batch", things="comments of one task", most=limit, detail=_TOO_MANY_COMMENTS)


async def delete_some(
    uow: UnitOfWork, *, project_id: UUID | None = None, section_id: UUID | None = None, deletion: Deletion, limit: int
) -> int:
    """Delete comments on tasks of a project or of a section, and the tasks, at most *limit* of each.

    A subtask is never deleted after its parent: if the deletion is interrupted, each live one still has its parent. At
    most as many tasks that depend on them change. Return *limit* if there may be more.
    """
    found = await uow.tasks.some_of(uow.workspace_id, project_id=project_id, section_id=section_id, limit=limit)
    if not found:
        return 0
    some = await _lowest(uow, found, limit=limit)
    while len(dependents := await _dependents(uow, some, limit=limit)) > limit and len(some) > 1:
        some = await _lowest(uow, some[: len(some) // 2], limit=limit)
    if await _delete_comments(uow, some, deletion, limit=limit) == limit:
        return limit
    await _release(uow, some, dependents, trash_id=deletion.entry_id)
    await uow.tasks.delete_all(uow.workspace_id, some, trash_id=deletion.entry_id, revision=await uow.next_revision())
    await deletion.took(uow, len(some))
    return len(found) if some == found else limit


async def _lowest(uow: UnitOfWork, some: Sequence[UUID], *, limit: int) -> Sequence[UUID]:
    """Return *some* tasks if they have no other subtasks, else of the tasks below them, at most *limit*, the lowest."""
    while below := await uow.tasks.other_subtasks(uow.workspace_id, some, limit=limit):
        some = below
    return some


async def _delete_comments(uow: UnitOfWork, task_ids: Collection[UUID], deletion: Deletion, *, limit: int) -> int:
    """Delete comments on tasks, which are deleted next, at most *limit*. Return how many."""
    count = await uow.comments.delete_some(
        uow.workspace_id,
        task_ids=task_ids,
        trash_id=deletion.entry_id,
        revision=await uow.next_revision(),
        limit=limit,
    )
    await deletion.took(uow, count)
    return count


async def _dependents_of(uow: UnitOfWork, family: Family) -> Sequence[tuple[Task, bool]]:
    """Return what depends on a task that is deleted, or on its subtasks.

    Raises LimitReached if it is too much. What is in the trash counts: it may be live when the task is restored.
    """
    if not family.has_dependents:
        return ()
    task_ids = [each.id for each in family.all]
    count = await uow.tasks.count_dependents(uow.workspace_id, task_ids, limit=MOST_CHANGES)
    require_few(len(task_ids) + count)
    return await _dependents(uow, task_ids, limit=MOST_CHANGES)


async def _dependents(uow: UnitOfWork, task_ids: Sequence[UUID], *, limit: int) -> Sequence[tuple[Task, bool]]:
    """Return what depends on these tasks and is not one of them, each with whether it waits for another one as well.

    If there are more than *limit*, not all of them.
    """
    found = await uow.tasks.dependents(uow.workspace_id, task_ids, which="all", limit=len(task_ids) + limit + 1)
    these = set(task_ids)
    return [(task, waits) for task, waits in found if task.id not in these]


async def _release(
    uow: UnitOfWork, task_ids: Collection[UUID], dependents: Sequence[tuple[Task, bool]], *, trash_id: UUID
) -> None:
    """Let *dependents* no longer depend on these tasks, until these are restored."""
    await uow.tasks.hide_dependencies(uow.workspace_id, task_ids, trash_id=trash_id)
    these = set(task_ids)
    changes = []
    for task, waits in dependents:
        left = tuple(each for each in task.depends_on_ids if each not in these)
        changes.append((task, replace(task, depends_on_ids=left, blocked=waits)))
    await tasks.store_all(uow, changes, event="task.updated")

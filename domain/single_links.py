"""Adding one label, assignee or dependency to a task, or removing one, so that two clients can do it at once."""

from dataclasses import replace
from uuid import UUID

from domain import changeable, dependencies, labels, members, task_links
from domain.model.tasks import DependencyCycle, DependencyNotFound, Task
from domain.tasks import store
from domain.unit_of_work import UnitOfWork


async def add_label(uow: UnitOfWork, task_id: UUID, *, label_id: UUID) -> Task:
    """Add one label; a task that has it does not change.

    Raises TaskNotFound, ProjectArchived, LabelNotFound, LimitReached.
    """
    task = await changeable.task(uow, task_id)
    await labels.get(uow, label_id)
    return await store(uow, task, task_links.LABELS.added(task, label_id), event="task.updated")


async def remove_label(uow: UnitOfWork, task_id: UUID, *, label_id: UUID) -> Task:
    """Remove one label; a task that does not have it does not change.

    Raises TaskNotFound, ProjectArchived, LabelNotFound.
    """
    task = await changeable.task(uow, task_id)
    await labels.get(uow, label_id)
    return await store(uow, task, task_links.LABELS.removed(task, label_id), event="task.updated")


async def add_assignee(uow: UnitOfWork, task_id: UUID, *, user_id: UUID) -> Task:
    """Add one assignee; a task that has them does not change.

    Raises TaskNotFound, ProjectArchived, MemberNotFound, LimitReached.
    """
    task = await changeable.task(uow, task_id)
    await members.get(uow, user_id)
    return await store(uow, task, task_links.ASSIGNEES.added(task, user_id), event="task.updated")


async def remove_assignee(uow: UnitOfWork, task_id: UUID, *, user_id: UUID) -> Task:
    """Remove one assignee; a task that does not have them does not change.

    Raises TaskNotFound, ProjectArchived, MemberNotFound.
    """
    task = await changeable.task(uow, task_id)
    await members.get(uow, user_id)
    return await store(uow, task, task_links.ASSIGNEES.removed(task, user_id), event="task.updated")


async def add_dependency(uow: UnitOfWork, task_id: UUID, *, depends_on_id: UUID) -> Task:
    """Let a task depend on another one; a task that does already does not change.

    The project of the other one may be archived. Raises TaskNotFound, ProjectArchived, DependencyNotFound,
    DependencyCycle, LimitReached.
    """
    task = await changeable.task(uow, task_id)
    other = (await uow.tasks.dependencies(uow.workspace_id, [depends_on_id])).get(depends_on_id)
    if other is None:
        raise DependencyNotFound(depends_on_id)
    changed = task_links.DEPENDENCIES.added(task, depends_on_id)
    if changed == task:
        return task
    dependencies.require_room(other)
    if await dependencies.closes_cycle(uow, task_id, changed.depends_on_ids):
        raise DependencyCycle(is_another=depends_on_id != task_id)
    return await store(uow, task, replace(changed, blocked=task.blocked or other.is_open), event="task.updated")


async def remove_dependency(uow: UnitOfWork, task_id: UUID, *, depends_on_id: UUID) -> Task:
    """Let a task no longer depend on another one; if it does not, nothing changes.

    Raises TaskNotFound, ProjectArchived, DependencyNotFound.
    """
    task = await changeable.task(uow, task_id)
    if await uow.tasks.get(uow.workspace_id, depends_on_id) is None:
        raise DependencyNotFound(depends_on_id)
    changed = task_links.DEPENDENCIES.removed(task, depends_on_id)
    left = changed.depends_on_ids
    others = await uow.tasks.dependencies(uow.workspace_id, left) if left else {}
    blocked = any(each.is_open for each in others.values())
    return await store(uow, task, replace(changed, blocked=blocked), event="task.updated")

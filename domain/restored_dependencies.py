"""What restored tasks depend on, and what depends on them again."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from domain import dependencies, task_links, tasks
from domain.model.tasks import Task
from domain.unit_of_work import UnitOfWork


async def restore_all(
    uow: UnitOfWork, found: Sequence[Task], restored: Sequence[Task], *, hidden: Mapping[UUID, set[UUID]]
) -> Sequence[Task]:
    """Store restored tasks with what they depend on, and let those depend on them that did.

    No dependency closes a cycle: the search for cycles walks through the trash, too.
    """
    these = {each.id: each for each in restored}
    if hidden:
        await uow.tasks.show_dependencies(uow.workspace_id, these.keys())
    wanted = {each.id: task_links.in_order({*each.depends_on_ids, *hidden.get(each.id, ())}) for each in restored}
    others = {one for ids in wanted.values() for one in ids} - these.keys()
    open_ids = {each.id for each in restored if each.status == "open"}
    if others:
        states = await uow.tasks.dependencies(uow.workspace_id, others)
        open_ids |= {task_id for task_id, state in states.items() if state.is_open}
    linked = [
        replace(each, depends_on_ids=wanted[each.id], blocked=not open_ids.isdisjoint(wanted[each.id]))
        for each in restored
    ]
    await uow.tasks.restore_all(list(zip(found, linked, strict=True)))
    dependents = await uow.tasks.named(uow.workspace_id, hidden.keys() - these.keys())
    in_order = sorted(dependents, key=lambda each: each.id)
    changes = [(each, await _depending_again(uow, each, hidden[each.id], open_ids=open_ids)) for each in in_order]
    await tasks.store_all(uow, changes, event="task.updated")
    return linked


async def hidden(uow: UnitOfWork, found: Sequence[Task], *, limit: int) -> Mapping[UUID, set[UUID]]:
    """Return what depends on tasks that are to be restored, and on which of them.

    If there are more than *limit* besides these tasks themselves, not all of them.
    """
    most = len(found) * task_links.DEPENDENCIES.most + max(limit, dependencies.MOST_DEPENDENTS) + 1
    hidden = defaultdict[UUID, set[UUID]](set)
    these = [each.id for each in found]
    for task_id, depends_on_id in await uow.tasks.hidden_dependencies(uow.workspace_id, these, limit=most):
        hidden[task_id].add(depends_on_id)
    return hidden


async def _depending_again(
    uow: UnitOfWork, task: Task, depends_on_ids: Collection[UUID], *, open_ids: Collection[UUID]
) -> Task:
    """Return a task as it is when it depends on these tasks again, as far as it has room."""
    free = task_links.DEPENDENCIES.most - len(task.depends_on_ids)
    missing = sorted(set(depends_on_ids) - set(task.depends_on_ids))
    for each in missing[free:]:
        await uow.tasks.unlink(uow.workspace_id, "depends_on_ids", each, task_id=task.id)
    given = missing[:free]
    return replace(
        task,
        depends_on_ids=task_links.in_order({*task.depends_on_ids, *given}),
        blocked=task.blocked or not set(given).isdisjoint(open_ids),
    )

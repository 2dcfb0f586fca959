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
    had = {each.id: task_links.in_order({*each.depends_on_ids, *hidden.get(each.id, ())}) for each in restored}
    wanted = {task_id: ids[: task_links.DEPENDENCIES.most] for task_id, ids in had.items()}
    others = {one for ids in wanted.values() for one in ids} - these.keys()
    open_ids = {each.id for each in restored if each.status == "open"}
    if others:
        states = await uow.tasks.dependencies(uow.workspace_id, others)
        open_ids |= {task_id for task_id, state in states.items() if state.is_open}
    linked = [
        replace(each, depends_on_ids=wanted[each.id], blocked=not open_ids.isdisjoint(wanted[each.id]))
        for each in restored
    ]
    before = [replace(each, depends_on_ids=had[each.id]) for each in found]
    await uow.tasks.restore_all(list(zip(before, linked, strict=True)))
    dependents = await uow.tasks.named(uow.workspace_id, hidden.keys() - these.keys())
    in_order = sorted(dependents, key=lambda each: each.id)
    changes = [(each, await _depending_again(uow, each, hidden[each.id], open_ids=open_ids)) for each in in_order]
    await tasks.store_all(uow, changes, event="task.updated")
    return linked


async def hidden(uow: UnitOfWork, found: Sequence[Task]) -> Mapping[UUID, set[UUID]]:
    """Return what depends on tasks that are to be restored, and on which of them."""
    links = await _links(uow, found, limit=len(found) * dependencies.MOST_DEPENDENTS)
    return _by_dependent(links)


async def of_few(
    uow: UnitOfWork, found: Sequence[Task], *, limit: int
) -> tuple[Sequence[Task], Mapping[UUID, set[UUID]]]:
    """Return the first of *found*, on which at most *limit* others depend, but at least one; and what `hidden` does."""
    while len(found) > 1:
        most = len(found) * task_links.DEPENDENCIES.most + limit
        links = await _links(uow, found, limit=most + 1)
        others = {task_id for task_id, _ in links} - {each.id for each in found}
        if len(links) <= most and len(others) <= limit:
            return found, _by_dependent(links)
        found = found[: len(found) // 2]
    return found, await hidden(uow, found)


async def _links(uow: UnitOfWork, found: Sequence[Task], *, limit: int) -> Collection[tuple[UUID, UUID]]:
    return await uow.tasks.hidden_dependencies(uow.workspace_id, [each.id for each in found], limit=limit)


def _by_dependent(links: Collection[tuple[UUID, UUID]]) -> Mapping[UUID, set[UUID]]:
    found = defaultdict[UUID, set[UUID]](set)
    for task_id, depends_on_id in links:
        found[task_id].add(depends_on_id)
    return found


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

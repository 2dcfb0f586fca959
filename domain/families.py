"""A task with its subtasks of all levels: where a subtask may be."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from domain.limits import LimitReached
from domain.model.tasks import MOST_LEVELS, NotWithParent, ParentUnknown, Task, TooDeep
from domain.unit_of_work import UnitOfWork

MOST_SUBTASKS: Final = 500
"""How many subtasks a task has at most on the next level."""
MOST_IN_ALL_LEVELS: Final = 1000
"""How many subtasks of all levels are below a task that is not one: all of them may change in one transaction."""


async def parent_of(uow: UnitOfWork, parent_id: UUID, *, project_id: UUID | None, section_id: UUID | None) -> Task:
    """Return the parent of a new subtask, which is in the same project and section.

    Raises ParentUnknown, NotWithParent, TooDeep, LimitReached.
    """
    lineage = await uow.tasks.lineage(uow.workspace_id, parent_id)
    if not lineage:
        raise ParentUnknown(parent_id)
    parent = lineage[0]
    for name, given, has in (
        ("project_id", project_id, parent.project_id),
        ("section_id", section_id, parent.section_id),
    ):
        if given not in {None, has}:
            raise NotWithParent(name)
    if len(lineage) >= MOST_LEVELS:
        raise TooDeep(MOST_LEVELS)
    await require_few(uow, lineage, name="parent_id")
    return parent


async def require_room(uow: UnitOfWork, parent_id: UUID, *, moved: Sequence[Task], name: str) -> None:
    """Raise TooDeep or LimitReached unless *moved*, a task with its subtasks, can be moved under a parent.

    *name* is the property of the body that names the place.
    """
    lineage = await uow.tasks.lineage(uow.workspace_id, parent_id)
    if len(lineage) + levels(moved) > MOST_LEVELS:
        raise TooDeep(MOST_LEVELS, name=name)
    await require_few(uow, lineage, moved=moved, name=name)


async def require_few(
    uow: UnitOfWork, lineage: Sequence[Task], *, moved: Sequence[Task] = (), name: str | None = None
) -> None:
    """Raise LimitReached unless *moved*, or one new task, can become a subtask of the first of *lineage*.

    *name* is the property of the body that names the place, if there is one.
    """
    pointer = None if name is None else f"#/{name}"
    coming = {each.id for each in moved}
    tree = await uow.tasks.tree(uow.workspace_id, lineage[-1].id)
    staying = [parent_id for task_id, parent_id in tree.items() if task_id not in coming]
    if staying.count(lineage[0].id) >= MOST_SUBTASKS:
        raise LimitReached("task", things="subtasks", most=MOST_SUBTASKS, pointer=pointer)
    if len(staying) - 1 + (len(moved) or 1) > MOST_IN_ALL_LEVELS:
        raise LimitReached("task", things="subtasks of all levels", most=MOST_IN_ALL_LEVELS, pointer=pointer)


def levels(family: Sequence[Task]) -> int:
    """Return on how many levels a task and its subtasks are."""
    parents = {each.id: each.parent_id for each in family}
    deepest = 0
    for above in parents.values():
        level = 1
        while above in parents:
            above, level = parents[above], level + 1  # noqa: PLW2901  # walks up
        deepest = max(deepest, level)
    return deepest

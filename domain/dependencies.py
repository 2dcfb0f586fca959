"""Which tasks are to be closed before a task: they are its dependencies, and it is their dependent."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from domain import distinct
from domain.checks import Checks
from domain.limits import LimitReached
from domain.model.tasks import Dependency, DependencyInCycle, DependencyUnknown
from domain.unit_of_work import UnitOfWork

MOST_DEPENDENTS: Final = 100
"""How many tasks depend on one at most: all of them may change when it is closed."""
MOST_IN_ALL: Final = 1000
"""On how many tasks, directly and through others, a task may depend when it gets another dependency.

It bounds the search for cycles. A task may have more, because those that it depends on got more.
"""


async def are_open(uow: UnitOfWork, depends_on_ids: Sequence[UUID], *, before: Collection[UUID] = ()) -> bool:
    """Return whether one of the dependencies that the body gives a task is open.

    *before* has the dependencies that it has already. Raises DependencyUnknown, IdRepeated or InvalidTogether;
    LimitReached.
    """
    distinct.require_distinct(depends_on_ids, name="depends_on_ids")
    if not depends_on_ids:
        return False
    found = await uow.tasks.dependencies(uow.workspace_id, depends_on_ids)
    checks = Checks()
    for index, each in enumerate(depends_on_ids):
        with checks:
            if each not in found:
                raise DependencyUnknown(each, index=index)
    checks.finish()
    for index, each in enumerate(depends_on_ids):
        if each not in before:
            require_room(found[each], pointer=f"#/depends_on_ids/{index}")
    return any(each.is_open for each in found.values())


async def require_no_cycle(uow: UnitOfWork, task_id: UUID, depends_on_ids: Sequence[UUID]) -> None:
    """Raise DependencyInCycle, InvalidTogether or LimitReached if a task cannot depend on what the body names."""
    if not await closes_cycle(uow, task_id, depends_on_ids):
        return
    checks = Checks()
    for index, each in enumerate(depends_on_ids):
        with checks:
            if await closes_cycle(uow, task_id, [each]):
                raise DependencyInCycle(each, index=index, is_another=each != task_id)
    checks.finish()


def require_room(dependency: Dependency, *, pointer: str | None = None) -> None:
    """Raise LimitReached if no other task can depend on this one."""
    if dependency.dependents >= MOST_DEPENDENTS:
        raise LimitReached("task", things="tasks that depend on it", most=MOST_DEPENDENTS, pointer=pointer)


async def closes_cycle(uow: UnitOfWork, task_id: UUID | None, depends_on_ids: Sequence[UUID]) -> bool:
    """Return whether a task depends on itself, directly or through others, if it depends on these.

    None depends on a new task, whose id is None. Raises LimitReached if that takes too long to find out.
    """
    if not depends_on_ids:
        return False
    reached = await uow.tasks.with_dependencies(uow.workspace_id, depends_on_ids, limit=MOST_IN_ALL + 1)
    if task_id in reached:
        return True
    if len(reached) > MOST_IN_ALL:
        raise LimitReached("task", things="direct and indirect dependencies", most=MOST_IN_ALL)
    return False

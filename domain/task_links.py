"""The things that a task names by their ids: its labels, its assignees, and the tasks that it depends on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from domain.limits import LimitReached
from domain.model.tasks import FIRST_ID, LinkName, Task
from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkKind:
    """A member of tasks, *name*, which has the ids of at most *most* *things*. The contract has the same number."""

    name: LinkName
    things: str
    most: int

    def ids_of(self, task: Task) -> tuple[UUID, ...]:
        """Return the ids that a task has."""
        ids: tuple[UUID, ...] = getattr(task, self.name)
        return ids

    def added(self, task: Task, other_id: UUID) -> Task:
        """Return the task with one id more, unless it has it. Raises LimitReached."""
        ids = self.ids_of(task)
        if other_id not in ids and len(ids) >= self.most:
            raise LimitReached("task", things=self.things, most=self.most)
        return self._with(task, {*ids, other_id})

    def removed(self, task: Task, other_id: UUID) -> Task:
        """Return the task without one of its ids."""
        return self._with(task, set(self.ids_of(task)) - {other_id})

    def _with(self, task: Task, ids: Iterable[UUID]) -> Task:
        changes: dict[str, Any] = {self.name: in_order(ids)}
        return replace(task, **changes)


LABELS: Final = LinkKind(name="label_ids", things="labels", most=50)
ASSIGNEES: Final = LinkKind(name="assignee_ids", things="assignees", most=20)
DEPENDENCIES: Final = LinkKind(name="depends_on_ids", things="dependencies", most=20)


def in_order(ids: Iterable[UUID]) -> tuple[UUID, ...]:
    """Return *ids* as a task has them: each once, in their order."""
    return tuple(sorted(set(ids)))


class Removal:
    """Removes an id from all tasks of a workspace that have it, in steps, in the order of the tasks.

    Each step begins where the one before ended: tasks in the trash keep the id, and would be passed again.
    """

    def __init__(self, kind: LinkKind, other_id: UUID) -> None:
        self._kind = kind
        self._other_id = other_id
        self._first = FIRST_ID

    async def step(self, uow: UnitOfWork, limit: int) -> int:
        """Remove it from at most *limit* tasks, and return from how many. If from fewer, no task has it any more."""
        tasks = await self._found(uow, limit)
        if len(tasks) < limit and self._first != FIRST_ID:  # tasks before may have got it meanwhile
            self._first = FIRST_ID
            tasks = await self._found(uow, limit)
        if tasks:
            self._first = tasks[-1].id
            revisions = {uow.workspace_id: await uow.next_revision()}
            await remove_from_all(uow, tasks, self._kind, self._other_id, revisions=revisions)
        return len(tasks)

    async def _found(self, uow: UnitOfWork, limit: int) -> Sequence[Task]:
        return await uow.tasks.linked(uow.workspace_id, self._kind.name, self._other_id, first=self._first, limit=limit)


async def remove_from_all(
    uow: UnitOfWork, tasks: Sequence[Task], kind: LinkKind, other_id: UUID, *, revisions: Mapping[UUID, int]
) -> None:
    """Remove an id from *tasks*. *revisions* has the number of the change in each of their workspaces."""
    changes = [
        (task, replace(kind.removed(task, other_id), updated_at=uow.now, revision=revisions[task.workspace_id]))
        for task in tasks
    ]
    await uow.tasks.update_all(changes, event="task.updated")

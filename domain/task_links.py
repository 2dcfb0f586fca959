"""The things that a task names by their ids: its labels, its assignees, and the tasks that it depends on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from domain.limits import LimitReached
from domain.model.tasks import LinkName, Task
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


async def remove_from_some(uow: UnitOfWork, kind: LinkKind, other_id: UUID, *, limit: int) -> int:
    """Remove an id from at most *limit* of the tasks that have it, and return from how many."""
    tasks = await uow.tasks.linked(uow.workspace_id, kind.name, other_id, limit=limit)
    if tasks:
        await remove_from_all(uow, tasks, kind, other_id, revisions={uow.workspace_id: await uow.next_revision()})
    return len(tasks)


async def remove_from_all(
    uow: UnitOfWork, tasks: Sequence[Task], kind: LinkKind, other_id: UUID, *, revisions: Mapping[UUID, int]
) -> None:
    """Remove an id from *tasks*. *revisions* has the number of the change in each of their workspaces."""
    changes = [
        (task, replace(kind.removed(task, other_id), updated_at=uow.now, revision=revisions[task.workspace_id]))
        for task in tasks
    ]
    await uow.tasks.update_all(changes, event="task.updated")

"""Tasks that come back from the trash: each to its position and below its parent, as far as these are free."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from domain import families, positions, restored_dependencies, task_links, tasks
from domain.model.tasks import MOST_LEVELS, Parent, Task
from domain.model.trash import TrashEntry
from domain.restored_homes import Home
from domain.restored_places import Places
from domain.unit_of_work import UnitOfWork


class _Parents:
    """What tasks come back below, as long as there is room: others may have got subtasks since the deletion."""

    def __init__(self, parents: Mapping[UUID, Parent], home: Home) -> None:
        self._parents = parents
        self._home = home
        self._subtasks = Counter({task_id: parent.subtasks for task_id, parent in parents.items()})
        self._in_all_levels = Counter({parent.root_id: parent.in_all_levels for parent in parents.values()})

    def placed(self, task: Task) -> Task:
        """Return a task with its parent and section or, if there is no room, without a parent."""
        parent = self._parents.get(task.parent_id) if task.parent_id else None
        if parent is None or not self._has_room(parent):
            return replace(task, parent_id=None, section_id=self._home.section_of(task))
        self._subtasks[parent.task.id] += 1
        self._in_all_levels[parent.root_id] += 1
        return replace(task, section_id=parent.task.section_id)

    def _has_room(self, parent: Parent) -> bool:
        return (
            parent.task.project_id == self._home.project.id
            and parent.level < MOST_LEVELS
            and self._subtasks[parent.task.id] < families.MOST_SUBTASKS
            and self._in_all_levels[parent.root_id] < families.MOST_IN_ALL_LEVELS
        )


async def restore_some(uow: UnitOfWork, entry: TrashEntry, home: Home, *, limit: int) -> tuple[int, bool]:
    """Restore tasks of a project or section, at most *limit*, parents before their subtasks.

    Of the tasks that depend on them, at most as many get their dependencies back, unless one restored task has more.
    Return how many were restored, and whether there may be more.
    """
    count = 0
    changed = 0
    while count < limit and (
        found := await uow.tasks.topmost_in_trash(uow.workspace_id, entry.id, limit=limit - count)
    ):
        found, hidden = await restored_dependencies.of_few(uow, found, limit=limit)
        dependents = len(hidden.keys() - {each.id for each in found})
        if changed and changed + dependents > limit:
            return count, True
        changed += dependents
        parents = _Parents(
            await uow.tasks.parents(uow.workspace_id, {each.parent_id for each in found if each.parent_id}), home
        )
        placed = [parents.placed(each) for each in found]
        home = replace(home, last=await restore(uow, placed, home, hidden=hidden))
        count += len(found)
    return count, count >= limit


async def restore(
    uow: UnitOfWork, found: Collection[Task], home: Home, *, hidden: Mapping[UUID, set[UUID]]
) -> str | None:
    """Restore tasks in a project, each at its position or, if it comes from another project, at the end.

    Return the last position of the project.
    """
    placed, last = await _placed(uow, found, home)
    assignees = {user_id for each in placed for user_id in each.assignee_ids}
    members = await uow.members.existing(uow.workspace_id, assignees) if assignees else ()
    revision = await uow.next_revision()
    restored = [
        replace(
            each,
            label_ids=each.label_ids[: task_links.LABELS.most],
            assignee_ids=tuple(user_id for user_id in each.assignee_ids if user_id in members),
            updated_at=uow.now,
            revision=revision,
        )
        for each in placed
    ]
    before = {each.id: each for each in found}
    await restored_dependencies.restore_all(uow, [before[each.id] for each in restored], restored, hidden=hidden)
    return last


async def _placed(uow: UnitOfWork, found: Collection[Task], home: Home) -> tuple[Sequence[Task], str | None]:
    """Return tasks with the positions that they get, in their old order, and then the last position of the project."""
    project_id = home.project.id

    async def near(cut: str, count: int) -> Sequence[Task]:
        return await uow.tasks.around(uow.workspace_id, project_id=project_id, cut=cut, limit=count)

    async def move(each: Task, position: str) -> None:
        await tasks.store(uow, each, replace(each, position=position), event="task.moved")

    in_order = sorted(found, key=lambda each: each.position)
    wanted = [each.position for each in in_order if each.project_id == project_id]
    taken = await uow.tasks.taken_positions(uow.workspace_id, project_id, wanted) if wanted else ()
    places = Places(near, move, taken=taken)
    for each in in_order:
        if each.project_id == project_id:
            await places.put(each)
    coming = [each for each in in_order if each.project_id != project_id]
    for each, position in zip(coming, positions.spread(places.last(home.last), None, count=len(coming)), strict=True):
        await places.put(replace(each, project_id=project_id, position=position))
    return places.placed, places.last(home.last)

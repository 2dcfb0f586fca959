from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from domain.errors import IdTaken
from domain.events import end_of, event_of
from domain.model.projects import Project
from domain.model.tasks import (
    PRIORITIES,
    Dependency,
    Family,
    LinkName,
    SortKey,
    Task,
    TaskEvent,
    TaskQuery,
    WhichDependents,
)
from domain.wall_clocks import due_key
from tests.support.fakes.store import Store, nearest, page_of


def sort_key(task: Task, order: str) -> SortKey:
    keys: dict[str, SortKey] = {
        "position": task.position,
        "due": due_key(task.due),
        "priority": PRIORITIES.index(task.priority),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }
    return keys[order]


class FakeTasks:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, task: Task) -> None:
        key = (task.workspace_id, task.id)
        if key in self._store.tasks:
            raise IdTaken
        self._put(task)
        self._store.events.append(event_of("task.created", task))

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        return self._store.tasks.get((workspace_id, task_id))

    async def family(self, workspace_id: UUID, task_id: UUID) -> Family | None:
        found = [task for task in [await self.get(workspace_id, task_id)] if task]
        if not found:
            return None
        below = defaultdict[UUID | None, list[Task]](list)
        for task in self._in(workspace_id):
            below[task.parent_id].append(task)
        for above in found:
            found += below[above.id]
        awaited = {each for task in self._in(workspace_id) for each in task.depends_on_ids}
        is_awaited = any(task.id in awaited for task in found)
        return Family(task=found[0], subtasks=found[1:], has_dependents=is_awaited)

    async def tree(self, workspace_id: UUID, task_id: UUID) -> Mapping[UUID, UUID | None]:
        found = await self.family(workspace_id, task_id)
        return {} if found is None else {task.id: task.parent_id for task in found.all}

    async def lineage(self, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
        found: list[Task] = []
        above: UUID | None = task_id
        while above is not None and (task := await self.get(workspace_id, above)) is not None:
            found.append(task)
            above = task.parent_id
        return found

    async def destination(self, workspace_id: UUID, *, project_id: UUID | None) -> tuple[Project, str | None] | None:
        projects = [project for project in self._store.projects.values() if project.workspace_id == workspace_id]
        found = [each for each in projects if (each.is_inbox if project_id is None else each.id == project_id)]
        if not found:
            return None
        place = (workspace_id, found[0].id)
        tasks = (task for task in self._store.tasks.values() if (task.workspace_id, task.project_id) == place)
        return found[0], max((task.position for task in tasks), default=None)

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Task]:
        place = (workspace_id, project_id)
        found = [task for task in self._store.tasks.values() if (task.workspace_id, task.project_id) == place]
        return nearest(found, cut=cut, limit=limit)

    async def in_section(self, workspace_id: UUID, section_id: UUID, *, limit: int) -> Sequence[Task]:
        place = (workspace_id, section_id)
        found = [task for task in self._store.tasks.values() if (task.workspace_id, task.section_id) == place]
        return sorted(found[:limit], key=lambda task: task.position)

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        listed = [
            task
            for task in self._store.tasks.values()
            if task.workspace_id == query.workspace_id
            and query.project_id in {None, task.project_id}
            and query.parent_id in {None, task.parent_id}
            and query.status in {None, task.status}
        ]
        return page_of(
            listed,
            place=lambda task: (sort_key(task, query.order), task.id),
            after=query.after,
            limit=query.limit,
            descending=query.descending,
        )

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        assert self._store.tasks[task.workspace_id, task.id] == before
        self._put(task)
        self._store.events.append(event_of(event, task, before=before))

    async def linked(self, workspace_id: UUID, name: LinkName, other_id: UUID, *, limit: int) -> Sequence[Task]:
        mine = [task for task in self._store.tasks.values() if task.workspace_id == workspace_id]
        found = [task for task in mine if other_id in getattr(task, name)]
        return sorted(found, key=lambda task: task.id)[:limit]

    async def dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Dependency]:
        of = Counter(each for task in self._in(workspace_id) for each in task.depends_on_ids)
        found = [task for task in self._in(workspace_id) if task.id in task_ids]
        return {task.id: Dependency(is_open=task.status == "open", dependents=of[task.id]) for task in found}

    async def with_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[UUID]:
        found, rest = set[UUID](), list(task_ids)
        while rest and len(found) < limit:
            task = await self.get(workspace_id, rest.pop())
            if task is not None and task.id not in found:
                found.add(task.id)
                rest += task.depends_on_ids
        return found

    async def dependents(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, which: WhichDependents, limit: int
    ) -> Sequence[tuple[Task, bool]]:
        found = []
        for task in self._in(workspace_id):
            if not set(task.depends_on_ids).isdisjoint(task_ids):
                others = await self.dependencies(workspace_id, set(task.depends_on_ids) - set(task_ids))
                waits = any(each.is_open for each in others.values())
                if {"all": True, "free": not task.blocked, "freed": task.blocked and not waits}[which]:
                    found.append((task, waits))
        return found[:limit]

    async def some_of(
        self, workspace_id: UUID, *, project_id: UUID | None = None, section_id: UUID | None = None, limit: int
    ) -> Sequence[UUID]:
        return [
            task.id
            for task in self._in(workspace_id)
            if (task.project_id == project_id if section_id is None else task.section_id == section_id)
        ][:limit]

    async def delete_all(self, workspace_id: UUID, task_ids: Collection[UUID], *, revision: int) -> None:
        for task_id in task_ids:
            del self._store.tasks[workspace_id, task_id]
            end = end_of("task.deleted", task_id, workspace_id=workspace_id, revision=revision)
            self._store.events.append(end)

    def _put(self, task: Task) -> None:
        """Store it. No other task of the project has its position."""
        place = (task.workspace_id, task.project_id, task.position)
        others = [each for each in self._store.tasks.values() if each.id != task.id]
        assert place not in {(each.workspace_id, each.project_id, each.position) for each in others}
        self._store.tasks[task.workspace_id, task.id] = task

    def _in(self, workspace_id: UUID) -> Sequence[Task]:
        return [task for task in self._store.tasks.values() if task.workspace_id == workspace_id]

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.events import end_of, event_of, of_completion, restored
from domain.model.comments import Comment
from domain.model.completions import CompletionRecord
from domain.model.projects import Project
from domain.model.sections import Section
from domain.model.tasks import (
    FIRST_ID,
    PRIORITIES,
    Bucket,
    Dependency,
    Family,
    LinkName,
    Parent,
    SortKey,
    Status,
    Task,
    TaskEvent,
    TaskQuery,
    WhichDependents,
)
from domain.wall_clocks import due_key
from tests.support.fakes.completions import FakeCompletions
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


def _bucket_of(task: Task) -> tuple[UUID, UUID | None]:
    return task.project_id, task.section_id


class FakeTasks:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, task: Task) -> None:
        key = (task.workspace_id, task.id)
        self._store.require_new(Task, self._store.tasks, key)
        self._put(task)
        self._store.events.append(event_of("task.created", task))

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        return self._store.tasks.get((workspace_id, task_id))

    async def named(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Sequence[Task]:
        return [task for task in self._in(workspace_id) if task.id in task_ids]

    async def with_archived(self, workspace_id: UUID, task_id: UUID) -> tuple[Task, bool] | None:
        task = await self.get(workspace_id, task_id)
        return None if task is None else (task, self._is_archived(task))

    def _is_archived(self, task: Task) -> bool:
        return self._store.projects[task.workspace_id, task.project_id].archived_at is not None

    async def family(self, workspace_id: UUID, task_id: UUID) -> Family | None:
        found = [task for task in [await self.get(workspace_id, task_id)] if task]
        if not found:
            return None
        below = defaultdict[UUID | None, list[Task]](list)
        for task in self._in(workspace_id):
            below[task.parent_id].append(task)
        for above in found:
            found += below[above.id]
        awaited = {each for task in self._everything(workspace_id) for each in task.depends_on_ids}
        is_awaited = any(task.id in awaited for task in found)
        return Family(
            task=found[0],
            subtasks=found[1:],
            is_archived=self._is_archived(found[0]),
            has_dependents=is_awaited,
        )

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

    async def buckets(
        self,
        workspace_id: UUID,
        *,
        project_id: UUID | None,
        status: Status | None,
        descending: bool,
        beyond: tuple[str, str] | None,
    ) -> AsyncGenerator[Bucket, None]:
        here = [task for task in self._store.tasks.values() if task.workspace_id == workspace_id]
        listed = [task for task in here if project_id in {None, task.project_id} and status in {None, task.status}]
        found = {_bucket_of(task) for task in listed}
        buckets = [self._bucket(workspace_id, *each, is_alone=project_id is not None) for each in found]
        for bucket in sorted(buckets, key=lambda each: each.place, reverse=descending):
            if beyond is None or (bucket.place < beyond if descending else bucket.place > beyond):
                yield bucket

    def _bucket(self, workspace_id: UUID, project_id: UUID, section_id: UUID | None, *, is_alone: bool) -> Bucket:
        project = self._store.projects[workspace_id, project_id]
        section = None if section_id is None else self._store.of(Section)[workspace_id, section_id]
        place = ("" if is_alone else project.position, section.position if section else "")
        return Bucket(project_id=project_id, section_id=section_id, place=place)

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        listed = [
            task
            for task in self._store.tasks.values()
            if task.workspace_id == query.workspace_id
            and query.project_id in {None, task.project_id}
            and query.section_id in {None, task.section_id}
            and (query.bucket is None or _bucket_of(task) == (query.bucket.project_id, query.bucket.section_id))
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

    async def update(
        self, task: Task, *, before: Task, event: TaskEvent, record: CompletionRecord | None = None
    ) -> None:
        assert self._store.tasks[task.workspace_id, task.id] == before
        self._put(task)
        for name in ("label_ids", "depends_on_ids"):
            for other_id in set(getattr(task, name)) - set(getattr(before, name)):
                self._store.hidden_links.pop((name, task.workspace_id, task.id, other_id), None)
        change = event_of(event, task, before=before)
        if record is not None:
            change = of_completion(change, record)
            FakeCompletions(self._store).store(record, event=event)
        self._store.events.append(change)

    async def update_all(self, changes: Sequence[tuple[Task, Task]], *, event: TaskEvent) -> None:
        for before, after in changes:
            await self.update(after, before=before, event=event)

    async def linked(
        self, workspace_id: UUID, name: LinkName, other_id: UUID, *, first: UUID = FIRST_ID, limit: int
    ) -> Sequence[Task]:
        mine = [task for task in self._store.tasks.values() if task.workspace_id == workspace_id and task.id >= first]
        found = [task for task in mine if other_id in getattr(task, name)]
        return sorted(found, key=lambda task: task.id)[:limit]

    async def dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Dependency]:
        of = Counter(each for task in self._everything(workspace_id) for each in task.depends_on_ids)
        found = [task for task in self._in(workspace_id) if task.id in task_ids]
        return {task.id: Dependency(is_open=task.status == "open", dependents=of[task.id]) for task in found}

    async def with_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[UUID]:
        everything = {task.id: task for task in self._everything(workspace_id)}
        hidden = defaultdict[UUID, list[UUID]](list)
        for name, _, task_id, other_id in self._store.hidden_links:
            if name == "depends_on_ids":
                hidden[task_id].append(other_id)
        found, rest = set[UUID](), list(task_ids)
        while rest and len(found) < limit:
            task = everything.get(rest.pop())
            if task is not None and task.id not in found:
                found.add(task.id)
                rest += [*task.depends_on_ids, *hidden[task.id]]
        return found

    async def dependents(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, which: WhichDependents, limit: int
    ) -> Sequence[tuple[Task, bool]]:
        found, these = [], set(task_ids)
        others = {task.id for task in self._in(workspace_id) if task.status == "open"} - these
        for task in self._in(workspace_id):
            if not these.isdisjoint(task.depends_on_ids):
                waits = not others.isdisjoint(task.depends_on_ids)
                if {"all": True, "free": not task.blocked, "freed": task.blocked and not waits}[which]:
                    found.append((task, waits))
        return found[:limit]

    async def count_dependents(self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> int:
        others = [task for task in self._everything(workspace_id) if task.id not in task_ids]
        return min(limit, sum(not {*task_ids}.isdisjoint(task.depends_on_ids) for task in others))

    async def some_of(
        self, workspace_id: UUID, *, project_id: UUID | None = None, section_id: UUID | None = None, limit: int
    ) -> Sequence[UUID]:
        return [
            task.id
            for task in self._in(workspace_id)
            if (task.project_id == project_id if section_id is None else task.section_id == section_id)
        ][:limit]

    async def other_subtasks(self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> Sequence[UUID]:
        below = (task.id for task in self._in(workspace_id) if task.parent_id in task_ids)
        return [task_id for task_id in below if task_id not in task_ids][:limit]

    async def hide_label(
        self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, limit: int
    ) -> tuple[int, Sequence[Task]]:
        found = self._with_link(workspace_id, "label_ids", label_id)[:limit]
        live = [task for task in found if await self.get(workspace_id, task.id)]
        for task in found:
            self._hide(task, "label_ids", label_id, trash_id=trash_id)
        return len(found), live

    async def show_label(
        self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, limit: int
    ) -> tuple[int, Sequence[Task]]:
        hidden = self._store.hidden_links
        wanted = ("label_ids", workspace_id, label_id, trash_id)
        found = [key for key, entry_id in hidden.items() if (key[0], key[1], key[3], entry_id) == wanted][:limit]
        self._show(found)
        live = [await self.get(workspace_id, key[2]) for key in found]
        return len(found), [task for task in live if task is not None]

    async def hide_dependencies(self, workspace_id: UUID, task_ids: Collection[UUID], *, trash_id: UUID) -> None:
        for other_id in task_ids:
            for task in self._with_link(workspace_id, "depends_on_ids", other_id):
                self._hide(task, "depends_on_ids", other_id, trash_id=trash_id)

    async def hidden_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[tuple[UUID, UUID]]:
        return [key[2:] for key in self._hidden_dependencies(workspace_id, task_ids)][:limit]

    async def show_dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> None:
        self._show(self._hidden_dependencies(workspace_id, task_ids))

    def _hidden_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID]
    ) -> Sequence[tuple[str, UUID, UUID, UUID]]:
        mine = [key for key in self._store.hidden_links if key[:2] == ("depends_on_ids", workspace_id)]
        return [key for key in mine if key[3] in task_ids]

    def _with_link(self, workspace_id: UUID, name: LinkName, other_id: UUID) -> Sequence[Task]:
        """The tasks, live or not, with a link that is not hidden."""
        found = [task for task in self._everything(workspace_id) if other_id in getattr(task, name)]
        return [task for task in found if (name, workspace_id, task.id, other_id) not in self._store.hidden_links]

    def _hide(self, task: Task, name: LinkName, other_id: UUID, *, trash_id: UUID) -> None:
        self._store.hidden_links[name, task.workspace_id, task.id, other_id] = trash_id
        self._link_in_trash(task, name, set(getattr(task, name)) - {other_id})

    def _show(self, found: Sequence[tuple[str, UUID, UUID, UUID]]) -> None:
        for key in found:
            del self._store.hidden_links[key]
            name, workspace_id, task_id, other_id = key
            for task, _ in self._store.in_trash(Task, workspace_id):
                if task.id == task_id:
                    self._link_in_trash(task, name, {*getattr(task, name), other_id})

    def _link_in_trash(self, task: Task, name: str, ids: Collection[UUID]) -> None:
        key = (Task, task.workspace_id, task.id)
        if key in self._store.trashed:
            changes: dict[str, Any] = {name: tuple(sorted(ids))}
            self._store.trashed[key] = replace(self._store.trashed[key], entity=replace(task, **changes))

    async def unlink(self, workspace_id: UUID, name: LinkName, other_id: UUID, *, task_id: UUID) -> None:
        assert other_id not in getattr(self._store.tasks[workspace_id, task_id], name)
        assert (name, workspace_id, task_id, other_id) not in self._store.hidden_links

    async def forget_hidden(self, workspace_id: UUID, name: LinkName, *, task_id: UUID) -> None:
        forgotten = (name, workspace_id, task_id)
        for key in [each for each in self._store.hidden_links if each[:3] == forgotten]:
            del self._store.hidden_links[key]

    async def parents(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Parent]:
        lineages = [await self.lineage(workspace_id, task_id) for task_id in task_ids]
        return {lineage[0].id: await self._parent(lineage) for lineage in lineages if lineage}

    async def _parent(self, lineage: Sequence[Task]) -> Parent:
        task, root = lineage[0], lineage[-1]
        tree = await self.tree(root.workspace_id, root.id)
        return Parent(
            task=task,
            level=len(lineage),
            root_id=root.id,
            subtasks=[*tree.values()].count(task.id),
            in_all_levels=len(tree) - 1,
        )

    async def taken_positions(self, workspace_id: UUID, project_id: UUID, wanted: Collection[str]) -> Collection[str]:
        return {*wanted} & {*self._positions(workspace_id, project_id)}

    def _positions(self, workspace_id: UUID, project_id: UUID) -> list[str]:
        place = (workspace_id, project_id)
        return [t.position for t in self._store.tasks.values() if (t.workspace_id, t.project_id) == place]

    async def topmost_in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        found = await self.in_trash(workspace_id, trash_id, limit=len(self._store.trashed))
        ids = {each.id for each in found}
        return [each for each in found if each.parent_id not in ids][:limit]

    async def in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        return [each for each, entry_id in self._store.in_trash(Task, workspace_id) if entry_id == trash_id][:limit]

    async def restore_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        for _, task in changes:
            self._store.from_trash(self._store.tasks, (task.workspace_id, task.id), task)
            self._put(task)
            self._store.events.append(restored("task.restored", task))

    async def delete_all(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, trash_id: UUID, revision: int
    ) -> None:
        assert not {each.task_id for each in self._store.of(Comment).values()} & {*task_ids}
        for task_id in task_ids:
            self._store.to_trash(self._store.tasks, (workspace_id, task_id), trash_id=trash_id)
            end = end_of("task.deleted", task_id, workspace_id=workspace_id, revision=revision)
            self._store.events.append(end)

    def _put(self, task: Task) -> None:
        """Store it. No other task of the project has its position."""
        there = [each for each in self._store.tasks.values() if each.position == task.position]
        place = (task.workspace_id, task.project_id)
        assert not [each for each in there if (each.workspace_id, each.project_id) == place and each.id != task.id]
        self._store.tasks[task.workspace_id, task.id] = task

    def _in(self, workspace_id: UUID) -> Sequence[Task]:
        return [task for task in self._store.tasks.values() if task.workspace_id == workspace_id]

    def _everything(self, workspace_id: UUID) -> Sequence[Task]:
        """With what is in the trash."""
        return [*self._in(workspace_id), *(task for task, _ in self._store.in_trash(Task, workspace_id))]

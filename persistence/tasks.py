"""The repository of tasks."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    insert,
    select,
    update,
)

from domain.events import event_of, of_completion
from domain.model.completions import CompletionRecord
from domain.model.projects import Project
from domain.model.tasks import (
    FIRST_ID,
    Bucket,
    Dependency,
    Family,
    LinkName,
    Parent,
    Status,
    Task,
    TaskEvent,
    TaskQuery,
    WhichDependents,
)
from persistence import completions, task_buckets, task_dependencies, task_families, task_links, trashed_tasks
from persistence.change_log import ChangeLog, ends_of
from persistence.compiled import BULK, padded
from persistence.metadata import is_live
from persistence.paging import around
from persistence.projects import ONE_PROJECT, PROJECTS, projects
from persistence.runners import Runner
from persistence.task_families import IS_ARCHIVED
from persistence.task_pages import page_of
from persistence.task_rows import LIVE, NAMED, ONE_TASK, TASKS, THESE_TASKS, tasks
from persistence.unindexed import among, unindexed

_OF_WORKSPACE: Final = tasks.c.workspace_id == bindparam("workspace")
_IN_WORKSPACE: Final = and_(_OF_WORKSPACE, LIVE)
_IN_PROJECT: Final = tasks.c.project_id == bindparam("project")
_OF_ID: Final = among(tasks.c.workspace_id, tasks.c.id, bindparam("task", type_=tasks.c.id.type))


def _is_live(links: Table) -> ColumnElement[bool]:
    """Look up the task of a link by its key. PostgreSQL might join the links with all tasks of the workspace."""
    this = tasks.alias("this")
    found = select(this.c.id).where(this.c.workspace_id == links.c.workspace_id, this.c.id == links.c.task_id)
    return found.where(unindexed(is_live(this))).scalar_subquery().is_not(None)


_INSERT: Final = insert(tasks)
_SELECT: Final = select(*TASKS.columns).where(ONE_TASK)
_WITH_ARCHIVED: Final = select(*TASKS.columns, IS_ARCHIVED).where(ONE_TASK)
_UPDATE: Final = update(tasks).where(ONE_TASK)
_UPDATE_ALL: Final = update(tasks).where(_OF_ID, unindexed(LIVE))
_LINKED: Final = {
    name: links.live.where(links.table.c.task_id >= bindparam("first"), _is_live(links.table)).order_by(
        links.table.c.task_id
    )
    for name, links in task_links.LINKS.items()
}
"""The ids of the tasks, in their order."""
_TAKEN_POSITIONS: Final = select(tasks.c.position).where(
    among(tasks.c.workspace_id, tasks.c.position, "wanted"), _IN_PROJECT, LIVE
)


_DELETE_ALL: Final = (
    update(tasks)
    .where(THESE_TASKS)
    .values(trash_id=bindparam("trash"))
    .returning(tasks.c.id, tasks.c.status)
    .execution_options(**BULK)
)


_LAST: Final = (
    select(tasks.c.position)
    .where(tasks.c.workspace_id == projects.c.workspace_id, tasks.c.project_id == projects.c.id, LIVE)
    .order_by(tasks.c.position.desc())
    .limit(1)
)
_DESTINATIONS: Final = select(*PROJECTS.columns, _LAST.scalar_subquery()).where(
    projects.c.workspace_id == bindparam("workspace")
)
_PROJECT: Final = _DESTINATIONS.where(ONE_PROJECT)
_INBOX: Final = _DESTINATIONS.where(projects.c.is_inbox)  # it is never in the trash


_AROUND: Final = around(select(*TASKS.columns).where(_IN_WORKSPACE, _IN_PROJECT), tasks.c.position)
_IN_SECTION: Final = (
    select(*TASKS.columns).where(_IN_WORKSPACE, tasks.c.section_id == bindparam("section")).limit(bindparam("limit"))
)


class Tasks:
    """Implements domain.model.tasks.TaskRepository."""

    def __init__(self, runner: Runner, change_log: ChangeLog) -> None:
        self._runner = runner
        self._change_log = change_log

    async def add(self, task: Task) -> None:
        await self._change_log.write(_INSERT, TASKS.values(task), event_of("task.created", task))
        await task_links.store(self._change_log, [(None, task)])

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        return TASKS.one(await self._runner.row(_SELECT, {"workspace": workspace_id, "task": task_id}))

    async def with_archived(self, workspace_id: UUID, task_id: UUID) -> tuple[Task, bool] | None:
        row = await self._runner.row(_WITH_ARCHIVED, {"workspace": workspace_id, "task": task_id})
        return None if row is None else (TASKS.load(row[:-1]), bool(row[-1]))

    async def family(self, workspace_id: UUID, task_id: UUID) -> Family | None:
        return await task_families.family(self._runner, workspace_id, task_id)

    async def tree(self, workspace_id: UUID, task_id: UUID) -> Mapping[UUID, UUID | None]:
        return await task_families.tree(self._runner, workspace_id, task_id)

    async def lineage(self, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
        return await task_families.lineage(self._runner, workspace_id, task_id)

    async def parents(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Parent]:
        return await task_families.parents(self._runner, workspace_id, task_ids)

    async def other_subtasks(self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> Sequence[UUID]:
        return await task_families.other_subtasks(self._runner, workspace_id, task_ids, limit=limit)

    async def destination(self, workspace_id: UUID, *, project_id: UUID | None) -> tuple[Project, str | None] | None:
        if project_id is None:
            row = await self._runner.row(_INBOX, {"workspace": workspace_id})
        else:
            row = await self._runner.row(_PROJECT, {"workspace": workspace_id, "project": project_id})
        if row is None:
            return None
        return PROJECTS.load(row[:-1]), row[-1]

    async def around(self, workspace_id: UUID, *, project_id: UUID, cut: str, limit: int) -> Sequence[Task]:
        place = {"workspace": workspace_id, "project": project_id, "cut": cut, "limit": limit}
        return sorted(TASKS.all(await self._runner.rows(_AROUND, place)), key=lambda task: task.position)

    async def in_section(self, workspace_id: UUID, section_id: UUID, *, limit: int) -> Sequence[Task]:
        place = {"workspace": workspace_id, "section": section_id, "limit": limit}
        return sorted(TASKS.all(await self._runner.rows(_IN_SECTION, place)), key=lambda task: task.position)

    def buckets(
        self,
        workspace_id: UUID,
        *,
        project_id: UUID | None,
        status: Status | None,
        descending: bool,
        beyond: tuple[str, str] | None,
    ) -> AsyncGenerator[Bucket, None]:
        return task_buckets.read(
            self._runner, workspace_id, project_id=project_id, status=status, descending=descending, beyond=beyond
        )

    async def page(self, query: TaskQuery) -> Sequence[Task]:
        return TASKS.all(await self._runner.rows(*page_of(query)))

    async def update(
        self, task: Task, *, before: Task, event: TaskEvent, record: CompletionRecord | None = None
    ) -> None:
        key = {"workspace": task.workspace_id, "task": task.id}
        values = {**key, **TASKS.changes(task, before=before)}
        change = event_of(event, task, before=before)
        if record is not None:
            change = of_completion(change, record)
        await self._change_log.write(_UPDATE, values, change)
        await task_links.store(self._change_log, [(before, task)])
        if record is not None:
            await completions.store(self._change_log, record, event=event)

    async def update_all(self, changes: Sequence[tuple[Task, Task]], *, event: TaskEvent) -> None:
        await self._change_log.write_many(
            _UPDATE_ALL,
            [
                (
                    {"workspace": after.workspace_id, "task": after.id, **TASKS.changes(after, before=before)},
                    event_of(event, after, before=before),
                )
                for before, after in changes
            ],
        )
        await task_links.store(self._change_log, changes)

    async def linked(
        self, workspace_id: UUID, name: LinkName, other_id: UUID, *, first: UUID = FIRST_ID, limit: int
    ) -> Sequence[Task]:
        place = {"workspace": workspace_id, "other": other_id, "first": first, "limit": limit}
        found = [row[0] for row in await self._runner.rows(_LINKED[name], place)]
        return sorted(await self.named(workspace_id, found), key=lambda task: task.id)

    async def hide_label(
        self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, limit: int
    ) -> tuple[int, Sequence[Task]]:
        place = {"workspace": workspace_id, "other": label_id, "limit": limit}
        found = await task_links.hide(self._runner, self._change_log, place, name="label_ids", trash_id=trash_id)
        return len(found), await self.named(workspace_id, found)

    async def show_label(
        self, workspace_id: UUID, label_id: UUID, *, trash_id: UUID, limit: int
    ) -> tuple[int, Sequence[Task]]:
        place = {"workspace": workspace_id, "other": label_id, "limit": limit}
        found = await task_links.show(self._runner, self._change_log, place, name="label_ids", trash_id=trash_id)
        return len(found), await self.named(workspace_id, found)

    async def named(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Sequence[Task]:
        if not task_ids:
            return ()
        place = {"workspace": workspace_id, "tasks": padded(list(task_ids))}
        return TASKS.all(await self._runner.rows(NAMED, place))

    async def hide_dependencies(self, workspace_id: UUID, task_ids: Collection[UUID], *, trash_id: UUID) -> None:
        await task_dependencies.hide(self._change_log, workspace_id, task_ids, trash_id=trash_id)

    async def hidden_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[tuple[UUID, UUID]]:
        return await task_dependencies.hidden(self._runner, workspace_id, task_ids, limit=limit)

    async def show_dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> None:
        await task_dependencies.show(self._change_log, workspace_id, task_ids)

    async def delete_all(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, trash_id: UUID, revision: int
    ) -> None:
        some = {"workspace": workspace_id, "tasks": padded(list(task_ids)), "trash": trash_id}
        await self._change_log.write_all(_DELETE_ALL, some, ends_of("task.deleted", workspace_id, revision))

    async def some_of(
        self, workspace_id: UUID, *, project_id: UUID | None = None, section_id: UUID | None = None, limit: int
    ) -> Sequence[UUID]:
        return await trashed_tasks.some_of(
            self._runner, workspace_id, project_id=project_id, section_id=section_id, limit=limit
        )

    async def dependencies(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Dependency]:
        return await task_dependencies.read(self._runner, workspace_id, task_ids)

    async def with_dependencies(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
    ) -> Collection[UUID]:
        return await task_dependencies.walk(self._runner, workspace_id, task_ids, limit=limit)

    async def dependents(
        self, workspace_id: UUID, task_ids: Collection[UUID], *, which: WhichDependents, limit: int
    ) -> Sequence[tuple[Task, bool]]:
        return await task_dependencies.dependents(self._runner, workspace_id, task_ids, which=which, limit=limit)

    async def count_dependents(self, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int) -> int:
        return await task_dependencies.count(self._runner, workspace_id, task_ids, limit=limit)

    async def unlink(self, workspace_id: UUID, name: LinkName, other_id: UUID, *, task_id: UUID) -> None:
        key = {"workspace": workspace_id, "task": task_id, "other": other_id}
        await self._change_log.write_parts(task_links.LINKS[name].delete, [key])

    async def forget_hidden(self, workspace_id: UUID, name: LinkName, *, task_id: UUID) -> None:
        key = {"workspace": workspace_id, "task": task_id}
        await self._change_log.write_parts(task_links.LINKS[name].delete_hidden, [key])

    async def taken_positions(self, workspace_id: UUID, project_id: UUID, wanted: Collection[str]) -> Collection[str]:
        place = {"workspace": workspace_id, "project": project_id, "wanted": padded(list(wanted))}
        return {row[0] for row in await self._runner.rows(_TAKEN_POSITIONS, place)}

    async def topmost_in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        return await trashed_tasks.topmost(self._runner, workspace_id, trash_id, limit=limit)

    async def in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        return await trashed_tasks.read(self._runner, workspace_id, trash_id, limit=limit)

    async def restore_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        await trashed_tasks.restore(self._change_log, changes)

"""The repository of tasks."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)

from domain.events import event_of
from domain.model.projects import Project
from domain.model.tasks import (
    FIRST_ID,
    MOST_LEVELS,
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
from persistence import task_buckets, task_dependencies, task_links, trashed_tasks
from persistence.change_log import ChangeLog, ends_of
from persistence.compiled import BULK, padded
from persistence.metadata import is_live
from persistence.paging import around
from persistence.projects import ONE_PROJECT, PROJECTS, projects
from persistence.rare import rare
from persistence.runners import Runner
from persistence.task_dependencies import is_awaited
from persistence.task_pages import page_of
from persistence.task_rows import LIVE, TASKS, tasks
from persistence.unindexed import among, unindexed

_OF_WORKSPACE: Final = tasks.c.workspace_id == bindparam("workspace")
_IN_WORKSPACE: Final = and_(_OF_WORKSPACE, LIVE)
_IN_PROJECT: Final = tasks.c.project_id == bindparam("project")
_ONE: Final = (_OF_WORKSPACE, unindexed(LIVE), tasks.c.id == bindparam("task"))
_OF_ID: Final = among(tasks.c.workspace_id, tasks.c.id, bindparam("task", type_=tasks.c.id.type))
_THESE: Final = and_(among(tasks.c.workspace_id, tasks.c.id, "tasks"), unindexed(LIVE))


def _is_live(links: Table) -> ColumnElement[bool]:
    """Look up the task of a link by its key. PostgreSQL might join the links with all tasks of the workspace."""
    this = tasks.alias("this")
    found = select(this.c.id).where(this.c.workspace_id == links.c.workspace_id, this.c.id == links.c.task_id)
    return found.where(unindexed(is_live(this))).scalar_subquery().is_not(None)


_INSERT: Final = insert(tasks)
_SELECT: Final = select(*TASKS.columns).where(*_ONE)
_THIS: Final = tasks.alias("this")
_PROJECT_OF_THIS: Final = select(_THIS.c.project_id).where(
    _THIS.c.workspace_id == bindparam("workspace"), _THIS.c.id == bindparam("task")
)
_IS_ARCHIVED: Final = (
    select(projects.c.archived_at.is_not(None))
    .where(projects.c.workspace_id == bindparam("workspace"), projects.c.id == _PROJECT_OF_THIS.scalar_subquery())
    .scalar_subquery()
)
"""Whether the project of one task is archived. It is read once for all rows. PostgreSQL would sort for a join."""
_WITH_ARCHIVED: Final = select(*TASKS.columns, _IS_ARCHIVED).where(*_ONE)
_UPDATE: Final = update(tasks).where(*_ONE)
_UPDATE_ALL: Final = update(tasks).where(_OF_ID, unindexed(LIVE))
_LINKED: Final = {
    name: links.live.where(links.table.c.task_id >= bindparam("first"), _is_live(links.table)).order_by(
        links.table.c.task_id
    )
    for name, links in task_links.LINKS.items()
}
"""The ids of the tasks, in their order."""
_NAMED: Final = select(*TASKS.columns).where(_THESE)
_TAKEN_POSITIONS: Final = select(tasks.c.position).where(
    among(tasks.c.workspace_id, tasks.c.position, "wanted"), _IN_PROJECT, LIVE
)


def _levels() -> Select[Any]:
    """Return the statement that reads each of some tasks, and all above it: the last one has the greatest level."""
    first = select(tasks.c.id.label("from_id"), tasks.c.id, tasks.c.parent_id, literal(1).label("level"))
    up = first.where(_THESE).cte("up", recursive=True)
    further = select(up.c.from_id, tasks.c.id, tasks.c.parent_id, up.c.level + 1).select_from(tasks, up)
    up = up.union_all(further.where(_IN_WORKSPACE, tasks.c.id == up.c.parent_id, rare(up.c.level < MOST_LEVELS)))
    return select(up.c.from_id, up.c.id, up.c.level)


def _subtasks() -> Select[Any]:
    """Return the statement that counts the subtasks of each task that has any, of those that are below some tasks."""
    first = select(tasks.c.id.label("root_id"), tasks.c.id, tasks.c.parent_id, literal(1).label("level"))
    down = first.where(_THESE).cte("down", recursive=True)
    further = select(down.c.root_id, tasks.c.id, tasks.c.parent_id, down.c.level + 1).select_from(tasks, down)
    few = rare(down.c.level < MOST_LEVELS)
    down = down.union_all(further.where(_IN_WORKSPACE, tasks.c.parent_id == down.c.id, few))
    counted = select(down.c.root_id, down.c.parent_id, func.count()).where(down.c.level > 1)
    return counted.group_by(down.c.root_id, down.c.parent_id)


_LEVELS: Final = _levels()
_SUBTASKS: Final = _subtasks()


_DELETE_ALL: Final = (
    update(tasks)
    .where(_THESE)
    .values(trash_id=bindparam("trash"))
    .returning(tasks.c.id, tasks.c.status)
    .execution_options(**BULK)
)


def _related(next_of: Callable[[CTE], ColumnElement[bool]], columns: Sequence[Column[Any]] = TASKS.columns) -> CTE:
    """Return the rows of a task and of all that *next_of* leads to, one level after the other.

    The rows are read on the way: PostgreSQL does not know how few there are, and would join them with the whole table.
    """
    first = select(*columns, literal(1).label("level")).where(*_ONE)
    found = first.cte("found", recursive=True)
    few = rare(found.c.level < MOST_LEVELS)
    further = select(*columns, found.c.level + 1).where(_IN_WORKSPACE, next_of(found), few)
    return found.union_all(further.select_from(tasks, found))


_below: Final = _related(lambda found: tasks.c.parent_id == found.c.id)
_above: Final = _related(lambda found: tasks.c.id == found.c.parent_id)
_FAMILY: Final = select(*(_below.c[column.name] for column in TASKS.columns), _IS_ARCHIVED, is_awaited(_below.c.id))
_ids_below: Final = _related(lambda found: tasks.c.parent_id == found.c.id, (tasks.c.id, tasks.c.parent_id))
_TREE: Final = select(_ids_below.c.id, _ids_below.c.parent_id)
_LINEAGE: Final = select(*(_above.c[column.name] for column in TASKS.columns))


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
        rows = await self._runner.rows(_FAMILY, {"workspace": workspace_id, "task": task_id})
        found = TASKS.all([row[:-2] for row in rows])
        task = next((each for each in found if each.id == task_id), None)
        if task is None:
            return None
        subtasks = [each for each in found if each is not task]
        has_dependents = any(row[-1] for row in rows)
        return Family(task=task, subtasks=subtasks, is_archived=bool(rows[0][-2]), has_dependents=has_dependents)

    async def tree(self, workspace_id: UUID, task_id: UUID) -> Mapping[UUID, UUID | None]:
        rows = await self._runner.rows(_TREE, {"workspace": workspace_id, "task": task_id})
        return {row[0]: row[1] for row in rows}

    async def lineage(self, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
        rows = await self._runner.rows(_LINEAGE, {"workspace": workspace_id, "task": task_id})
        by_id: dict[UUID | None, Task] = {task.id: task for task in TASKS.all(rows)}
        lineage: list[Task] = []
        while (above := by_id.pop(lineage[-1].parent_id if lineage else task_id, None)) is not None:
            lineage.append(above)
        return lineage

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

    async def update(self, task: Task, *, before: Task, event: TaskEvent) -> None:
        key = {"workspace": task.workspace_id, "task": task.id}
        values = {**key, **TASKS.changes(task, before=before)}
        await self._change_log.write(_UPDATE, values, event_of(event, task, before=before))
        await task_links.store(self._change_log, [(before, task)])

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
        return TASKS.all(await self._runner.rows(_NAMED, place))

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

    async def parents(self, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Parent]:
        if not task_ids:
            return {}
        place = {"workspace": workspace_id, "tasks": padded(list(task_ids))}
        rows = sorted(await self._runner.rows(_LEVELS, place), key=itemgetter(2))
        tops = {from_id: (top_id, level) for from_id, top_id, level in rows}
        subtasks, in_all_levels = Counter[UUID](), Counter[UUID]()
        if tops:
            place["tasks"] = padded(sorted({top_id for top_id, _ in tops.values()}))
            for top_id, parent_id, count in await self._runner.rows(_SUBTASKS, place):
                subtasks[parent_id] += count
                in_all_levels[top_id] += count
        found = await self.named(workspace_id, list(tops))
        return {
            task.id: Parent(
                task=task,
                level=tops[task.id][1],
                root_id=tops[task.id][0],
                subtasks=subtasks[task.id],
                in_all_levels=in_all_levels[tops[task.id][0]],
            )
            for task in found
        }

    async def taken_positions(self, workspace_id: UUID, project_id: UUID, wanted: Collection[str]) -> Collection[str]:
        place = {"workspace": workspace_id, "project": project_id, "wanted": padded(list(wanted))}
        return {row[0] for row in await self._runner.rows(_TAKEN_POSITIONS, place)}

    async def topmost_in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        return await trashed_tasks.topmost(self._runner, workspace_id, trash_id, limit=limit)

    async def in_trash(self, workspace_id: UUID, trash_id: UUID, *, limit: int) -> Sequence[Task]:
        return await trashed_tasks.read(self._runner, workspace_id, trash_id, limit=limit)

    async def restore_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        await trashed_tasks.restore(self._change_log, changes)

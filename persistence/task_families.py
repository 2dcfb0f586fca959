"""The statements that find what is above and below tasks, for `persistence/tasks.py`."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, BindParameter, Column, ColumnElement, Select, and_, bindparam, func, literal, select

from domain.model.tasks import MOST_LEVELS, Family, Parent, Task
from persistence.compiled import padded
from persistence.projects import projects
from persistence.rare import rare
from persistence.runners import Runner
from persistence.task_dependencies import is_awaited
from persistence.task_rows import LIVE, NAMED, ONE_TASK, TASKS, THESE_TASKS, tasks
from persistence.unindexed import among

_IN_WORKSPACE: Final = and_(tasks.c.workspace_id == bindparam("workspace"), LIVE)
_THIS: Final = tasks.alias("this")
_PROJECT_OF_THIS: Final = select(_THIS.c.project_id).where(
    _THIS.c.workspace_id == bindparam("workspace"), _THIS.c.id == bindparam("task")
)
IS_ARCHIVED: Final = (
    select(projects.c.archived_at.is_not(None))
    .where(projects.c.workspace_id == bindparam("workspace"), projects.c.id == _PROJECT_OF_THIS.scalar_subquery())
    .scalar_subquery()
)
"""Whether the project of one task is archived. It is read once for all rows. PostgreSQL would sort for a join."""
_THESE: Final[BindParameter[UUID]] = bindparam("these", type_=tasks.c.id.type, expanding=True)
_OTHER_SUBTASKS: Final = (
    select(tasks.c.id)
    .where(among(tasks.c.workspace_id, tasks.c.parent_id, _THESE), tasks.c.parent_id.is_not(None), LIVE)
    .where(tasks.c.id.not_in(_THESE))
    .limit(bindparam("limit"))
)


def _levels() -> Select[Any]:
    """Return the statement that reads each of some tasks, and all above it: the last one has the greatest level."""
    first = select(tasks.c.id.label("from_id"), tasks.c.id, tasks.c.parent_id, literal(1).label("level"))
    up = first.where(THESE_TASKS).cte("up", recursive=True)
    further = select(up.c.from_id, tasks.c.id, tasks.c.parent_id, up.c.level + 1).select_from(tasks, up)
    up = up.union_all(further.where(_IN_WORKSPACE, tasks.c.id == up.c.parent_id, rare(up.c.level < MOST_LEVELS)))
    return select(up.c.from_id, up.c.id, up.c.level)


def _subtasks() -> Select[Any]:
    """Return the statement that counts the subtasks of each task that has any, of those that are below some tasks."""
    first = select(tasks.c.id.label("root_id"), tasks.c.id, tasks.c.parent_id, literal(1).label("level"))
    down = first.where(THESE_TASKS).cte("down", recursive=True)
    further = select(down.c.root_id, tasks.c.id, tasks.c.parent_id, down.c.level + 1).select_from(tasks, down)
    few = rare(down.c.level < MOST_LEVELS)
    down = down.union_all(further.where(_IN_WORKSPACE, tasks.c.parent_id == down.c.id, few))
    counted = select(down.c.root_id, down.c.parent_id, func.count()).where(down.c.level > 1)
    return counted.group_by(down.c.root_id, down.c.parent_id)


_LEVELS: Final = _levels()
_SUBTASKS: Final = _subtasks()


def _related(next_of: Callable[[CTE], ColumnElement[bool]], columns: Sequence[Column[Any]] = TASKS.columns) -> CTE:
    """Return the rows of a task and of all that *next_of* leads to, one level after the other.

    The rows are read on the way: PostgreSQL does not know how few there are, and would join them with the whole table.
    """
    first = select(*columns, literal(1).label("level")).where(ONE_TASK)
    found = first.cte("found", recursive=True)
    few = rare(found.c.level < MOST_LEVELS)
    further = select(*columns, found.c.level + 1).where(_IN_WORKSPACE, next_of(found), few)
    return found.union_all(further.select_from(tasks, found))


_below: Final = _related(lambda found: tasks.c.parent_id == found.c.id)
_above: Final = _related(lambda found: tasks.c.id == found.c.parent_id)
_FAMILY: Final = select(*(_below.c[column.name] for column in TASKS.columns), IS_ARCHIVED, is_awaited(_below.c.id))
_ids_below: Final = _related(lambda found: tasks.c.parent_id == found.c.id, (tasks.c.id, tasks.c.parent_id))
_TREE: Final = select(_ids_below.c.id, _ids_below.c.parent_id)
_LINEAGE: Final = select(*(_above.c[column.name] for column in TASKS.columns))


async def family(runner: Runner, workspace_id: UUID, task_id: UUID) -> Family | None:
    """See TaskRepository.family."""
    rows = await runner.rows(_FAMILY, {"workspace": workspace_id, "task": task_id})
    found = TASKS.all([row[:-2] for row in rows])
    task = next((each for each in found if each.id == task_id), None)
    if task is None:
        return None
    subtasks = [each for each in found if each is not task]
    has_dependents = any(row[-1] for row in rows)
    return Family(task=task, subtasks=subtasks, is_archived=bool(rows[0][-2]), has_dependents=has_dependents)


async def tree(runner: Runner, workspace_id: UUID, task_id: UUID) -> Mapping[UUID, UUID | None]:
    """See TaskRepository.tree."""
    rows = await runner.rows(_TREE, {"workspace": workspace_id, "task": task_id})
    return {row[0]: row[1] for row in rows}


async def lineage(runner: Runner, workspace_id: UUID, task_id: UUID) -> Sequence[Task]:
    """See TaskRepository.lineage."""
    rows = await runner.rows(_LINEAGE, {"workspace": workspace_id, "task": task_id})
    by_id: dict[UUID | None, Task] = {task.id: task for task in TASKS.all(rows)}
    lineage: list[Task] = []
    while (above := by_id.pop(lineage[-1].parent_id if lineage else task_id, None)) is not None:
        lineage.append(above)
    return lineage


async def parents(runner: Runner, workspace_id: UUID, task_ids: Collection[UUID]) -> Mapping[UUID, Parent]:
    """See TaskRepository.parents."""
    if not task_ids:
        return {}
    place = {"workspace": workspace_id, "tasks": padded(list(task_ids))}
    rows = sorted(await runner.rows(_LEVELS, place), key=itemgetter(2))
    tops = {from_id: (top_id, level) for from_id, top_id, level in rows}
    subtasks, in_all_levels = Counter[UUID](), Counter[UUID]()
    if tops:
        place["tasks"] = padded(sorted({top_id for top_id, _ in tops.values()}))
        for top_id, parent_id, count in await runner.rows(_SUBTASKS, place):
            subtasks[parent_id] += count
            in_all_levels[top_id] += count
    found = TASKS.all(await runner.rows(NAMED, {**place, "tasks": padded(list(tops))})) if tops else ()
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


async def other_subtasks(
    runner: Runner, workspace_id: UUID, task_ids: Collection[UUID], *, limit: int
) -> Sequence[UUID]:
    """See TaskRepository.other_subtasks."""
    place = {"workspace": workspace_id, "these": padded(list(task_ids)), "limit": limit}
    return [row[0] for row in await runner.rows(_OTHER_SUBTASKS, place)]

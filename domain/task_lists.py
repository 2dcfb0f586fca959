"""Lists of tasks: filters, orders, pages."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

from domain import pages, task_buckets
from domain.model.tasks import PRIORITIES, SortKey, Status, Task, TaskQuery
from domain.pages import DEFAULT_LIMIT, Page
from domain.task_buckets import Found
from domain.unit_of_work import UnitOfWork
from domain.wall_clocks import due_key

TaskSort = Literal[
    "position",
    "-position",
    "due",
    "-due",
    "priority",
    "-priority",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """A filter for the tasks of a workspace: those that match everything given."""

    project_id: UUID | None = None
    section_id: UUID | None = None
    parent_id: UUID | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """How a task's sort key is written in a cursor, and how it is read back."""

    dump: Callable[[Task], str]
    load: Callable[[str], SortKey]


def _instant_order(instant_of: Callable[[Task], dt.datetime]) -> _Order:
    return _Order(dump=lambda task: pages.instant_to_key(instant_of(task)), load=pages.instant_from_key)


def _rank_from_key(key: str) -> int:
    return pages.integer_from_key(key, below=len(PRIORITIES))


_ORDERS: Final[dict[str, _Order]] = {
    "position": _Order(dump=lambda task: task.position, load=pages.text_from_key),
    "due": _Order(dump=lambda task: due_key(task.due), load=pages.text_from_key),
    "priority": _Order(dump=lambda task: str(PRIORITIES.index(task.priority)), load=_rank_from_key),
    "created_at": _instant_order(lambda task: task.created_at),
    "updated_at": _instant_order(lambda task: task.updated_at),
}


async def page(
    uow: UnitOfWork,
    *,
    filters: TaskFilter,
    sort: TaskSort = "created_at",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Task]:
    """Return the workspace's tasks that match *filters*, by *sort*, then by id. Raises CursorInvalid.

    "position" is by project, then section, then position (`domain/task_buckets.py`).

    Tasks without a due value come last in "due", lowest priority comes first in "priority"; a leading "-" is the exact
    reverse. A filter by what does not exist finds nothing. A page of long texts may have fewer than
    *limit*.
    """
    name = sort.removeprefix("-")
    narrow = (filters.project_id, filters.section_id, filters.parent_id, filters.status)
    binding = " ".join(["tasks", *map(str, (uow.workspace_id, *narrow, sort))])
    query = TaskQuery(
        workspace_id=uow.workspace_id,
        project_id=filters.project_id,
        section_id=filters.section_id,
        parent_id=filters.parent_id,
        status=filters.status,
        order=name,
        descending=name != sort,
        after=None,
        limit=0,
    )
    if filters.section_id is not None and filters.project_id is not None:
        section = await uow.sections.get(uow.workspace_id, filters.section_id)
        if section is None or section.project_id != filters.project_id:
            return Page(items=(), next_cursor=None)
    if name == "position" and filters.section_id is None and filters.parent_id is None:
        return await _by_bucket(uow, query, binding=binding, limit=limit, cursor=cursor)
    return await _by_key(uow, query, binding=binding, limit=limit, cursor=cursor)


async def _by_key(uow: UnitOfWork, query: TaskQuery, *, binding: str, limit: int, cursor: str | None) -> Page[Task]:
    order = _ORDERS[query.order]
    place = None
    if cursor is not None:
        key, task_id = pages.decode(cursor, binding, count=2)
        place = (order.load(key), pages.id_from_key(task_id))

    async def fetch(after: tuple[SortKey, UUID] | None, count: int) -> Sequence[Task]:
        return await uow.tasks.page(replace(query, after=after, limit=count))

    return await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda task: (order.load(order.dump(task)), task.id),
        weigh=_weight,
        limit=limit,
        cursor_of=lambda task: pages.encode(binding, order.dump(task), pages.id_to_key(task.id)),
    )


async def _by_bucket(uow: UnitOfWork, query: TaskQuery, *, binding: str, limit: int, cursor: str | None) -> Page[Task]:
    place = None
    if cursor is not None:
        place = task_buckets.from_keys(pages.decode(cursor, binding, count=task_buckets.KEYS))

    async def fetch(after: task_buckets.Place | None, count: int) -> Sequence[Found]:
        return await task_buckets.read(uow, replace(query, limit=count), after=after)

    found = await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda each: each.place,
        weigh=lambda each: _weight(each.task),
        limit=limit,
        cursor_of=lambda each: pages.encode(binding, *task_buckets.to_keys(each.place)),
    )
    return Page(items=tuple(each.task for each in found.items), next_cursor=found.next_cursor)


def _weight(task: Task) -> int:
    ids = (task.label_ids, task.assignee_ids, task.depends_on_ids)
    return pages.weight(*task.texts, ids=sum(map(len, ids)))

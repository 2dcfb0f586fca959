"""The order that people gave to all tasks: by project, then section (tasks without one first), then position.

No index has this order, as moving a section must not rewrite its tasks. So the tasks are read from one bucket after the
other: the tasks of one section, or those of a project without a section (ADR 96).
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from uuid import UUID

from domain import pages, positions
from domain.model.tasks import Bucket, Task, TaskQuery
from domain.unit_of_work import UnitOfWork

_NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task is in the order: its bucket, its position and its id."""

    bucket: Bucket
    position: str
    task_id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """A task, and the bucket that it was found in."""

    bucket: Bucket
    task: Task

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.bucket, self.task.position, self.task.id)


async def read(uow: UnitOfWork, query: TaskQuery, *, after: Place | None) -> Sequence[Found]:
    """Return the next `query.limit` tasks after a place, of the query's project, if it has one, and status.

    It goes on in the bucket of the place, then in its project, wherever they are now, and then with the projects after
    the one where it was. So nothing is left out if a project or section is moved meanwhile; it may be listed again.
    """
    found: list[Found] = []
    if after is not None:
        found += await _within(uow, after.bucket, query, after=(after.position, after.task_id))
    async with aclosing(_buckets(uow, query, after=None if after is None else after.bucket)) as buckets:
        while len(found) < query.limit and (bucket := await anext(buckets, None)) is not None:
            rest = replace(query, limit=query.limit - len(found))
            found += await _within(uow, bucket, rest, after=None)
    return found


async def _buckets(uow: UnitOfWork, query: TaskQuery, *, after: Bucket | None) -> AsyncGenerator[Bucket, None]:
    """Return the buckets of a query that have tasks, beginning after one."""
    listed = partial(uow.tasks.buckets, query.workspace_id, status=query.status, descending=query.descending)
    beyond = None
    if after is not None:
        at, section_at = after.place
        async with aclosing(listed(project_id=after.project_id, beyond=("", section_at))) as rest_of_project:
            async for bucket in rest_of_project:
                yield replace(bucket, place=(at, bucket.place[1]))
        if query.project_id is not None:
            return
        beyond = (at, "" if query.descending else positions.END)
    async with aclosing(listed(project_id=query.project_id, beyond=beyond)) as others:
        async for bucket in others:
            yield bucket


async def _within(
    uow: UnitOfWork, bucket: Bucket, query: TaskQuery, *, after: tuple[str, UUID] | None
) -> Sequence[Found]:
    within = replace(query, bucket=bucket, project_id=None, after=after)
    return [Found(bucket, task) for task in await uow.tasks.page(within)]


def to_keys(place: Place) -> Sequence[str]:
    """Return what a cursor has of a place."""
    bucket = place.bucket
    section = _NONE if bucket.section_id is None else pages.id_to_key(bucket.section_id)
    project_at, section_at = bucket.place
    return (
        pages.id_to_key(bucket.project_id),
        section,
        project_at or _NONE,
        section_at or _NONE,
        place.position,
        pages.id_to_key(place.task_id),
    )


def from_keys(keys: Sequence[str]) -> Place:
    """The inverse of `to_keys`. Raises CursorInvalid."""
    project, section, project_at, section_at, position, task = keys
    bucket = Bucket(
        project_id=pages.id_from_key(project),
        section_id=None if section == _NONE else pages.id_from_key(section),
        place=(_position_from_key(project_at), _position_from_key(section_at)),
    )
    return Place(bucket, pages.text_from_key(position), pages.id_from_key(task))


def _position_from_key(key: str) -> str:
    return "" if key == _NONE else pages.text_from_key(key)


KEYS: Final = 6
"""How many keys a cursor has."""

"""The buckets that have tasks, in the order of projects and sections: read a few projects at a time."""

from collections.abc import AsyncGenerator
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, select

from domain.model.tasks import Bucket, Status
from persistence.compiled import padded
from persistence.projects import ONE_PROJECT, PROJECT_IN_WORKSPACE, projects
from persistence.runners import Runner
from persistence.sections import SECTION_IN_WORKSPACE, sections
from persistence.task_rows import LIVE, tasks

_AT_ONCE: Final = 10
"""Of how many projects the buckets are read at once: 2,000 sections at most."""
_IN_WORKSPACE: Final = and_(tasks.c.workspace_id == bindparam("workspace"), LIVE)
_END: Final = "~"


class BucketShape(NamedTuple):
    """What decides which statement finds projects. Everything else is a parameter."""

    in_project: bool
    with_status: bool
    descending: bool
    resumed: bool


@cache
def projects_statement(shape: BucketShape) -> Select[Any]:
    """Return the statement that finds projects with tasks, and whether some of those have no section."""
    within = [tasks.c.project_id == projects.c.id]
    position = projects.c.position
    unsectioned = _has_tasks(*within, tasks.c.section_id.is_(None), with_status=shape.with_status, of_section=True)
    found = select(projects.c.id, position, unsectioned).where(_has_tasks(*within, with_status=shape.with_status))
    if shape.in_project:
        return found.where(ONE_PROJECT)
    found = found.where(PROJECT_IN_WORKSPACE)
    if shape.resumed:
        start = bindparam("start", type_=position.type)
        found = found.where(position <= start if shape.descending else position >= start)
    return found.order_by(position.desc() if shape.descending else position).limit(_AT_ONCE)


@cache
def sections_statement(*, with_status: bool) -> Select[Any]:
    """Return the statement that finds the sections with tasks of some projects."""
    return select(sections.c.project_id, sections.c.id, sections.c.position).where(
        SECTION_IN_WORKSPACE,
        sections.c.project_id.in_(bindparam("projects", expanding=True)),
        _has_tasks(tasks.c.section_id == sections.c.id, with_status=with_status, of_section=True),
    )


def _has_tasks(*which: ColumnElement[bool], with_status: bool, of_section: bool = False) -> ColumnElement[bool]:
    """Look for one task in an index. PostgreSQL would join EXISTS with the whole table."""
    one = select(tasks.c.id).where(_IN_WORKSPACE, *which).limit(1)
    if with_status:
        one = one.where(tasks.c.status == bindparam("status"))
        if not of_section:  # one of the indexes with the status is in this order, and that of all positions is not
            one = one.order_by(tasks.c.updated_at)
    return one.scalar_subquery().is_not(None)


async def read(  # noqa: PLR0913  # what is to be known of a list
    runner: Runner,
    workspace_id: UUID,
    *,
    project_id: UUID | None,
    status: Status | None,
    descending: bool,
    beyond: tuple[str, str] | None,
) -> AsyncGenerator[Bucket, None]:
    """See domain.model.tasks.TaskRepository.buckets."""
    given: dict[str, object] = {"workspace": workspace_id} | ({} if status is None else {"status": status})
    while True:
        shape = BucketShape(project_id is not None, status is not None, descending, beyond is not None)
        start = {} if beyond is None or project_id is not None else {"start": beyond[0]}
        only = {} if project_id is None else {"project": project_id}
        found = await runner.rows(projects_statement(shape), {**given, **start, **only})
        positions = {row[0]: row[1] if project_id is None else "" for row in found}
        buckets = [Bucket(project_id=row[0], section_id=None, place=(positions[row[0]], "")) for row in found if row[2]]
        if found:
            some = {**given, "projects": padded(list(positions))}
            for of, section_id, position in await runner.rows(sections_statement(with_status=status is not None), some):
                buckets.append(Bucket(project_id=of, section_id=section_id, place=(positions[of], position)))
        for bucket in sorted(buckets, key=lambda each: each.place, reverse=descending):
            if beyond is None or (bucket.place < beyond if descending else bucket.place > beyond):
                yield bucket
        if project_id is not None or len(found) < _AT_ONCE:
            return
        beyond = (found[-1][1], "" if descending else _END)

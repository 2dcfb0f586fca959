"""The statements that read pages of tasks: one for each combination of filter, sort and page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, select, union_all
from sqlalchemy.sql.selectable import TypedReturnsRows

from domain.model.tasks import STATUSES, TaskQuery
from persistence.paging import ordered, page_parameters
from persistence.task_rows import LIVE, TASK_ORDERS, TASKS, tasks

_IN_PROJECT: Final = tasks.c.project_id == bindparam("project")
_IN_SECTION: Final = tasks.c.section_id == bindparam("section")
_UNSECTIONED: Final = tasks.c.section_id.is_(None)
_WITH_PARENT: Final = tasks.c.parent_id == bindparam("parent")
_IN_WORKSPACE: Final = and_(tasks.c.workspace_id == bindparam("workspace"), LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """What decides which statement reads a page. Everything else is a parameter."""

    in_project: bool
    in_section: bool
    unsectioned: bool
    with_parent: bool
    with_status: bool
    order: str
    descending: bool
    resumed: bool


@cache
def page_statement(shape: PageShape) -> TypedReturnsRows[Any]:
    """Return the statement that reads in order from one index, and stops at the limit. It is built at its first use.

    All forty of them, most of which nobody uses, took 6 MB.

    The status is before the sort key in the indexes. Without a filter by it, a page of each status is read, and the two
    are merged: at most twice the limit.
    """
    key = TASK_ORDERS[shape.order]
    columns = (key,) if shape.order == "position" else (key, tasks.c.id)  # a position is unique
    in_order = partial(ordered, columns=columns, descending=shape.descending, resumed=shape.resumed)
    places = (_IN_PROJECT, shape.in_project), (_IN_SECTION, shape.in_section), (_UNSECTIONED, shape.unsectioned)
    rows = select(*TASKS.columns).where(_IN_WORKSPACE, *(place for place, is_given in places if is_given))
    if shape.with_parent:  # of a task's few subtasks, all are read
        few = rows.where(_WITH_PARENT, *((tasks.c.status == bindparam("status"),) if shape.with_status else ()))
        return in_order(few)
    if shape.with_status:
        return in_order(rows.where(tasks.c.status == bindparam("status")))
    branches = [in_order(rows.where(tasks.c.status == status)) for status in STATUSES]
    return _merged(branches, key, is_unique=shape.order == "position", descending=shape.descending)


def _merged(
    branches: Sequence[Select[Any]], key: ColumnElement[Any], *, is_unique: bool, descending: bool
) -> Select[Any]:
    """Return the first rows of all *branches*, each of which is in the order of *key*, then id unless *is_unique*."""
    with_key = [select(each.add_columns(key.label("sort_key")).subquery()) for each in branches]
    merged = union_all(*with_key).subquery()
    columns = [merged.c[column.name] for column in TASKS.columns]
    places = (merged.c.sort_key,) if is_unique else (merged.c.sort_key, merged.c.id)
    return ordered(select(*columns), places, descending=descending)


def page_of(query: TaskQuery) -> tuple[TypedReturnsRows[Any], dict[str, object]]:
    """Return the statement that reads a page, and its parameters."""
    bucket = query.bucket
    if bucket is not None and bucket.section_id is None:
        query = replace(query, project_id=bucket.project_id)
    elif bucket is not None:
        query = replace(query, section_id=bucket.section_id)
    shape = PageShape(
        in_project=query.project_id is not None and query.section_id is None,
        in_section=query.section_id is not None,
        unsectioned=bucket is not None and bucket.section_id is None,
        with_parent=query.parent_id is not None,
        with_status=query.status is not None,
        order=query.order,
        descending=query.descending,
        resumed=query.after is not None,
    )
    return page_statement(shape), _parameters(query)


def _parameters(query: TaskQuery) -> dict[str, object]:
    after = query.after[:1] if query.after is not None and query.order == "position" else query.after
    parameters = {"workspace": query.workspace_id, **page_parameters(after, query.limit)}
    if query.section_id is not None:
        parameters["section"] = query.section_id
    elif query.project_id is not None:
        parameters["project"] = query.project_id
    if query.parent_id is not None:
        parameters["parent"] = query.parent_id
    if query.status is not None:
        parameters["status"] = query.status
    return parameters

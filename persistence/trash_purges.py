"""Deletes what is in the trash for good: some rows in each transaction, oldest entries first.

What is in another entry may have been in a section or a project that is deleted here: it loses the section, and its
project is the inbox from then on.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Table,
    Update,
    UpdateBase,
    bindparam,
    case,
    delete,
    func,
    select,
    tuple_,
    update,
)

from domain.model.trash import TrashKind
from domain.quotas import ROW_BYTES
from persistence.comments import comments
from persistence.compiled import BULK, Parameters, Row
from persistence.completions import completions
from persistence.labels import labels
from persistence.memberships import workspaces
from persistence.octets import octets
from persistence.projects import projects
from persistence.reminder_rows import reminders
from persistence.runners import Runner
from persistence.sections import sections
from persistence.task_links import LINKS
from persistence.task_rows import tasks
from persistence.trash_rows import trash
from persistence.workspaces import lock_workspace

Write = Callable[[UpdateBase, Parameters], Awaitable[Sequence[Row]]]
"""Changes rows that are in the trash, and returns what the statement returns."""

AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class _Part:
    """A statement that changes at most `:limit` rows, and its other parameters.

    If it *frees*, it returns the bytes of the texts of each row that it deletes.
    """

    statement: UpdateBase
    parameters: Sequence[str]
    frees: bool


def _within(table: Table) -> Any:
    return table.c.workspace_id == bindparam("workspace")


def _delete(table: Table, *texts: ColumnElement[str], named: Column[UUID] | None = None) -> _Part:
    """Delete rows of the entry; only the one that is *named* `:thing`, where that is the only one."""
    mine = [_within(table), table.c.trash_id == bindparam("trash")]
    mine += [] if named is None else [named == bindparam("thing")]
    *_, key = table.primary_key
    some = select(key).where(*mine).limit(bindparam("limit"))
    some = some.order_by(key) if table is tasks else some  # the same as _THESE
    statement: Delete = delete(table).where(_within(table), key.in_(some), *mine[2:])
    size = sum((octets(text) for text in texts[1:]), octets(texts[0])) if texts else key
    names = ("workspace", "trash", "limit", *(() if named is None else ("thing",)))
    return _Part(statement.returning(size).execution_options(**BULK), names, frees=bool(texts))


def _take_out(table: Table, place: Column[Any], *, of: Table, to: Any) -> _Part:
    """Take rows that are in other entries out of a *place* that is a row of this one."""
    places = select(of.c.id).where(_within(of), of.c.trash_id == bindparam("trash"))
    names = ["workspace", "trash", "limit"]
    if of is projects:
        places, names = places.where(of.c.id == bindparam("thing")), [*names, "thing"]
    in_it = (_within(table), place.in_(places), table.c.trash_id.is_not(None))
    some = select(table.c.id).where(*in_it).limit(bindparam("limit"))
    statement: Update = update(table).where(_within(table), table.c.id.in_(some)).values({place: to})
    return _Part(statement.returning(table.c.id).execution_options(**BULK), names, frees=False)


_THESE: Final = (
    select(tasks.c.id)
    .where(_within(tasks), tasks.c.trash_id == bindparam("trash"))
    .order_by(tasks.c.id)
    .limit(bindparam("limit"))
)
"""The tasks that are deleted next."""


def _delete_on_these(text: Column[str]) -> _Part:
    """Delete what is on the tasks that are deleted next: it would be deleted with them, and its bytes still be counted.

    Also the comments that another deletion took.
    """
    table = text.table
    assert isinstance(table, Table)
    some = select(table.c.id).where(_within(table), table.c.task_id.in_(_THESE)).limit(bindparam("limit"))
    statement: Delete = delete(table).where(_within(table), table.c.id.in_(some))
    names = ("workspace", "trash", "limit")
    return _Part(statement.returning(octets(text)).execution_options(**BULK), names, frees=True)


def _delete_links(end: Column[UUID]) -> _Part:
    """Delete links, or reminders, whose *end* is one of the tasks that are deleted next.

    A task has many, and they count as rows.
    """
    table = end.table
    assert isinstance(table, Table)
    _, *key = table.primary_key
    some = select(*key).where(_within(table), end.in_(_THESE)).limit(bindparam("limit"))
    statement: Delete = delete(table).where(_within(table), tuple_(*key).in_(some))
    names = ("workspace", "trash", "limit")
    return _Part(statement.returning(key[0]).execution_options(**BULK), names, frees=False)


_INBOX: Final = select(projects.c.id).where(_within(projects), projects.c.is_inbox).scalar_subquery()
_labelled: Final = LINKS["label_ids"].table
_PARTS: Final = (
    _delete(comments, comments.c.text),
    _delete_on_these(comments.c.text),
    _delete_on_these(completions.c.reopened),
    *(_delete_links(links.table.c.task_id) for links in LINKS.values()),
    _delete_links(LINKS["depends_on_ids"].other),
    _delete_links(reminders.c.task_id),
    _delete(tasks, tasks.c.title, tasks.c.description, tasks.c.metadata, func.coalesce(tasks.c.recurrence_rule, "")),
    _take_out(tasks, tasks.c.section_id, of=sections, to=None),
    _take_out(tasks, tasks.c.project_id, of=projects, to=_INBOX),
    _take_out(sections, sections.c.project_id, of=projects, to=_INBOX),
    _delete(sections, sections.c.name),
    _delete(projects, projects.c.name, projects.c.description, named=projects.c.id),
)
_DELETE_LINKS: Final = (
    delete(_labelled)
    .where(
        _within(_labelled),
        _labelled.c.label_id == bindparam("thing"),
        _labelled.c.task_id.in_(
            select(_labelled.c.task_id)
            .where(
                _within(_labelled),
                _labelled.c.label_id == bindparam("thing"),
                _labelled.c.trash_id == bindparam("trash"),
            )
            .limit(bindparam("limit"))
        ),
    )
    .returning(_labelled.c.task_id)
    .execution_options(**BULK)
)
_LABEL_PARTS: Final = (
    _Part(_DELETE_LINKS, ("workspace", "thing", "trash", "limit"), frees=False),
    _delete(labels, labels.c.name, named=labels.c.id),
)
_PARTS_OF: Final[Mapping[TrashKind, Sequence[_Part]]] = {
    "project": _PARTS,
    "section": _PARTS,
    "task": _PARTS,
    "label": _LABEL_PARTS,
    "comment": _PARTS[:1],
}
_DELETE_ENTRY: Final = delete(trash).where(_within(trash), trash.c.id == bindparam("trash")).returning(trash.c.id)

_HAS_EXPIRED: Final = trash.c.expires_at <= bindparam("now")
_FIND: Final = (
    select(trash.c.workspace_id, trash.c.id)
    .join_from(trash, workspaces, workspaces.c.id == trash.c.workspace_id)
    .where(_HAS_EXPIRED, workspaces.c.deleted_at.is_(None))
    .order_by(trash.c.expires_at)
    .limit(1)
)
_READ: Final = select(trash.c.thing_id, trash.c.kind).where(
    _within(trash), trash.c.id == bindparam("trash"), _HAS_EXPIRED
)
_FREE: Final = (
    update(workspaces)
    .where(workspaces.c.id == bindparam("workspace"))
    .values(
        content_bytes=case(
            (workspaces.c.content_bytes > bindparam("freed"), workspaces.c.content_bytes - bindparam("freed")), else_=0
        )
    )
)


async def purge_some(write: Write, place: Parameters, *, kind: TrashKind, limit: int) -> tuple[int, int]:
    """Delete at most *limit* rows of an entry, at last the entry itself. Return how many, and how many bytes they had.

    *place* is the `workspace`, the id of the entry (`trash`) and that of its `thing`.
    """
    count, freed = 0, 0
    for part in _PARTS_OF[kind]:
        values = {**place, "limit": limit - count}
        rows = await write(part.statement, {name: values[name] for name in part.parameters})
        count += len(rows)
        freed += sum(ROW_BYTES + int(row[0]) for row in rows) if part.frees else 0
        if count >= limit:
            return count, freed
    await write(_DELETE_ENTRY, {"workspace": place["workspace"], "trash": place["trash"]})
    return count + 1, freed


async def purge(runner: Runner, *, now: dt.datetime) -> int:
    """Delete some rows of an entry that has expired. Return how many; repeat until there are none."""
    found = await runner.row(_FIND, {"now": now})
    if found is None:
        return 0
    workspace_id, entry_id = found
    if await lock_workspace(runner, workspace_id) is None:  # it was deleted meanwhile
        return 0
    place = {"workspace": workspace_id, "trash": entry_id}
    entry = await runner.row(_READ, {**place, "now": now})
    if entry is None:  # it was deleted again, or purged, meanwhile
        return 0
    thing_id, kind = entry
    count, freed = await purge_some(runner.rows, {**place, "thing": thing_id}, kind=kind, limit=AT_ONCE)
    if freed:
        await runner.run(_FREE, {"workspace": workspace_id, "freed": freed})
    return count

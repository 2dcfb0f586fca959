"""Deletes what was in workspaces that are deleted, some rows at a time, so that nobody waits for long.

Nobody can see such a workspace: the transaction that deleted it has deleted its members and invitations (ADR 83).
"""

import datetime as dt
from typing import Final
from uuid import UUID

from sqlalchemy import Column, Delete, bindparam, delete, select, tuple_

from persistence.comments import comments
from persistence.compiled import BULK
from persistence.completions import completions
from persistence.events import events, tombstones
from persistence.idempotency import client_ids, idempotency_keys
from persistence.labels import labels
from persistence.memberships import workspaces
from persistence.projects import projects
from persistence.reminder_rows import reminders, stale_reminders
from persistence.runners import Runner
from persistence.sections import sections
from persistence.task_links import LINKS
from persistence.task_rows import tasks
from persistence.trash_rows import trash

_AT_ONCE: Final = 200
_THIS: Final = workspaces.c.id == bindparam("workspace")
_FIND: Final = (
    select(workspaces.c.id).where(workspaces.c.deleted_at.is_not(None)).order_by(workspaces.c.deleted_at).limit(1)
)
_LOCK: Final = select(workspaces.c.id).where(_THIS).with_for_update(skip_locked=True)


def _delete_some(place: Column[UUID]) -> Delete:
    keys = list(place.table.primary_key)
    here = place == bindparam("workspace")
    some = select(*keys).where(here).limit(_AT_ONCE)
    return delete(place.table).where(here, tuple_(*keys).in_(some)).execution_options(**BULK)


_WITHIN: Final = tuple(
    _delete_some(place)
    for place in (
        comments.c.workspace_id,
        completions.c.workspace_id,
        *(links.table.c.workspace_id for links in LINKS.values()),  # a task has many, which count as rows
        reminders.c.workspace_id,
        stale_reminders.c.workspace_id,
        tasks.c.workspace_id,
        labels.c.workspace_id,
        sections.c.workspace_id,
        projects.c.workspace_id,
        trash.c.workspace_id,
        events.c.workspace_id,
        tombstones.c.workspace_id,
        client_ids.c.space_id,
        idempotency_keys.c.space_id,
    )
)
_DELETE: Final = delete(workspaces).where(_THIS).execution_options(**BULK)


async def purge(runner: Runner, *, now: dt.datetime) -> int:  # noqa: ARG001  # a purge's signature
    """Delete some rows of a deleted workspace, at last its own. Return how many; repeat until there are none."""
    found = await runner.row(_FIND, {})
    if found is None:
        return 0
    place = {"workspace": found[0]}
    if await runner.row(_LOCK, place) is None:  # another process is at it
        return 0
    for statement in _WITHIN:
        if deleted := await runner.run(statement, place):
            return deleted
    return await runner.run(_DELETE, place)

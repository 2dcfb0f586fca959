"""Changes of a workspace."""

import datetime as dt
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from domain import account_changes, activity, changes
from domain.activity import ActivityEntry
from domain.change_cursors import Completed
from domain.events import EventType
from domain.model.activity import ActivityFilter
from domain.model.changes import Change, ChangeType
from domain.model.workspaces import WorkspaceChange
from domain.unit_of_work import UnitOfWork
from handlers.events import entity_view
from handlers.pages import page_view
from spec import responses
from tickbox_contract.responses import Response, ok


async def list_changes(
    uow: UnitOfWork,
    completed: Completed,
    limit: int,
    types: list[ChangeType] | None = None,
    cursor: str | None = None,
) -> Response:
    """200 with what the workspace has or, after a cursor, with what has changed since."""
    page = await changes.page(uow, types=types, completed=completed, limit=limit, cursor=cursor)
    body: responses.ChangePage = {
        "items": [change_view(each) for each in page.items],
        "next_cursor": page.next_cursor,
        "has_more": page.has_more,
    }
    return ok(body)


async def list_my_changes(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's workspaces that changed."""
    page = await account_changes.page(uow, limit=limit, cursor=cursor)
    body: responses.WorkspaceChangePage = {
        "items": [workspace_change_view(each) for each in page.items],
        "next_cursor": page.next_cursor,
        "has_more": page.has_more,
    }
    return ok(body)


async def list_activity(  # noqa: PLR0913, PLR0917  # a filter each
    uow: UnitOfWork,
    limit: int,
    entity_id: UUID | None = None,
    actor_id: UUID | None = None,
    event: Sequence[EventType] | None = None,
    recorded_after: dt.datetime | None = None,
    recorded_before: dt.datetime | None = None,
    cursor: str | None = None,
) -> Response:
    """200 with what happened, newest first."""
    filters = ActivityFilter(
        entity_id=entity_id,
        actor_id=actor_id,
        types=None if event is None else frozenset(event),
        recorded_after=recorded_after,
        recorded_before=recorded_before,
    )
    return ok(page_view(await activity.page(uow, filters=filters, limit=limit, cursor=cursor), activity_entry_view))


def change_view(change: Change) -> responses.Change:
    """A `Change`, with the entity in the member that its type names; without one if it is deleted."""
    view: responses.Change = {
        "type": change.type,
        "id": change.id,
        "revision": change.revision,
        "deleted": change.entity is None,
    }
    if change.entity is None:
        return view
    return cast("responses.Change", {**view, change.type: entity_view(change.entity)})


def workspace_change_view(change: WorkspaceChange) -> responses.WorkspaceChange:
    """A `WorkspaceChange`."""
    return {"workspace_id": change.workspace_id, "head": change.head, "role": change.role}


def activity_entry_view(entry: ActivityEntry) -> responses.ActivityEntry:
    """An `ActivityEntry`."""
    event = entry.event
    return {
        "revision": event.revision,
        "sequence": event.sequence,
        "event": event.type,
        "type": event.type.partition(".")[0],
        "id": event.entity_id,
        "title": entry.title,
        "changed": list(entry.changed),
        "actor_id": event.actor_id,
        "recorded_at": event.recorded_at,
        "erased": event.payload is None,
    }

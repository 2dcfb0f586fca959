"""Changes of a workspace."""

from typing import cast

from domain import account_changes, changes
from domain.change_cursors import Completed
from domain.model.changes import Change, ChangeType
from domain.model.workspaces import WorkspaceChange
from domain.unit_of_work import UnitOfWork
from handlers.events import entity_view
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

"""Workspaces."""

from domain import workspaces
from domain.model.workspaces import Workspace
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import patched, sent
from spec import responses
from spec.models import WorkspaceCreate, WorkspacePatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_workspaces(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the workspaces that the caller is a member of."""
    return ok(page_view(await workspaces.page(uow, limit=limit, cursor=cursor), workspace_view))


async def create_workspace(uow: UnitOfWork, body: WorkspaceCreate) -> Response:
    """201 with the new workspace, whose owner is the caller."""
    workspace = await workspaces.create(uow, workspace_id=sent(body.id, default=None), name=body.name)
    return created(workspace_view(workspace), location=f"/v1/workspaces/{workspace.id}")


async def get_workspace(uow: UnitOfWork) -> Response:
    """200 with the workspace."""
    return ok(workspace_view(await workspaces.get(uow)))


async def update_workspace(uow: UnitOfWork, body: WorkspacePatch) -> Response:
    """200 with the workspace as it is now."""
    return ok(workspace_view(await workspaces.update(uow, name=patched(body.name))))


async def delete_workspace(uow: UnitOfWork) -> Response:
    """204; everything in it is deleted."""
    await workspaces.delete(uow)
    return no_content()


def workspace_view(workspace: Workspace) -> responses.Workspace:
    """A `Workspace`, as a member with that role sees it."""
    return {
        "id": workspace.id,
        "name": workspace.name,
        "personal": workspace.personal,
        "role": workspace.role,
        "head": workspace.head,
        "revision": workspace.revision,
        "created_at": workspace.created_at,
        "updated_at": workspace.updated_at,
    }


def workspace_facts_view(workspace: Workspace) -> responses.WorkspaceFacts:
    """The facts of a workspace in an event, which do not depend on who reads them."""
    return {
        "id": workspace.id,
        "name": workspace.name,
        "personal": workspace.personal,
        "revision": workspace.revision,
        "created_at": workspace.created_at,
        "updated_at": workspace.updated_at,
    }

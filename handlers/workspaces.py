"""Workspaces."""

from uuid import UUID

from domain import workspaces
from domain.ports import UnitOfWork
from handlers.patches import patched, sent
from handlers.views import page_view, workspace_view
from spec.models import WorkspaceCreate, WorkspacePatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_workspaces(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the workspaces that the caller is a member of."""
    return ok(page_view(await workspaces.page(uow, limit=limit, cursor=cursor), workspace_view))


async def create_workspace(uow: UnitOfWork, body: WorkspaceCreate) -> Response:
    """201 with the new workspace, whose owner is the caller."""
    workspace = await workspaces.create(uow, workspace_id=sent(body.id, default=None), name=body.name)
    return created(workspace_view(workspace), location=f"/v1/workspaces/{workspace.id}")


async def get_workspace(uow: UnitOfWork, workspace_id: UUID) -> Response:  # noqa: ARG001  # the work is in it already
    """200 with the workspace."""
    return ok(workspace_view(await workspaces.get(uow)))


async def update_workspace(uow: UnitOfWork, workspace_id: UUID, body: WorkspacePatch) -> Response:  # noqa: ARG001  # as above
    """200 with the workspace as it is now."""
    return ok(workspace_view(await workspaces.update(uow, name=patched(body.name))))


async def delete_workspace(uow: UnitOfWork, workspace_id: UUID) -> Response:  # noqa: ARG001  # as above
    """204; all that was in it is gone."""
    await workspaces.delete(uow)
    return no_content()

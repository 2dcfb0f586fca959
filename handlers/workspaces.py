"""Workspaces."""

from uuid import UUID

from contract.answers import Answer, created, no_content, ok
from domain import workspaces
from domain.ports import Work
from handlers.patches import patched, sent
from handlers.views import page_view, workspace_view
from spec.models import WorkspaceCreate, WorkspacePatch


async def list_workspaces(work: Work, limit: int, cursor: str | None = None) -> Answer:
    """200 with the workspaces that the caller is a member of."""
    return ok(page_view(await workspaces.page(work, limit=limit, cursor=cursor), workspace_view))


async def create_workspace(work: Work, body: WorkspaceCreate) -> Answer:
    """201 with the new workspace, whose owner is the caller."""
    workspace = await workspaces.create(work, workspace_id=sent(body.id, default=None), name=body.name)
    return created(workspace_view(workspace), location=f"/v1/workspaces/{workspace.id}")


async def get_workspace(work: Work, workspace_id: UUID) -> Answer:  # noqa: ARG001  # the work is in it already
    """200 with the workspace."""
    return ok(workspace_view(await workspaces.get(work)))


async def update_workspace(work: Work, workspace_id: UUID, body: WorkspacePatch) -> Answer:  # noqa: ARG001  # as above
    """200 with the workspace as it is now."""
    return ok(workspace_view(await workspaces.update(work, name=patched(body.name))))


async def delete_workspace(work: Work, workspace_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """204; all that was in it is gone."""
    await workspaces.delete(work)
    return no_content()

"""Projects."""

from uuid import UUID

from domain import projects, restoring
from domain.model.projects import Project
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import patched, sent
from spec import responses
from spec.models import ProjectCreate, ProjectMove, ProjectPatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_projects(
    uow: UnitOfWork,
    archived: bool,  # noqa: FBT001  # the engine passes it by its name
    limit: int,
    cursor: str | None = None,
) -> Response:
    """200 with the active projects, or the archived ones."""
    return ok(page_view(await projects.page(uow, archived=archived, limit=limit, cursor=cursor), project_view))


async def create_project(uow: UnitOfWork, workspace_id: UUID, body: ProjectCreate) -> Response:
    """201 with the new project, which is the last one in order."""
    project = await projects.create(
        uow,
        project_id=sent(body.id, default=None),
        name=body.name,
        description=sent(body.description, default=""),
    )
    return created(project_view(project), location=f"/v1/workspaces/{workspace_id}/projects/{project.id}")


async def get_project(uow: UnitOfWork, project_id: UUID) -> Response:
    """200 with the project."""
    return ok(project_view(await projects.get(uow, project_id)))


async def update_project(
    uow: UnitOfWork,
    project_id: UUID,
    body: ProjectPatch,
) -> Response:
    """200 with the project as it is now."""
    project = await projects.update(uow, project_id, name=patched(body.name), description=patched(body.description))
    return ok(project_view(project))


async def delete_project(uow: UnitOfWork, project_id: UUID) -> Response:
    """204; its tasks are deleted too."""
    await projects.delete(uow, project_id)
    return no_content()


async def archive_project(uow: UnitOfWork, project_id: UUID) -> Response:
    """200 with the project, archived since the first request."""
    return ok(project_view(await projects.archive(uow, project_id)))


async def unarchive_project(uow: UnitOfWork, project_id: UUID) -> Response:
    """200 with the project, active."""
    return ok(project_view(await projects.unarchive(uow, project_id)))


async def move_project(uow: UnitOfWork, project_id: UUID, body: ProjectMove) -> Response:
    """200 with the project at its new place."""
    moved = await projects.move(uow, project_id, before=patched(body.before), after=patched(body.after))
    return ok(project_view(moved))


async def restore_project(uow: UnitOfWork, project_id: UUID) -> Response:
    """200 with the project, with its sections and tasks; one that is live is unchanged."""
    return ok(project_view(await restoring.project(uow, project_id)))


def project_view(project: Project) -> responses.Project:
    """A `Project`."""
    return {
        "id": project.id,
        "workspace_id": project.workspace_id,
        "name": project.name,
        "description": project.description,
        "is_inbox": project.is_inbox,
        "archived_at": project.archived_at,
        "position": project.position,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
        "revision": project.revision,
    }

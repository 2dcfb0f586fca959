"""Projects."""

from uuid import UUID

from contract.answers import Answer, created, no_content, ok
from domain import projects
from domain.ports import Work
from handlers.patches import patched, sent
from handlers.views import page_view, project_view
from spec.models import ProjectCreate, ProjectPatch


async def list_projects(
    work: Work,
    workspace_id: UUID,  # noqa: ARG001  # the work is in it already
    archived: bool,  # noqa: FBT001  # the engine passes it by its name
    limit: int,
    cursor: str | None = None,
) -> Answer:
    """200 with the active projects, or the archived ones."""
    return ok(page_view(await projects.page(work, archived=archived, limit=limit, cursor=cursor), project_view))


async def create_project(work: Work, workspace_id: UUID, body: ProjectCreate) -> Answer:
    """201 with the new project, which is the last one in order."""
    project = await projects.create(
        work,
        project_id=sent(body.id, default=None),
        name=body.name,
        description=sent(body.description, default=""),
    )
    return created(project_view(project), location=f"/v1/workspaces/{workspace_id}/projects/{project.id}")


async def get_project(work: Work, workspace_id: UUID, project_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """200 with the project."""
    return ok(project_view(await projects.get(work, project_id)))


async def update_project(
    work: Work,
    workspace_id: UUID,  # noqa: ARG001  # as above
    project_id: UUID,
    body: ProjectPatch,
) -> Answer:
    """200 with the project as it is now."""
    project = await projects.update(work, project_id, name=patched(body.name), description=patched(body.description))
    return ok(project_view(project))


async def delete_project(work: Work, workspace_id: UUID, project_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """204; its tasks are gone too."""
    await projects.delete(work, project_id)
    return no_content()


async def archive_project(work: Work, workspace_id: UUID, project_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """200 with the project, archived since the first time that this was asked."""
    return ok(project_view(await projects.archive(work, project_id)))


async def unarchive_project(work: Work, workspace_id: UUID, project_id: UUID) -> Answer:  # noqa: ARG001  # as above
    """200 with the project, active."""
    return ok(project_view(await projects.unarchive(work, project_id)))

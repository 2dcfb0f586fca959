"""Sections of projects."""

from uuid import UUID

from domain import restoring, sections
from domain.model.sections import Section
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import patched, sent
from spec import responses
from spec.models import SectionCreate, SectionMove, SectionPatch
from tickbox_contract.responses import Response, created, no_content, ok


async def list_sections(
    uow: UnitOfWork, limit: int, project_id: UUID | None = None, cursor: str | None = None
) -> Response:
    """200 with the sections of a project, or of all projects."""
    return ok(page_view(await sections.page(uow, project_id=project_id, limit=limit, cursor=cursor), section_view))


async def create_section(uow: UnitOfWork, workspace_id: UUID, body: SectionCreate) -> Response:
    """201 with the new section, the last one of its project."""
    section = await sections.create(
        uow, name=body.name, project_id=body.project_id, section_id=sent(body.id, default=None)
    )
    return created(section_view(section), location=f"/v1/workspaces/{workspace_id}/sections/{section.id}")


async def get_section(uow: UnitOfWork, section_id: UUID) -> Response:
    """200 with the section."""
    return ok(section_view(await sections.get(uow, section_id)))


async def update_section(uow: UnitOfWork, section_id: UUID, body: SectionPatch) -> Response:
    """200 with the section as it is now; what was not sent is unchanged."""
    return ok(section_view(await sections.update(uow, section_id, name=patched(body.name))))


async def delete_section(uow: UnitOfWork, section_id: UUID) -> Response:
    """204; the section and its tasks are deleted."""
    await sections.delete(uow, section_id)
    return no_content()


async def move_section(uow: UnitOfWork, section_id: UUID, body: SectionMove) -> Response:
    """200 with the section at its new place."""
    moved = await sections.move(
        uow,
        section_id,
        project_id=patched(body.project_id),
        before=patched(body.before),
        after=patched(body.after),
    )
    return ok(section_view(moved))


async def restore_section(uow: UnitOfWork, section_id: UUID) -> Response:
    """200 with the section, with its tasks; one that is live is unchanged."""
    return ok(section_view(await restoring.section(uow, section_id)))


def section_view(section: Section) -> responses.Section:
    """A `Section`."""
    return {
        "id": section.id,
        "workspace_id": section.workspace_id,
        "project_id": section.project_id,
        "name": section.name,
        "position": section.position,
        "created_at": section.created_at,
        "updated_at": section.updated_at,
        "revision": section.revision,
    }

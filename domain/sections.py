"""Sections: the named parts of projects."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import pages, positions, steps, tasks
from domain.limits import LimitReached
from domain.model.projects import ProjectArchived, ProjectUnknown
from domain.model.sections import Section, SectionNotFound, SectionQuery
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given

MOST_SECTIONS: Final = 200
"""How many sections a project has at most."""


async def page(
    uow: UnitOfWork, *, project_id: UUID | None = None, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Section]:
    """Return the sections of a project in their order, or those of all projects. Raises CursorInvalid."""
    binding = f"sections {uow.workspace_id} {project_id}"
    place = None
    if cursor is not None:
        of, position, section_id = pages.decode(cursor, binding, count=3)
        place = (pages.id_from_key(of), pages.text_from_key(position), pages.id_from_key(section_id))

    async def fetch(after: tuple[UUID, str, UUID] | None, count: int) -> Sequence[Section]:
        return await uow.sections.page(
            SectionQuery(workspace_id=uow.workspace_id, project_id=project_id, after=after, limit=count)
        )

    return await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda section: (section.project_id, section.position, section.id),
        weigh=lambda section: pages.weight(*section.texts),
        limit=limit,
        cursor_of=lambda section: pages.encode(
            binding, pages.id_to_key(section.project_id), section.position, pages.id_to_key(section.id)
        ),
    )


async def create(uow: UnitOfWork, *, name: str, project_id: UUID, section_id: UUID | None = None) -> Section:
    """Create a section after all others of its project.

    Raises ProjectUnknown, ProjectArchived, LimitReached, IdTaken.
    """
    project = await uow.projects.get(uow.workspace_id, project_id)
    if project is None:
        raise ProjectUnknown(project_id)
    if project.archived_at is not None:
        raise ProjectArchived(project_id)
    count, last = await uow.sections.end(uow.workspace_id, project_id=project_id)
    if count >= MOST_SECTIONS:
        raise LimitReached("project", things="sections", most=MOST_SECTIONS)
    section = Section(
        id=section_id or uow.new_id(),
        workspace_id=uow.workspace_id,
        project_id=project_id,
        name=name,
        position=positions.after(last),
        created_at=uow.now,
        updated_at=uow.now,
        revision=await uow.next_revision(),
    )
    await uow.sections.add(section)
    return section


async def get(uow: UnitOfWork, section_id: UUID) -> Section:
    """Return one section of the workspace. Raises SectionNotFound."""
    section = await uow.sections.get(uow.workspace_id, section_id)
    if section is None:
        raise SectionNotFound(section_id)
    return section


async def update(uow: UnitOfWork, section_id: UUID, *, name: str | Unset = UNSET) -> Section:
    """Change a section. Raises SectionNotFound."""
    section = await get(uow, section_id)
    changed = replace(section, **given(name=name))
    if changed == section:
        return section
    changed = replace(changed, updated_at=uow.now, revision=await uow.next_revision())
    await uow.sections.update(changed, before=section)
    return changed


async def delete(uow: UnitOfWork, section_id: UUID) -> None:
    """Delete a section with its tasks; many of them in several steps, the section in the last one (ADR 81).

    Raises SectionNotFound.
    """

    async def delete_some(limit: int) -> int:
        await get(uow, section_id)
        return await tasks.delete_some(uow, section_id=section_id, limit=limit)

    await steps.in_steps(uow, delete_some)
    await uow.sections.delete(uow.workspace_id, section_id, revision=await uow.next_revision())

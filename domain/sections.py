"""Sections: the named parts of projects."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import blank, changeable, moves, pages, positions, steps, task_deletions, tasks, unknown_places
from domain.limits import LimitReached
from domain.model.sections import Section, SectionEvent, SectionNotFound, SectionQuery
from domain.model.tasks import Task
from domain.moves import NotBesideSibling, SiblingUnknown
from domain.pages import DEFAULT_LIMIT, Page
from domain.trash import Deletion
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given

MOST_SECTIONS: Final = 200
"""How many sections a project has at most."""
MOST_MOVED: Final = 1000
"""How many tasks come along with a section to another project at most: it is one transaction."""


async def page(
    uow: UnitOfWork, *, project_id: UUID | None = None, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Section]:
    """Return the sections of a project in their order, or those of all projects. Raises CursorInvalid."""
    binding = f"sections {uow.workspace_id} {project_id}"
    place = None
    if cursor is not None:
        of, position = pages.decode(cursor, binding, count=2)
        place = (pages.id_from_key(of), pages.text_from_key(position))

    async def fetch(after: tuple[UUID, str] | None, count: int) -> Sequence[Section]:
        return await uow.sections.page(
            SectionQuery(workspace_id=uow.workspace_id, project_id=project_id, after=after, limit=count)
        )

    return await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda section: (section.project_id, section.position),
        weigh=lambda section: pages.weight(*section.texts),
        limit=limit,
        cursor_of=lambda section: pages.encode(binding, pages.id_to_key(section.project_id), section.position),
    )


async def create(uow: UnitOfWork, *, name: str, project_id: UUID, section_id: UUID | None = None) -> Section:
    """Create a section after all others of its project.

    Raises TextBlank, ProjectUnknown, ProjectArchived, LimitReached, IdTaken.
    """
    blank.require_seen(name, name="name")
    await changeable.require_project(uow, project_id)
    last = await _end_of(uow, project_id, name="project_id")
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
    """Change a section. Raises TextBlank, SectionNotFound, ProjectArchived."""
    blank.require_seen(name, name="name")
    section = await changeable.section(uow, section_id)
    changed = replace(section, **given(name=name))
    return await _store(uow, section, changed, event="section.updated")


async def move(
    uow: UnitOfWork,
    section_id: UUID,
    *,
    project_id: UUID | Unset = UNSET,
    before: UUID | Unset = UNSET,
    after: UUID | Unset = UNSET,
) -> Section:
    """Move a section directly before or after another one, or to the end of a project, with its tasks.

    One that is there already does not change.

    Raises SectionNotFound, BeforeAndAfter, SiblingUnknown, BesideItself, NotBesideSibling, ProjectUnknown;
    ProjectArchived, LimitReached.
    """
    section = await changeable.section(uow, section_id)
    target_id = section.project_id if project_id is UNSET else project_id
    cut = positions.END
    target = moves.beside("section", [section_id], before=before, after=after)
    if target is not None:
        sibling = await uow.sections.get(uow.workspace_id, target.sibling_id)
        if sibling is None:
            error = SiblingUnknown("section", name=target.name)
            raise await unknown_places.with_others(uow, error, {"project_id": project_id})
        if project_id not in {UNSET, sibling.project_id}:
            raise NotBesideSibling("section", name="project_id")
        target_id, cut = sibling.project_id, target.cut_at(sibling)
    if target_id == section.project_id:
        return await _put(uow, section, project_id=target_id, cut=cut)
    await changeable.require_project(uow, target_id)
    await _end_of(uow, target_id, name="project_id" if target is None else target.name)
    coming = await uow.tasks.in_section(uow.workspace_id, section_id, limit=MOST_MOVED + 1)
    if len(coming) > MOST_MOVED:
        detail = f"At most {MOST_MOVED} tasks are moved with a section. Move some of them first."
        raise LimitReached("section", things="tasks", most=MOST_MOVED, detail=detail)
    moved = await _put(uow, section, project_id=target_id, cut=cut)
    await _move_tasks(uow, coming, project_id=target_id)
    return moved


async def _put(uow: UnitOfWork, section: Section, *, project_id: UUID, cut: str) -> Section:
    async def around(count: int) -> Sequence[Section]:
        return await uow.sections.around(uow.workspace_id, project_id=project_id, cut=cut, limit=count)

    mover = section if section.project_id == project_id else None
    room = await moves.make_room(around, cut, count=1, mover=mover)
    for each, position in room.neighbours:
        await _store(uow, each, replace(each, position=position), event="section.moved")
    moved = replace(section, project_id=project_id, position=room.positions[0])
    return await _store(uow, section, moved, event="section.moved")


async def _move_tasks(uow: UnitOfWork, coming: Sequence[Task], *, project_id: UUID) -> None:
    """Move tasks of a section to the end of another project, in their order."""
    _, last = await uow.tasks.destination(uow.workspace_id, project_id=project_id) or (None, None)
    found = positions.spread(last, None, count=len(coming))
    moved = [replace(task, project_id=project_id, position=at) for task, at in zip(coming, found, strict=True)]
    await tasks.store_all(uow, list(zip(coming, moved, strict=True)), event="task.moved")


async def delete(uow: UnitOfWork, section_id: UUID) -> None:
    """Put a section into the trash, with its tasks.

    Many tasks are deleted in several steps, and the section in the last one (ADR 81).

    Raises SectionNotFound, ProjectArchived, ChangedMeanwhile.
    """
    deletion = Deletion("section", section_id)

    async def delete_some(limit: int) -> int:
        section = await changeable.section(uow, section_id)
        await deletion.step(uow, title=section.name)
        return await task_deletions.delete_some(uow, section_id=section_id, deletion=deletion, limit=limit)

    await steps.in_steps(uow, delete_some)
    revision = await uow.next_revision()
    await uow.sections.delete(uow.workspace_id, section_id, trash_id=deletion.entry_id, revision=revision)


async def _end_of(uow: UnitOfWork, project_id: UUID, *, name: str) -> str | None:
    """Return the last position of a project that one more section is put into, as the property *name* says.

    Raises LimitReached.
    """
    count, last = await uow.sections.end(uow.workspace_id, project_id=project_id)
    if count >= MOST_SECTIONS:
        raise LimitReached("project", things="sections", most=MOST_SECTIONS, pointer=f"#/{name}")
    return last


async def _store(uow: UnitOfWork, section: Section, changed: Section, *, event: SectionEvent) -> Section:
    if changed == section:
        return section
    changed = replace(changed, updated_at=uow.now, revision=await uow.next_revision())
    await uow.sections.update(changed, before=section, event=event)
    return changed

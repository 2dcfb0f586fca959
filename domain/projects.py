"""Projects: the lists of a workspace's tasks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import blank, changeable, moves, pages, positions, steps, task_deletions
from domain.limits import LimitReached
from domain.model.projects import InboxProtected, Project, ProjectEvent, ProjectNotFound, ProjectQuery
from domain.pages import DEFAULT_LIMIT, Page
from domain.trash import Deletion
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given

MOST_PROJECTS: Final = 500
"""How many projects a workspace has at most, with the inbox and the archived ones."""


async def page(
    uow: UnitOfWork, *, archived: bool = False, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Project]:
    """Return the workspace's active or archived projects, in their order. Raises CursorInvalid.

    A page of long texts may have fewer than *limit*.
    """
    binding = f"projects {uow.workspace_id} {archived}"
    place = None
    if cursor is not None:
        position, project_id = pages.decode(cursor, binding, count=2)
        place = (pages.text_from_key(position), pages.id_from_key(project_id))

    async def fetch(after: tuple[str, UUID] | None, count: int) -> Sequence[Project]:
        return await uow.projects.page(
            ProjectQuery(workspace_id=uow.workspace_id, archived=archived, after=after, limit=count)
        )

    return await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda project: (project.position, project.id),
        weigh=lambda project: pages.weight(project.name, project.description),
        limit=limit,
        cursor_of=lambda project: pages.encode(binding, project.position, pages.id_to_key(project.id)),
    )


async def create(uow: UnitOfWork, *, name: str, description: str = "", project_id: UUID | None = None) -> Project:
    """Create a project after all others. Raises TextBlank, LimitReached, IdTaken."""
    blank.require_seen(name, name="name")
    last = await require_room(uow)
    project = Project(
        id=project_id or uow.new_id(),
        workspace_id=uow.workspace_id,
        name=name,
        description=description,
        is_inbox=False,
        archived_at=None,
        position=positions.after(last),
        created_at=uow.now,
        updated_at=uow.now,
        revision=await uow.next_revision(),
    )
    await uow.projects.add(project)
    return project


async def require_room(uow: UnitOfWork) -> str | None:
    """Return the greatest position of the workspace's projects. Raises LimitReached if there cannot be another one."""
    count, last = await uow.projects.end(uow.workspace_id)
    if count >= MOST_PROJECTS:
        raise LimitReached("workspace", things="projects", most=MOST_PROJECTS)
    return last


async def get(uow: UnitOfWork, project_id: UUID) -> Project:
    """Return one project of the workspace. Raises ProjectNotFound."""
    project = await uow.projects.get(uow.workspace_id, project_id)
    if project is None:
        raise ProjectNotFound(project_id)
    return project


async def update(
    uow: UnitOfWork, project_id: UUID, *, name: str | Unset = UNSET, description: str | Unset = UNSET
) -> Project:
    """Change a project, also the inbox. Raises TextBlank, ProjectNotFound, ProjectArchived."""
    blank.require_seen(name, name="name")
    project = await changeable.project(uow, project_id)
    changed = replace(project, **given(name=name, description=description))
    return await _store(uow, project, changed, event="project.updated")


async def delete(uow: UnitOfWork, project_id: UUID) -> None:
    """Put a project into the trash, with its sections and tasks.

    Many tasks are deleted in several steps, and the project in the last one (ADR 81).

    Raises InboxProtected, ProjectNotFound, ChangedMeanwhile.
    """
    deletion = Deletion("project", project_id)

    async def delete_some(limit: int) -> int:
        project = await get(uow, project_id)
        if project.is_inbox:
            raise InboxProtected(project_id)
        await deletion.step(uow, title=project.name)
        return await task_deletions.delete_some(uow, project_id=project_id, deletion=deletion, limit=limit)

    await steps.in_steps(uow, delete_some)
    trash_id, revision = deletion.entry_id, await uow.next_revision()
    count = await uow.sections.delete_all(uow.workspace_id, project_id=project_id, trash_id=trash_id, revision=revision)
    await deletion.took(uow, count)
    await uow.projects.delete(uow.workspace_id, project_id, trash_id=trash_id, revision=revision)


async def archive(uow: UnitOfWork, project_id: UUID) -> Project:
    """Archive a project: it is read-only, with all that is in it (`changeable`). An archived one does not change.

    Raises InboxProtected, ProjectNotFound.
    """
    project = await get(uow, project_id)
    if project.is_inbox:
        raise InboxProtected(project_id)
    changed = replace(project, archived_at=project.archived_at or uow.now)
    return await _store(uow, project, changed, event="project.archived")


async def unarchive(uow: UnitOfWork, project_id: UUID) -> Project:
    """Unarchive a project, which keeps its position. One that is not archived does not change.

    Raises ProjectNotFound.
    """
    project = await get(uow, project_id)
    return await _store(uow, project, replace(project, archived_at=None), event="project.unarchived")


async def move(
    uow: UnitOfWork, project_id: UUID, *, before: UUID | Unset = UNSET, after: UUID | Unset = UNSET
) -> Project:
    """Move a project directly before or after another one. One that is there already does not change.

    Raises ProjectNotFound, ProjectArchived, BeforeAndAfter, SiblingUnknown, BesideItself.
    """
    project = await changeable.project(uow, project_id)
    target = moves.beside("project", [project_id], before=before, after=after)
    if target is None:
        return project
    cut = target.cut_at(await uow.projects.get(uow.workspace_id, target.sibling_id))

    async def around(count: int) -> Sequence[Project]:
        return await uow.projects.around(uow.workspace_id, cut=cut, limit=count)

    for each, position in await moves.move_to(around, cut, mover=project):
        moved = await _store(uow, each, replace(each, position=position), event="project.moved")
    return moved


async def _store(uow: UnitOfWork, project: Project, changed: Project, *, event: ProjectEvent) -> Project:
    if changed == project:
        return project
    changed = replace(changed, updated_at=uow.now, revision=await uow.next_revision())
    await uow.projects.update(changed, before=project, event=event)
    return changed

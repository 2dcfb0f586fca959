"""The projects that tasks and sections come back to from the trash."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain import changeable, sections
from domain.model.projects import Project
from domain.model.sections import Section, SectionQuery
from domain.model.tasks import Task
from domain.model.workspaces import WorkspaceNotFound
from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A project that tasks come back to, with its sections, and the last position of its tasks."""

    project: Project
    sections: frozenset[UUID]
    last: str | None

    def section_of(self, task: Task) -> UUID | None:
        """Return the task's section, if it is one of the project."""
        return task.section_id if task.section_id in self.sections else None


async def active_home(uow: UnitOfWork, project_id: UUID) -> Home:
    """Return a project or, if it does not exist, the inbox. Raises ProjectArchived, WorkspaceNotFound."""
    home = await home_of(uow, project_id)
    changeable.require_active(home.project)
    return home


async def home_of(uow: UnitOfWork, project_id: UUID) -> Home:
    """Return a project, archived or not, or, if it does not exist, the inbox. Raises WorkspaceNotFound."""
    found = await uow.tasks.destination(uow.workspace_id, project_id=project_id)
    found = found or await uow.tasks.destination(uow.workspace_id, project_id=None)
    if found is None:
        raise WorkspaceNotFound(uow.workspace_id)
    home, last = found
    return Home(project=home, sections=frozenset(each.id for each in await sections_of(uow, home.id)), last=last)


async def sections_of(uow: UnitOfWork, project_id: UUID) -> Sequence[Section]:
    """Return all sections of a project, in their order."""
    return await uow.sections.page(
        SectionQuery(workspace_id=uow.workspace_id, project_id=project_id, after=None, limit=sections.MOST_SECTIONS)
    )

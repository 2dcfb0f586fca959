"""What requests may change: archived projects are read-only, with their sections, tasks and comments.

Every request that names one of these in order to change it reads it here, under the lock on the workspace. What changes
along with something else does so in archived projects, too: when a label is deleted, when a member leaves, when a task
that others depend on is closed.
"""

from uuid import UUID

from domain.model.projects import Project, ProjectArchived, ProjectNotFound, ProjectUnknown
from domain.model.sections import Section, SectionNotFound
from domain.model.tasks import Family, Task, TaskNotFound
from domain.unit_of_work import UnitOfWork


def require_active(project: Project) -> None:
    """Raise ProjectArchived if the project is archived."""
    if project.archived_at is not None:
        raise ProjectArchived(project.id)


async def project(uow: UnitOfWork, project_id: UUID) -> Project:
    """Return a project that a path names. Raises ProjectNotFound, ProjectArchived."""
    found = await uow.projects.get(uow.workspace_id, project_id)
    if found is None:
        raise ProjectNotFound(project_id)
    require_active(found)
    return found


async def require_project(uow: UnitOfWork, project_id: UUID) -> None:
    """Check a project that something is to be put into. Raises ProjectUnknown, ProjectArchived."""
    found = await uow.projects.get(uow.workspace_id, project_id)
    if found is None:
        raise ProjectUnknown(project_id)
    require_active(found)


async def section(uow: UnitOfWork, section_id: UUID) -> Section:
    """Return a section. Raises SectionNotFound, ProjectArchived."""
    found = await uow.sections.get(uow.workspace_id, section_id)
    if found is None:
        raise SectionNotFound(section_id)
    home = await uow.projects.get(uow.workspace_id, found.project_id)
    assert home is not None  # a project is deleted after its sections
    require_active(home)
    return found


async def task(uow: UnitOfWork, task_id: UUID) -> Task:
    """Return a task. Raises TaskNotFound, ProjectArchived."""
    found = await uow.tasks.with_archived(uow.workspace_id, task_id)
    if found is None:
        raise TaskNotFound(task_id)
    one, is_archived = found
    if is_archived:
        raise ProjectArchived(one.project_id)
    return one


async def family(uow: UnitOfWork, task_id: UUID) -> Family:
    """Return a task with its subtasks of all levels. Raises TaskNotFound, ProjectArchived."""
    found = await uow.tasks.family(uow.workspace_id, task_id)
    if found is None:
        raise TaskNotFound(task_id)
    if found.is_archived:
        raise ProjectArchived(found.task.project_id)
    return found

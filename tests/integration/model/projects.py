"""What the operations on projects do."""

from __future__ import annotations

from tests.integration.model.things import Project
from tests.integration.model.workspace import Body, Refused, Workspace, conflict


def create_project(now: Workspace, *, new_id: str, body: Body) -> None:
    now.projects.append(Project(id=new_id, name=body["name"], description=body.get("description") or ""))


def update_project(now: Workspace, *, project_id: str, body: Body) -> None:
    project = now.project(project_id)
    now.require_active(project_id)
    project.name = body.get("name", project.name)
    project.description = body.get("description", project.description)


def delete_project(now: Workspace, *, project_id: str) -> None:
    """The sections and tasks in it are deleted, too."""
    project = _other_than_inbox(now, project_id)
    sections = (section for section in now.sections if section.project_id == project_id)
    tasks = (task for task in now.tasks if task.project_id == project_id)
    now.delete("project", project_id, project, *sections, *tasks)


def archive_project(now: Workspace, *, project_id: str) -> None:
    project = _other_than_inbox(now, project_id)
    project.archived_at = project.archived_at or now.next


def unarchive_project(now: Workspace, *, project_id: str) -> None:
    now.project(project_id).archived_at = None


def _other_than_inbox(now: Workspace, project_id: str) -> Project:
    project = now.project(project_id)
    if project.is_inbox:
        raise Refused(conflict("inbox-protected"))
    return project

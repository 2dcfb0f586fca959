"""What the operations on sections do."""

from __future__ import annotations

from tests.integration.model.things import Section
from tests.integration.model.workspace import Body, Refused, Workspace, find, invalid


def create_section(now: Workspace, *, new_id: str, body: Body) -> None:
    project = find(now.projects, body["project_id"])
    if project is None:
        raise Refused(invalid("#/project_id"))
    now.require_active(project.id)
    now.sections.append(Section(id=new_id, project_id=project.id, name=body["name"]))


def update_section(now: Workspace, *, section_id: str, body: Body) -> None:
    now.section_to_change(section_id).name = body["name"]


def delete_section(now: Workspace, *, section_id: str) -> None:
    """The tasks in it are deleted, too."""
    section = now.section_to_change(section_id)
    now.delete("section", section_id, section, *(task for task in now.tasks if task.section_id == section_id))

"""The payload of an event: the entity after the change, as the API returns it."""

from typing import cast

from domain.events import Event
from domain.model.labels import Label
from domain.model.members import Member
from domain.model.projects import Project
from domain.model.workspaces import Workspace
from handlers.labels import label_view
from handlers.members import member_view
from handlers.projects import project_view
from handlers.tasks import task_view
from handlers.workspaces import workspace_facts_view
from spec import responses

Payload = (
    responses.WorkspaceFacts
    | responses.Member
    | responses.Project
    | responses.ProjectEvent
    | responses.Label
    | responses.Task
    | responses.TaskEvent
    | responses.Gone
)


def payload_of(event: Event) -> Payload:
    """Return the payload that `x-events` in the contract describes: a description that did not change is left out."""
    match event.entity:
        case None:
            return {"id": event.entity_id}
        case Workspace() as workspace:
            return workspace_facts_view(workspace)
        case Member() as member:
            return member_view(member)
        case Project() as project:
            view = project_view(project)
            return view if event.is_described else _without_description(view)
        case Label() as label:
            return label_view(label)
        case task:
            return task_view(task) if event.is_described else _without_description(task_view(task))


def _without_description(view: responses.Project | responses.Task) -> Payload:
    return cast("Payload", {name: value for name, value in view.items() if name != "description"})

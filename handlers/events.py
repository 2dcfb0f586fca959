"""The payload of an event: the entity after the change, as the API returns it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from domain.events import Event
from domain.model.changes import Entity
from domain.model.comments import Comment
from domain.model.labels import Label
from domain.model.members import Member
from domain.model.projects import Project
from domain.model.sections import Section
from domain.model.tasks import Task
from domain.model.workspaces import Workspace
from handlers.comments import comment_view
from handlers.labels import label_view
from handlers.members import member_view
from handlers.projects import project_view
from handlers.sections import section_view
from handlers.tasks import task_view, wall_clock_view
from handlers.workspaces import workspace_facts_view
from spec import responses

Payload = (
    responses.WorkspaceFacts
    | responses.Member
    | responses.Project
    | responses.ProjectEvent
    | responses.Section
    | responses.Label
    | responses.Task
    | responses.TaskEvent
    | responses.TaskOccurrenceEvent
    | responses.Comment
    | responses.Gone
)


_VIEWS: Final[Mapping[type[Entity], Callable[[Any], Any]]] = {
    Workspace: workspace_facts_view,
    Member: member_view,
    Project: project_view,
    Section: section_view,
    Label: label_view,
    Task: task_view,
    Comment: comment_view,
}


def entity_view(entity: Entity) -> Any:
    """An entity as the API returns it; a workspace, as all its members see it."""
    return _VIEWS[type(entity)](entity)


def payload_of(event: Event) -> Payload:
    """Return the payload that `x-events` in the contract describes: a description that did not change is left out."""
    if event.entity is None:
        return {"id": event.entity_id}
    view = entity_view(event.entity)
    if not event.is_described:
        view = {name: value for name, value in view.items() if name != "description"}
    if event.closed_occurrence is not None:
        view["closed_occurrence"] = wall_clock_view(event.closed_occurrence)
    return cast("Payload", view)

"""What an event tells: the thing after the change, in the shape in which the API answers it."""

from domain import entities
from domain.events import Event
from handlers.views import member_view, project_view, task_view, workspace_facts_view
from spec import answers

Payload = answers.WorkspaceFacts | answers.Member | answers.Project | answers.Task | answers.Gone


def payload_of(event: Event) -> Payload:
    """As `x-events` in the contract describes it."""
    match event.entity:
        case None:
            return {"id": event.entity_id}
        case entities.Workspace() as workspace:
            return workspace_facts_view(workspace)
        case entities.Member() as member:
            return member_view(member)
        case entities.Project() as project:
            return project_view(project)
        case task:
            return task_view(task)

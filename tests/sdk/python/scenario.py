"""The scenario, with a client of openapi-python-client."""

import os
from datetime import date
from http import HTTPStatus
from typing import TypeVar

from client import AuthenticatedClient, Client
from client.api.projects import create_project
from client.api.sessions import create_session, delete_session
from client.api.tasks import batch_tasks, complete_task, create_task, get_task, update_task
from client.api.tokens import create_personal_token
from client.api.users import register_user
from client.api.workspaces import create_workspace
from client.models import (
    PersonalTokenCreate,
    Priority,
    Problem,
    ProjectCreate,
    RecurrenceCreateType0,
    Scope,
    SessionCreate,
    Task,
    TaskBatch,
    TaskBatchComplete,
    TaskBatchMode,
    TaskBatchTarget,
    TaskCreate,
    TaskOperation,
    TaskPatch,
    UserCreate,
    WallClockCreateType0,
    WorkspaceCreate,
)
from client.types import Response, Unset

T = TypeVar("T")


def done(parsed: T | Problem | None) -> T:
    """What a request returned, if it succeeded."""
    if parsed is None or isinstance(parsed, Problem):
        raise SystemExit(f"refused: {parsed}")
    return parsed


def refused(response: Response[Task | Problem], status: HTTPStatus) -> Problem:
    """The typed problem of a request that had to be rejected with *status*."""
    assert response.status_code == status, response
    assert isinstance(response.parsed, Problem), response
    return response.parsed


def main() -> None:
    """Run it. Raises AssertionError if something is not as it should be."""
    url, client_name, address, password = (
        os.environ[f"TICKBOX_{name}"] for name in ("URL", "CLIENT", "EMAIL", "PASSWORD")
    )
    email = f"{client_name}.{address}"
    anybody = Client(base_url=url)
    done(register_user.sync(client=anybody, body=UserCreate(email=email, password=password, name="Ada")))
    session = done(create_session.sync(client=anybody, body=SessionCreate(email=email, password=password)))
    client = AuthenticatedClient(base_url=url, token=session.access_token)

    workspace = done(create_workspace.sync(client=client, body=WorkspaceCreate(name="Household"))).id
    project = done(create_project.sync(workspace, client=client, body=ProjectCreate(name="Garden")))
    due = WallClockCreateType0(date=date(2026, 4, 18), time="09:30", time_zone="Europe/London")
    weekly = RecurrenceCreateType0(rule="FREQ=WEEKLY")
    body = TaskCreate(title="Plant", project_id=project.id, priority=Priority.HIGH, due=due, recurrence=weekly)
    task = done(create_task.sync(workspace, client=client, body=body))
    assert task.due is not None
    assert (task.due.date, task.priority) == (date(2026, 4, 18), "high")
    assert task.recurrence is not None
    assert (task.recurrence.rule, task.occurrence) == ("FREQ=WEEKLY", task.due)

    problem = refused(create_task.sync_detailed(workspace, client=client, body=TaskCreate(title="")), HTTPStatus(422))
    assert problem.type_ == "urn:tickbox:problem:invalid-body"
    assert not isinstance(problem.errors, Unset)
    assert [fault.pointer for fault in problem.errors] == ["#/title"]

    before = get_task.sync_detailed(workspace, task.id, client=client).headers["ETag"]
    changed = done(update_task.sync(workspace, task.id, client=client, body=TaskPatch(due=None, recurrence=None)))
    assert (changed.due, changed.recurrence) == (None, None)
    assert (changed.title, changed.priority) == ("Plant", "high")
    assert done(complete_task.sync(workspace, task.id, client=client)).status == "completed"
    stale = update_task.sync_detailed(workspace, task.id, client=client, body=TaskPatch(title="x"), if_match=before)
    assert refused(stale, HTTPStatus(412)).type_ == "urn:tickbox:problem:precondition-failed"

    complete = TaskOperation(complete=TaskBatchComplete(task_id=task.id))
    delete = TaskOperation(delete=TaskBatchTarget(task_id=task.id, revision=1))
    batch = TaskBatch(operations=[complete, delete], mode=TaskBatchMode.EACH)
    first, second = done(batch_tasks.sync(workspace, client=client, body=batch)).results
    assert not isinstance(first.task, Unset)
    assert (first.status, first.task.status) == (200, "completed")
    assert not isinstance(second.problem, Unset)
    assert (second.status, second.problem.type_) == (412, "urn:tickbox:problem:precondition-failed")

    token = PersonalTokenCreate(name="Script", scopes=[Scope.READ, Scope.WRITE])
    assert done(create_personal_token.sync(client=client, body=token)).scopes == ["read", "write"]
    ended = delete_session.sync_detailed(session.session_id, client=client)
    assert ended.status_code == HTTPStatus(204)


main()

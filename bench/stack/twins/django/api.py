"""The operations, and their URLs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Q
from django.urls import path
from ninja import Field, NinjaAPI, Query, Schema
from ninja.errors import HttpError
from ninja.renderers import BaseRenderer
from ninja.security import HttpBearer
from pydantic import ConfigDict
from uuid_utils.compat import uuid7

from bench.stack.twins.django.models import AccessToken, Member, Project, Task
from bench.stack.twins.values import (
    EDITORS,
    PRIORITIES,
    Priority,
    Status,
    cursor_after,
    digest_of,
    due_values,
    place_of,
    position_after,
)

Title = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
Description = Annotated[str, Field(max_length=16384)]
Zone = Annotated[str, Field(min_length=1, max_length=64)]


class DueIn(Schema):
    model_config = ConfigDict(extra="forbid")

    date: dt.date
    time: dt.time | None = None
    time_zone: Zone | None = None


class TaskCreate(Schema):
    model_config = ConfigDict(extra="forbid")

    title: Title
    description: Description = ""
    priority: Priority = "none"
    due: DueIn | None = None


class TaskPatch(Schema):
    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    description: Description | None = None
    priority: Priority | None = None
    due: DueIn | None = None


class DueOut(Schema):
    date: dt.date
    time: str | None
    time_zone: str | None


class RecurrenceOut(Schema):
    rule: str
    anchor: str
    overdue: str
    series_start: DueOut
    remaining: int | None


class TaskOut(Schema):
    id: UUID
    workspace_id: UUID
    project_id: UUID
    section_id: UUID | None
    parent_id: UUID | None
    title: str
    description: str
    status: Status
    priority: Priority
    start: DueOut | None
    due: DueOut | None
    recurrence: RecurrenceOut | None
    occurrence: DueOut | None
    label_ids: list[UUID]
    assignee_ids: list[UUID]
    depends_on_ids: list[UUID]
    blocked: bool
    metadata: dict[str, str]
    position: str
    completed_at: dt.datetime | None
    created_by: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int


class TaskPage(Schema):
    items: list[TaskOut]
    next_cursor: str | None
    has_more: bool


class OrjsonRenderer(BaseRenderer):
    """Ninja's documentation recommends it; Django's own encoder cuts times to milliseconds."""

    media_type = "application/json"

    def render(self, _request: Any, data: Any, *, response_status: int) -> bytes:  # noqa: ARG002 -- a renderer's signature
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


class Bearer(HttpBearer):
    """Returns the user's id, after a look at their role in the workspace of the path."""

    def authenticate(self, request: Any, token: str) -> UUID | None:
        live = AccessToken.objects.select_related("session").filter(expires_at__gt=dt.datetime.now(dt.UTC))
        found = live.filter(digest=digest_of(token)).first()
        if found is None:
            return None
        workspace_id = request.resolver_match.kwargs["workspace_id"]
        member = Member.objects.filter(workspace_id=workspace_id, user_id=found.session.user_id).first()
        if member is None:
            raise HttpError(404, "Not found")
        if request.method != "GET" and member.role not in EDITORS:
            raise HttpError(403, "Forbidden")
        user_id: UUID = member.user_id
        return user_id


api = NinjaAPI(auth=Bearer(), renderer=OrjsonRenderer(), openapi_url=None)
ALL = "/workspaces/{uuid:workspace_id}/tasks"
ONE = f"{ALL}/{{uuid:task_id}}"


@api.get(ALL, response=TaskPage)
def list_tasks(  # noqa: PLR0913, PLR0917 -- a parameter of the request each
    request: Any,  # noqa: ARG001 -- ninja passes it
    workspace_id: UUID,
    limit: int = Query(50, ge=1, le=200),
    status: Status | None = None,
    cursor: str | None = None,
    sort: Literal["created_at"] = "created_at",  # noqa: ARG001 -- the only one
) -> Any:
    found = Task.objects.filter(workspace_id=workspace_id).order_by("created_at", "id")
    if status is not None:
        found = found.filter(status=status)
    if cursor is not None:
        created_at, task_id = place_of(cursor)
        found = found.filter(Q(created_at__gt=created_at) | Q(created_at=created_at, id__gt=task_id))
    tasks = list(found[: limit + 1])
    after = cursor_after(tasks[limit - 1].created_at, tasks[limit - 1].id) if len(tasks) > limit else None
    return {"items": tasks[:limit], "next_cursor": after, "has_more": after is not None}


@api.post(ALL, response={201: TaskOut})
def create_task(request: Any, workspace_id: UUID, body: TaskCreate) -> Any:
    now = dt.datetime.now(dt.UTC)
    with transaction.atomic():
        inbox = Project.objects.only("id").get(workspace_id=workspace_id, is_inbox=True)
        there = Task.objects.filter(workspace_id=workspace_id, project_id=inbox.id, status="open")
        last = there.order_by("-position").values_list("position", flat=True).first()
        task = Task.objects.create(
            workspace_id=workspace_id,
            id=uuid7(),
            project_id=inbox.id,
            title=body.title,
            description=body.description,
            status="open",
            rank=PRIORITIES.index(body.priority),
            position=position_after(last),
            completed_at=None,
            created_by=request.auth,
            created_at=now,
            updated_at=now,
            revision=1,
            **due_values(body.due),
        )
    return 201, task


def find(workspace_id: UUID, task_id: UUID) -> Task:
    task: Task | None = Task.objects.filter(workspace_id=workspace_id, id=task_id).first()
    if task is None:
        raise HttpError(404, "Not found")
    return task


@api.get(ONE, response=TaskOut)
def get_task(request: Any, workspace_id: UUID, task_id: UUID) -> Any:  # noqa: ARG001 -- ninja passes it
    return find(workspace_id, task_id)


@api.patch(ONE, response=TaskOut)
def update_task(request: Any, workspace_id: UUID, task_id: UUID, body: TaskPatch) -> Any:  # noqa: ARG001 -- ninja passes it
    with transaction.atomic():
        task = find(workspace_id, task_id)
        for name, value in body.model_dump(exclude_unset=True, exclude={"due", "priority"}).items():
            setattr(task, name, value)
        if body.priority is not None:
            task.rank = PRIORITIES.index(body.priority)
        if "due" in body.model_fields_set:
            for name, value in due_values(body.due).items():
                setattr(task, name, value)
        touch(task)
    return task


@api.post(f"{ONE}/complete", response=TaskOut)
def complete_task(request: Any, workspace_id: UUID, task_id: UUID) -> Any:  # noqa: ARG001 -- ninja passes it
    with transaction.atomic():
        task = find(workspace_id, task_id)
        if task.status != "completed":
            task.status = "completed"
            task.completed_at = dt.datetime.now(dt.UTC)
            touch(task)
    return task


def touch(task: Task) -> None:
    task.updated_at = dt.datetime.now(dt.UTC)
    task.revision += 1
    task.save(force_update=True)


urlpatterns = [path("v1/", api.urls)]

"""Litestar with advanced-alchemy: its session for each request, its service and repository, msgspec structs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from advanced_alchemy.extensions.litestar import (
    AsyncSessionConfig,
    EngineConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemyPlugin,
)
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from litestar import Controller, Litestar, Request, Response, get, patch, post
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException, NotFoundException, PermissionDeniedException
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from bench.stack.twins import queries
from bench.stack.twins.tables import AuthSession, Member, Task
from bench.stack.twins.values import EDITORS, PRIORITIES, Priority, Status, due_values, position_after

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S")]
Description = Annotated[str, msgspec.Meta(max_length=16384)]
Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class DueIn(msgspec.Struct, forbid_unknown_fields=True):
    date: dt.date
    time: dt.time | None = None
    time_zone: Zone | None = None


class TaskCreate(msgspec.Struct, forbid_unknown_fields=True):
    title: Title
    description: Description = ""
    priority: Priority = "none"
    due: DueIn | None = None


class TaskPatch(msgspec.Struct, forbid_unknown_fields=True):
    title: Title | msgspec.UnsetType = msgspec.UNSET
    description: Description | msgspec.UnsetType = msgspec.UNSET
    priority: Priority | msgspec.UnsetType = msgspec.UNSET
    due: DueIn | msgspec.UnsetType | None = msgspec.UNSET


class DueOut(msgspec.Struct):
    date: dt.date
    time: str | None
    time_zone: str | None


class RecurrenceOut(msgspec.Struct):
    rule: str
    anchor: str
    overdue: str
    series_start: DueOut
    remaining: int | None


class TaskOut(msgspec.Struct, kw_only=True, rename={"metadata_": "metadata"}):
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
    metadata_: dict[str, str]
    position: str
    completed_at: dt.datetime | None
    created_by: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int


class TaskPage(msgspec.Struct):
    items: list[TaskOut]
    next_cursor: str | None
    has_more: bool


class TaskService(SQLAlchemyAsyncRepositoryService[Task]):
    class Repository(SQLAlchemyAsyncRepository[Task]):
        model_type = Task

    repository_type = Repository


async def provide_tasks(db_session: AsyncSession) -> TaskService:
    return TaskService(session=db_session)


async def provide_auth(request: Request[Any, Any, Any], db_session: AsyncSession) -> AuthSession:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = await db_session.scalar(queries.auth_session(token))
    if kind != "Bearer" or found is None:
        raise NotAuthorizedException
    return found


async def provide_member(auth: AuthSession, db_session: AsyncSession, workspace_id: UUID) -> Member:
    member = await db_session.get(Member, (workspace_id, auth.user_id))
    if member is None:
        raise NotFoundException
    return member


async def provide_editor(member: Member) -> Member:
    if member.role not in EDITORS:
        raise PermissionDeniedException
    return member


def out(task: Task) -> TaskOut:
    found: TaskOut = msgspec.convert(task, TaskOut, from_attributes=True)
    return found


class TaskController(Controller):
    path = "/v1/workspaces/{workspace_id:uuid}/tasks"
    dependencies = {  # noqa: RUF012 -- Litestar's own name, on the class
        "tasks": Provide(provide_tasks),
        "auth": Provide(provide_auth),
        "member": Provide(provide_member),
        "editor": Provide(provide_editor),
    }

    @get()
    async def list_tasks(  # noqa: PLR0913, PLR0917 -- a parameter of the request each
        self,
        workspace_id: UUID,
        member: Member,  # noqa: ARG002 -- checked by being asked for
        tasks: TaskService,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
        status: Status | None = None,
        cursor: str | None = None,
        sort: Literal["created_at"] = "created_at",  # noqa: ARG002 -- the only one
    ) -> TaskPage:
        statement = queries.page(workspace_id, status=status, cursor=cursor).limit(limit + 1)
        found = list(await tasks.get_many(statement=statement))
        return TaskPage([out(task) for task in found[:limit]], queries.next_cursor(found, limit), len(found) > limit)

    @post()
    async def create_task(
        self, workspace_id: UUID, data: TaskCreate, editor: Member, tasks: TaskService, db_session: AsyncSession
    ) -> Response[TaskOut]:
        now = dt.datetime.now(dt.UTC)
        project_id = (await db_session.scalars(queries.inbox(workspace_id))).one()
        last = (await db_session.scalars(queries.last_position(workspace_id, project_id))).one_or_none()
        task = Task(
            workspace_id=workspace_id,
            id=uuid7(),
            project_id=project_id,
            title=data.title,
            description=data.description,
            status="open",
            rank=PRIORITIES.index(data.priority),
            position=position_after(last),
            completed_at=None,
            created_by=editor.user_id,
            created_at=now,
            updated_at=now,
            revision=1,
            **due_values(data.due),
        )
        await tasks.create(task, auto_refresh=False)
        return Response(out(task), headers={"Location": f"/v1/workspaces/{workspace_id}/tasks/{task.id}"})

    @get("/{task_id:uuid}")
    async def get_task(
        self,
        workspace_id: UUID,
        task_id: UUID,
        member: Member,  # noqa: ARG002 -- checked by being asked for
        tasks: TaskService,
    ) -> TaskOut:
        return out(await find(tasks, workspace_id, task_id))

    @patch("/{task_id:uuid}")
    async def update_task(
        self,
        workspace_id: UUID,
        task_id: UUID,
        editor: Member,  # noqa: ARG002 -- checked by being asked for
        data: TaskPatch,
        tasks: TaskService,
    ) -> TaskOut:
        task = await find(tasks, workspace_id, task_id)
        if data.title is not msgspec.UNSET:
            task.title = data.title
        if data.description is not msgspec.UNSET:
            task.description = data.description
        if data.priority is not msgspec.UNSET:
            task.rank = PRIORITIES.index(data.priority)
        if data.due is not msgspec.UNSET:
            for name, value in due_values(data.due).items():
                setattr(task, name, value)
        touch(task)
        return out(task)

    @post("/{task_id:uuid}/complete", status_code=200)
    async def complete_task(
        self,
        workspace_id: UUID,
        task_id: UUID,
        editor: Member,  # noqa: ARG002 -- checked by being asked for
        tasks: TaskService,
    ) -> TaskOut:
        task = await find(tasks, workspace_id, task_id)
        if task.status != "completed":
            task.status = "completed"
            task.completed_at = dt.datetime.now(dt.UTC)
            touch(task)
        return out(task)


async def find(tasks: TaskService, workspace_id: UUID, task_id: UUID) -> Task:
    task: Task | None = await tasks.get_one_or_none(workspace_id=workspace_id, id=task_id)
    if task is None:
        raise NotFoundException
    return task


def touch(task: Task) -> None:
    """The plugin commits once the response is known."""
    task.updated_at = dt.datetime.now(dt.UTC)
    task.revision += 1


def build() -> Any:
    config = SQLAlchemyAsyncConfig(
        connection_string=queries.database_url(),
        engine_config=EngineConfig(**queries.POOL),
        session_config=AsyncSessionConfig(expire_on_commit=False),
        before_send_handler="autocommit",
        enable_touch_updated_timestamp_listener=False,
        enable_file_object_listener=False,
    )
    return Litestar([TaskController], plugins=[SQLAlchemyPlugin(config)], openapi_config=None, logging_config=None)

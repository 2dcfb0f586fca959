"""FastAPI with SQLAlchemy's ORM: a session for each request, pydantic models both ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from uuid_utils.compat import uuid7

from bench.stack.twins import queries
from bench.stack.twins.tables import AuthSession, Member, Task
from bench.stack.twins.values import EDITORS, PRIORITIES, Priority, Status, due_values, position_after

Title = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
Description = Annotated[str, Field(max_length=16384)]
Zone = Annotated[str, Field(min_length=1, max_length=64)]


class DueIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    date: dt.date
    time: dt.time | None = None
    time_zone: Zone | None = None


class TaskCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Title
    description: Description = ""
    priority: Priority = "none"
    due: DueIn | None = None


class TaskPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    description: Description | None = None
    priority: Priority | None = None
    due: DueIn | None = None


class DueOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    date: dt.date
    time: str | None
    time_zone: str | None


class RecurrenceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    rule: str
    anchor: str
    overdue: str
    series_start: DueOut
    remaining: int | None


class TaskOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

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
    metadata: dict[str, str] = Field(validation_alias="metadata_")
    position: str
    completed_at: dt.datetime | None
    created_by: UUID
    created_at: dt.datetime
    updated_at: dt.datetime
    revision: int


class TaskPage(BaseModel):
    items: list[TaskOut]
    next_cursor: str | None
    has_more: bool


engine = create_async_engine(queries.database_url(), **queries.POOL)
sessions = async_sessionmaker(engine, expire_on_commit=False)
bearer = HTTPBearer()
ALL = "/v1/workspaces/{workspace_id}/tasks"
ONE = f"{ALL}/{{task_id}}"


async def open_session() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]


async def find_session(session: Session, credentials: Bearer) -> AuthSession:
    found = await session.scalar(queries.auth_session(credentials.credentials))
    if found is None:
        raise HTTPException(401)
    return found


async def find_member(
    workspace_id: UUID, session: Session, auth: Annotated[AuthSession, Depends(find_session)]
) -> Member:
    member = await session.get(Member, (workspace_id, auth.user_id))
    if member is None:
        raise HTTPException(404)
    return member


async def find_editor(member: Annotated[Member, Depends(find_member)]) -> Member:
    if member.role not in EDITORS:
        raise HTTPException(403)
    return member


Editor = Annotated[Member, Depends(find_editor)]
app = FastAPI(openapi_url=None)


@app.get(ALL, response_model=TaskPage, dependencies=[Depends(find_member)])
async def list_tasks(  # noqa: PLR0913, PLR0917 -- a parameter of the request each
    workspace_id: UUID,
    session: Session,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    status: Status | None = None,
    cursor: str | None = None,
    sort: Literal["created_at"] = "created_at",  # noqa: ARG001 -- the only one
) -> Any:
    statement = queries.page(workspace_id, status=status, cursor=cursor).limit(limit + 1)
    tasks = list(await session.scalars(statement))
    return {"items": tasks[:limit], "next_cursor": queries.next_cursor(tasks, limit), "has_more": len(tasks) > limit}


@app.post(ALL, response_model=TaskOut, status_code=201)
async def create_task(
    workspace_id: UUID, body: TaskCreate, session: Session, editor: Editor, response: Response
) -> Any:
    now = dt.datetime.now(dt.UTC)
    project_id = (await session.scalars(queries.inbox(workspace_id))).one()
    last = (await session.scalars(queries.last_position(workspace_id, project_id))).one_or_none()
    task = Task(
        workspace_id=workspace_id,
        id=uuid7(),
        project_id=project_id,
        title=body.title,
        description=body.description,
        status="open",
        rank=PRIORITIES.index(body.priority),
        position=position_after(last),
        completed_at=None,
        created_by=editor.user_id,
        created_at=now,
        updated_at=now,
        revision=1,
        **due_values(body.due),
    )
    session.add(task)
    await session.commit()
    response.headers["Location"] = f"/v1/workspaces/{workspace_id}/tasks/{task.id}"
    return task


async def find_task(workspace_id: UUID, task_id: UUID, session: Session) -> Task:
    task = await session.get(Task, (workspace_id, task_id))
    if task is None:
        raise HTTPException(404)
    return task


# The caller is checked first: dependencies run in their order.
Found = Annotated[Task, Depends(find_task)]


@app.get(ONE, response_model=TaskOut, dependencies=[Depends(find_member)])
async def get_task(task: Found) -> Any:
    return task


@app.patch(ONE, response_model=TaskOut)
async def update_task(_editor: Editor, task: Found, body: TaskPatch, session: Session) -> Any:
    for name, value in body.model_dump(exclude_unset=True, exclude={"due", "priority"}).items():
        setattr(task, name, value)
    if body.priority is not None:
        task.rank = PRIORITIES.index(body.priority)
    if "due" in body.model_fields_set:
        for name, value in due_values(body.due).items():
            setattr(task, name, value)
    await touch(task, session)
    return task


@app.post(f"{ONE}/complete", response_model=TaskOut)
async def complete_task(_editor: Editor, task: Found, session: Session) -> Any:
    if task.status != "completed":
        task.status = "completed"
        task.completed_at = dt.datetime.now(dt.UTC)
        await touch(task, session)
    return task


async def touch(task: Task, session: AsyncSession) -> None:
    task.updated_at = dt.datetime.now(dt.UTC)
    task.revision += 1
    await session.commit()


def build() -> Any:
    return app

"""The bodies of answers as TypedDicts, generated from the contract by `make models`. Do not edit."""

from __future__ import annotations

from datetime import date as date_aliased
from datetime import datetime
from typing import NotRequired, TypedDict
from uuid import UUID


class Fault(TypedDict):
    """
    One fault in a request. It has one of `pointer`, `parameter` and `header`, which says where.
    """

    detail: str
    code: str
    pointer: NotRequired[str]
    parameter: NotRequired[str]
    header: NotRequired[str]


class Health(TypedDict):
    """
    A sign of life.
    """

    status: str


class Contract(TypedDict):
    """
    An OpenAPI 3.0 document.
    """

    openapi: str
    info: dict[str, object]
    paths: dict[str, object]


class User(TypedDict):
    """
    An account, as its owner sees it.
    """

    id: UUID
    email: str | None
    name: str
    time_zone: str
    created_at: datetime
    updated_at: datetime
    revision: int


class Session(TypedDict):
    """
    One log-in on one device.
    """

    id: UUID
    created_at: datetime
    last_refreshed_at: datetime
    expires_at: datetime
    current: bool


class SessionPage(TypedDict):
    """
    A page of sessions.
    """

    items: list[Session]
    next_cursor: str | None


class Tokens(TypedDict):
    """
    What a session is used with. The server keeps only hashes of the tokens; they are answered once.
    """

    session_id: UUID
    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int


class Workspace(TypedDict):
    """
    A workspace, as one of its members sees it.
    """

    id: UUID
    name: str
    personal: bool
    role: str
    head: int
    revision: int
    created_at: datetime
    updated_at: datetime


class WorkspacePage(TypedDict):
    """
    A page of workspaces.
    """

    items: list[Workspace]
    next_cursor: str | None


class Project(TypedDict):
    """
    A list of tasks.
    """

    id: UUID
    workspace_id: UUID
    name: str
    description: str
    is_inbox: bool
    archived_at: datetime | None
    position: str
    created_at: datetime
    updated_at: datetime
    revision: int


class ProjectPage(TypedDict):
    """
    A page of projects.
    """

    items: list[Project]
    next_cursor: str | None


class Due(TypedDict):
    """
    When a task is due, by wall clock: on a day, at a time of whoever looks (no `time_zone`), or at a time in one place.
    """

    date: date_aliased
    time: str | None
    time_zone: str | None


class WorkspaceFacts(TypedDict):
    """
    A workspace, as all its members see it.
    """

    id: UUID
    name: str
    personal: bool
    revision: int
    created_at: datetime
    updated_at: datetime


class Member(TypedDict):
    """
    A user in a workspace.
    """

    workspace_id: UUID
    user_id: UUID
    role: str
    name: str
    created_at: datetime
    updated_at: datetime
    revision: int


class Gone(TypedDict):
    """
    What is left of a thing that is no longer there.
    """

    id: UUID


class Problem(TypedDict):
    """
    What went wrong (RFC 9457).
    """

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[Fault]]


class Task(TypedDict):
    """
    A thing to do.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    title: str
    description: str
    status: str
    priority: str
    due: NotRequired[Due]
    position: str
    completed_at: datetime | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    revision: int


class TaskPage(TypedDict):
    """
    A page of tasks.
    """

    items: list[Task]
    next_cursor: str | None

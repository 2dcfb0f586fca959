"""What the two twins with SQLAlchemy's ORM have in common: the engine, the check of a caller, statements, cursors."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from bench.stack.twins.tables import AccessToken, AuthSession, Project, Task
from bench.stack.twins.values import cursor_after, digest_of, place_of

POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 0}


def database_url() -> str:
    """The URL of Tickbox's database, for an asynchronous driver."""
    kind, _, place = os.environ["BENCH_DATABASE_URL"].partition("://")
    return f"{'sqlite+aiosqlite' if kind == 'sqlite' else 'postgresql+asyncpg'}://{place}"


def auth_session(token: str) -> Select[AuthSession]:
    """The session of a token that has not expired."""
    return (
        select(AuthSession)
        .join(AccessToken, AccessToken.session_id == AuthSession.id)
        .where(AccessToken.digest == digest_of(token), AccessToken.expires_at > dt.datetime.now(dt.UTC))
    )


def inbox(workspace_id: UUID) -> Select[UUID]:
    return select(Project.id).where(Project.workspace_id == workspace_id, Project.is_inbox)


def last_position(workspace_id: UUID, project_id: UUID) -> Select[str]:
    """That of the last open task of the project."""
    here = (Task.workspace_id == workspace_id, Task.project_id == project_id, Task.status == "open")
    return select(Task.position).where(*here).order_by(Task.position.desc()).limit(1)


def page(workspace_id: UUID, *, status: str | None, cursor: str | None) -> Select[Task]:
    """Tasks in the order of their creation."""
    statement = select(Task).where(Task.workspace_id == workspace_id).order_by(Task.created_at, Task.id)
    if status is not None:
        statement = statement.where(Task.status == status)
    if cursor is not None:
        statement = statement.where(tuple_(Task.created_at, Task.id) > place_of(cursor))
    return statement


def next_cursor(tasks: list[Task], limit: int) -> str | None:
    """The cursor of the page after the first *limit* of *tasks*, if there are more."""
    return cursor_after(tasks[limit - 1].created_at, tasks[limit - 1].id) if len(tasks) > limit else None

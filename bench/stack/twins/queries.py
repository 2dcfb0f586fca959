"""What the two twins with SQLAlchemy's ORM have in common: the engine, the check of a caller, statements, cursors."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select, tuple_

from bench.stack.twins.tables import AccessToken, AuthSession, Member, Project, Task
from bench.stack.twins.values import cursor_after, digest_of, place_of

POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 0}


def database_url() -> str:
    """The URL of Tickbox's database, for an asynchronous driver."""
    kind, _, place = os.environ["BENCH_DATABASE_URL"].partition("://")
    return f"{'sqlite+aiosqlite' if kind == 'sqlite' else 'postgresql+asyncpg'}://{place}"


def caller(token: str, workspace_id: UUID) -> Select[UUID, str]:
    """Whose token it is, and their role in the workspace, if any. No row without a valid token."""
    here = and_(Member.user_id == AuthSession.user_id, Member.workspace_id == workspace_id)
    return (
        select(AuthSession.user_id, Member.role)
        .join(AccessToken, AccessToken.session_id == AuthSession.id)
        .outerjoin(Member, here)
        .where(
            AccessToken.digest == digest_of(token),
            AccessToken.expires_at > dt.datetime.now(dt.UTC),
        )
    )


def inbox(workspace_id: UUID) -> Select[UUID]:
    return select(Project.id).where(Project.workspace_id == workspace_id, Project.is_inbox)


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

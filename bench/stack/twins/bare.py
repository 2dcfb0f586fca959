"""Starlette, asyncpg and orjson by hand, for PostgreSQL: the token and the role are looked up, and nothing is checked
of a request's body or of a response. The limit of what this kind of server can do.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from uuid_utils.compat import uuid7

from bench.stack.twins.values import (
    EDITORS,
    EPOCH,
    PRIORITIES,
    cursor_after,
    digest_of,
    due_time_text,
    ids_of,
    metadata_of,
    occurrence_of,
    place_of,
    position_after,
    recurrence_of,
)

_COLUMNS = (
    "id::text, workspace_id::text, project_id::text, section_id::text, parent_id::text, title, description, status,"
    " priority, start_date, start_time, start_time_zone, due_date, due_time, due_time_zone, recurrence_rule,"
    " recurrence_anchor, recurrence_overdue, series_start_date, series_start_time, occurrence_date, occurrence_time,"
    " remaining, label_ids, assignee_ids, depends_on_ids, blocked, metadata, position, completed_at, created_by::text,"
    " created_at, updated_at, revision"
)
"""Ids as text: orjson cannot encode asyncpg's own type of them."""
_RECURRENCE = (
    "recurrence_rule",
    "recurrence_anchor",
    "recurrence_overdue",
    "series_start_date",
    "series_start_time",
    "occurrence_date",
    "occurrence_time",
    "remaining",
)
_CALLER = """
    SELECT s.user_id, m.role FROM access_tokens a
    JOIN sessions s ON s.id = a.session_id
    LEFT JOIN members m ON m.workspace_id = $2 AND m.user_id = s.user_id
    WHERE a.digest = $1 AND a.expires_at > now()
"""
_ONE = "workspace_id = $1 AND id = $2"
_GET = f"SELECT {_COLUMNS} FROM tasks WHERE {_ONE}"
_LIST = f"""
    SELECT {_COLUMNS} FROM tasks WHERE workspace_id = $1 AND status = $2 AND (created_at, id) > ($3, $4)
    ORDER BY created_at, id LIMIT $5
"""
_INBOX = """
    SELECT p.id, (SELECT position FROM tasks t
                  WHERE t.workspace_id = p.workspace_id AND t.project_id = p.id AND t.status = 'open'
                  ORDER BY position DESC LIMIT 1) AS last
    FROM projects p WHERE p.workspace_id = $1 AND p.is_inbox
"""
_CREATE = f"""
    INSERT INTO tasks (id, workspace_id, project_id, title, description, status, priority, due_key, label_ids,
                       metadata, position, created_by, created_at, updated_at, revision)
    VALUES ($1, $2, $3, $4, $5, 'open', $6, '~', '', '', $7, $8, $9, $9, 1)
    RETURNING {_COLUMNS}
"""
_PATCH = f"UPDATE tasks SET title = $3, updated_at = now(), revision = revision + 1 WHERE {_ONE} RETURNING {_COLUMNS}"
_COMPLETE = f"""
    UPDATE tasks SET status = 'completed', completed_at = coalesce(completed_at, now()), updated_at = now(),
                     revision = revision + 1
    WHERE {_ONE} RETURNING {_COLUMNS}
"""
_START = (EPOCH, UUID(int=0))

pool: asyncpg.Pool
Connection = Any
Handler = Callable[[Request, Connection, UUID, UUID], Awaitable[Response]]


async def _keep(_connection: Connection) -> None:
    """No session is changed, so there is nothing to reset when a connection returns to the pool."""


@contextlib.asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    global pool
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=10, max_size=10, reset=_keep) as pool:
        yield


def response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content, option=orjson.OPT_UTC_Z), status, headers, media_type="application/json")


def shown(row: Any) -> dict[str, Any]:
    task = dict(row)
    task["priority"] = PRIORITIES[task["priority"]]
    recurring = SimpleNamespace(**{name: task.pop(name) for name in _RECURRENCE}, due_time_zone=task["due_time_zone"])
    task["recurrence"], task["occurrence"] = recurrence_of(recurring), occurrence_of(recurring)
    for name in ("start", "due"):
        date, time, time_zone = (task.pop(f"{name}_{part}") for part in ("date", "time", "time_zone"))
        given = date is not None
        task[name] = {"date": date, "time": due_time_text(time), "time_zone": time_zone} if given else None
    for name in ("label_ids", "assignee_ids", "depends_on_ids"):
        task[name] = ids_of(task[name])
    task["metadata"] = metadata_of(task["metadata"])
    return task


def one(row: Any, status: int = 200) -> Response:
    return response({"title": "Not found"}, 404) if row is None else response(shown(row), status)


def endpoint(handler: Handler, *, writes: bool = False) -> Callable[[Request], Awaitable[Response]]:
    async def checked(request: Request) -> Response:
        workspace_id = UUID(request.path_params["workspace_id"])
        token = request.headers.get("authorization", "")[7:]
        async with pool.acquire() as connection:
            caller = await connection.fetchrow(_CALLER, digest_of(token), workspace_id)
            if caller is None:
                return response({"title": "Unauthorized"}, 401)
            if caller["role"] is None:
                return response({"title": "Not found"}, 404)
            if writes and caller["role"] not in EDITORS:
                return response({"title": "Forbidden"}, 403)
            try:
                return await handler(request, connection, workspace_id, caller["user_id"])
            except ClientDisconnect:  # wrk has been stopped
                return Response(status_code=499)

    return checked


async def list_tasks(request: Request, connection: Connection, workspace_id: UUID, _user: UUID) -> Response:
    query = request.query_params
    limit = int(query["limit"])
    after = _START
    if "cursor" in query:
        after = place_of(query["cursor"])
    rows = await connection.fetch(_LIST, workspace_id, query["status"], *after, limit + 1)
    cursor = None
    if len(rows) > limit:
        cursor = cursor_after(rows[limit - 1]["created_at"], rows[limit - 1]["id"])
    return response(
        {"items": [shown(row) for row in rows[:limit]], "next_cursor": cursor, "has_more": cursor is not None}
    )


async def create_task(request: Request, connection: Connection, workspace_id: UUID, user_id: UUID) -> Response:
    body = orjson.loads(await request.body())
    rank = PRIORITIES.index(body.get("priority", "none"))
    texts = (body["title"], body.get("description", ""))
    now = dt.datetime.now(dt.UTC)
    inbox = await connection.fetchrow(_INBOX, workspace_id)
    values = (inbox["id"], *texts, rank, position_after(inbox["last"]), user_id, now)
    row = await connection.fetchrow(_CREATE, uuid7(), workspace_id, *values)
    where = f"/v1/workspaces/{workspace_id}/tasks/{row['id']}"
    return response(shown(row), 201, {"Location": where})


async def get_task(request: Request, connection: Connection, workspace_id: UUID, _user: UUID) -> Response:
    return one(await connection.fetchrow(_GET, workspace_id, UUID(request.path_params["task_id"])))


async def update_task(request: Request, connection: Connection, workspace_id: UUID, _user: UUID) -> Response:
    body = orjson.loads(await request.body())
    task_id = UUID(request.path_params["task_id"])
    return one(await connection.fetchrow(_PATCH, workspace_id, task_id, body["title"]))


async def complete_task(request: Request, connection: Connection, workspace_id: UUID, _user: UUID) -> Response:
    return one(await connection.fetchrow(_COMPLETE, workspace_id, UUID(request.path_params["task_id"])))


def build() -> Any:
    tasks, task = "/v1/workspaces/{workspace_id}/tasks", "/v1/workspaces/{workspace_id}/tasks/{task_id}"
    return Starlette(
        lifespan=lifespan,
        routes=[
            Route(tasks, endpoint(list_tasks), methods=["GET"]),
            Route(tasks, endpoint(create_task, writes=True), methods=["POST"]),
            Route(task, endpoint(get_task), methods=["GET"]),
            Route(task, endpoint(update_task, writes=True), methods=["PATCH"]),
            Route(task + "/complete", endpoint(complete_task, writes=True), methods=["POST"]),
        ],
    )

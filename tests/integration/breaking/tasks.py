"""Handlers that do their work and then return a response that violates the contract, as the title of a new task
requests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain import task_deletions, tasks
from domain.tasks import TaskDraft
from domain.unit_of_work import UnitOfWork
from handlers import tasks as handlers
from handlers.tasks import task_view
from spec.models import TaskCreate
from tickbox_contract.responses import Response, created, ok


def __getattr__(name: str) -> Any:
    """Return the real handler of an operation that is not broken here."""
    return getattr(handlers, name)


def _with(**changes: Any) -> Callable[[Response], Response]:
    return lambda response: replace(response, content={**response.content, **changes})


def _without(name: str) -> Callable[[Response], Response]:
    return lambda response: replace(
        response, content={key: value for key, value in response.content.items() if key != name}
    )


VIOLATIONS: dict[str, Callable[[Response], Response]] = {
    "leaks a property": _with(password_hash="$argon2id$..."),
    "leaks a property inside": _with(due={"date": "2026-04-18", "time": None, "time_zone": None, "instant": 1}),
    "leaves out a property": _without("revision"),
    "returns null": _with(title=None),
    "returns another type": _with(revision="2"),
    "returns another format": _with(created_at="yesterday"),
    "returns a time without an offset": _with(created_at=dt.datetime(2026, 3, 2, 12)),  # noqa: DTZ001  # on purpose
    "returns another status": lambda response: replace(response, status=202),
    "returns another media type": lambda response: replace(response, media_type="text/plain"),
    "leaves out a header": lambda response: replace(response, headers={}),
    "adds a header": lambda response: replace(response, headers={**response.headers, "X-Powered-By": "magic"}),
    "breaks a header": lambda response: replace(response, headers={"Location": "/a\r\nSet-Cookie: a=b"}),
    "returns something that is not JSON": _with(title={1, 2}),
    "returns nothing": lambda response: replace(response, content=None),
    "fails afterwards": lambda response: replace(response, status=1 // 0),
}


async def create_task(uow: UnitOfWork, workspace_id: UUID, body: TaskCreate) -> Response:
    """Create the task, then violate the contract if the title asks for it."""
    task = await tasks.create(uow, TaskDraft(title=body.title))
    response = created(task_view(task), location=f"/v1/workspaces/{workspace_id}/tasks/{task.id}")
    violation = VIOLATIONS.get(body.title)
    return violation(response) if violation else response


async def delete_task(uow: UnitOfWork, workspace_id: UUID, task_id: UUID) -> Response:
    """Delete the task, then return a 200."""
    await task_deletions.delete(uow, task_id)
    return ok({"deleted": True})

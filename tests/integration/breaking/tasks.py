"""Handlers that do what they should, and answer what they must not, as the title of a new task asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from contract.answers import Answer, created, ok
from domain import tasks
from domain.ports import Work
from domain.tasks import TaskDraft
from handlers import tasks as handlers
from handlers.views import task_view
from spec.models import TaskCreate


def __getattr__(name: str) -> Any:
    """The handlers that are not broken here are the real ones."""
    return getattr(handlers, name)


def _with(**changes: Any) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, content={**answer.content, **changes})


def _without(name: str) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, content={key: value for key, value in answer.content.items() if key != name})


BREACHES: dict[str, Callable[[Answer], Answer]] = {
    "leaks a property": _with(password_hash="$argon2id$..."),
    "leaks a property inside": _with(due={"date": "2026-04-18", "time": None, "time_zone": None, "instant": 1}),
    "leaves out a property": _without("revision"),
    "answers null": _with(title=None),
    "answers another type": _with(revision="2"),
    "answers another format": _with(created_at="yesterday"),
    "answers a time without an offset": _with(created_at=dt.datetime(2026, 3, 2, 12)),  # noqa: DTZ001  # on purpose
    "answers another status": lambda answer: replace(answer, status=202),
    "answers another media type": lambda answer: replace(answer, media_type="text/plain"),
    "leaves out a header": lambda answer: replace(answer, headers={}),
    "adds a header": lambda answer: replace(answer, headers={**answer.headers, "X-Powered-By": "magic"}),
    "breaks a header": lambda answer: replace(answer, headers={"Location": "/a\r\nSet-Cookie: a=b"}),
    "answers what is no JSON": _with(title={1, 2}),
    "answers nothing": lambda answer: replace(answer, content=None),
    "fails afterwards": lambda answer: replace(answer, status=1 // 0),
}


async def create_task(work: Work, workspace_id: UUID, body: TaskCreate) -> Answer:
    """Writes the task, then breaks the contract; not for another title."""
    task = await tasks.create(work, TaskDraft(title=body.title))
    answer = created(task_view(task), location=f"/v1/workspaces/{workspace_id}/tasks/{task.id}")
    breach = BREACHES.get(body.title)
    return breach(answer) if breach else answer


async def delete_task(work: Work, workspace_id: UUID, task_id: UUID) -> Answer:
    """Deletes the task, then answers 200."""
    await tasks.delete(work, task_id)
    return ok({"deleted": True})

"""The requests that are measured, in their order: the last ones leave nothing for those before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.large.rows import BATCH, FULL, GUEST, LABEL
from bench.load import Request
from bench.stack import rows

FAMILY = "complete a task with 999 subtasks"


def requests(workspace: int, token: str, *, tasks: int) -> Iterator[tuple[str, Request]]:
    """Each with its name, in one of the workspaces that `rows.fill` creates."""
    home, project = rows.workspace_path(workspace), rows.id_of("project", workspace)

    def request(method: str, path: str, body: Any = None) -> Request:
        return Request(method, f"{home}/{path}", None if body is None else json.dumps(body).encode(), token)

    def task(number: int) -> str:
        return str(rows.id_of("task", number))

    def batch(*operations: Any) -> Request:
        return request("POST", "tasks/batch", {"operations": operations})

    listed = f"tasks?project_id={project}&sort=position&limit=200"
    target = task(tasks - 50)
    yield "list the first 200", request("GET", listed)
    yield "list the last 200", request("GET", listed.replace("sort=", "sort=-"))
    yield "create a task", request("POST", "tasks", {"title": "Sow", "project_id": str(project)})
    yield "move a task", request("POST", f"tasks/{task(tasks - 1)}/move", {"before": target})
    yield "move a task to where no room is", request("POST", f"tasks/{task(tasks - 2)}/move", {"after": task(FULL)})
    yield (
        f"batch: {len(BATCH)} updates",
        batch(*({"update": {"task_id": task(n), "body": {"title": "Reap"}}} for n in BATCH)),
    )
    yield (
        f"batch: {len(BATCH)} moves",
        batch(*({"move": {"task_id": task(n), "body": {"after": target}}} for n in BATCH)),
    )
    yield FAMILY, request("POST", f"tasks/{task(0)}/complete")
    yield "reopen them", request("POST", f"tasks/{task(0)}/reopen")
    yield f"batch: {len(BATCH)} deletions", batch(*({"delete": {"task_id": task(n)}} for n in BATCH))
    yield "delete a label of all tasks", request("DELETE", f"labels/{LABEL}")
    yield "restore it", request("POST", f"labels/{LABEL}/restore")
    yield "remove a member, assigned to all", request("DELETE", f"members/{GUEST}")
    yield "delete the project", request("DELETE", f"projects/{project}")
    yield "restore the project", request("POST", f"projects/{project}/restore")
    yield "delete it again", request("DELETE", f"projects/{project}")

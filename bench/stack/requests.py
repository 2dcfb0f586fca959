"""The five requests that are measured, and what must hold before anything is."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench.databases import Database
from bench.load import Request, Running, Server, Variety, response
from bench.stack import rows
from bench.tickbox import Person

READ, WRITTEN = 0, 1
"""The workspace that requests read, and the first of those that they change."""
SEEN_TASKS = 1000
"""How many tasks of the first are read one by one."""
OPERATIONS = ("get", "list", "create", "patch", "complete")
TICKBOX = "tickbox"
_TWINS = "bench.stack.twins"
TWINS = {
    "sqlite": {
        "fastapi": Server("fastapi", f"{_TWINS}.fastapi:build"),
        "litestar": Server("litestar", f"{_TWINS}.litestar:build"),
        "django": Server("django", f"{_TWINS}.django:build", "wsgi"),
    },
    "postgresql": {
        "fastapi": Server("fastapi", f"{_TWINS}.fastapi:build"),
        "litestar": Server("litestar", f"{_TWINS}.litestar:build"),
        "starlette": Server("starlette", f"{_TWINS}.bare:build"),
    },
}
TARGETS = {
    "sqlite": {"fastapi": {"get": 8, "list": 3.5, "create": 3.5, "patch": 3, "complete": 3}},
    "postgresql": {
        "fastapi": {"get": 4.5, "list": 3, "create": 4, "patch": 3.5, "complete": 3.5},
        "starlette": {"get": 0.5, "list": 0.5, "create": 0.65},
    },
}
_NEW = {"title": "Buy seeds", "description": "And do not forget the string.", "priority": "high"}
_OWN = {
    "list": frozenset({"next_cursor"}),
    "create": frozenset({"id", "created_at", "updated_at", "revision", "position"}),
    "patch": frozenset({"updated_at", "revision"}),
    "complete": frozenset({"completed_at", "updated_at", "revision"}),
}
"""What differs between servers. It must be of the same form, and the rest equal."""
_FORMS = {
    "id": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "created_at": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"),
    "position": re.compile(r"[a-z][0-9A-Za-z]+"),
    "revision": re.compile(r"[1-9]\d*"),
    "next_cursor": re.compile(r"[\w=-]{20,}"),
}
_FORMS |= {"updated_at": _FORMS["created_at"], "completed_at": _FORMS["created_at"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A database with workspaces of so many *tasks* each: one that is read, and others, *written*, that are changed.

    `ada` owns them all, and `bob` may read the first that is changed.
    """

    database: Database
    ada: Person
    bob: Person
    tasks: int
    written: int

    def request(self, operation: str) -> Request:
        """One after the other is for another workspace and another task, and none is completed twice."""
        if operation == "get":
            return self._varied("GET", [rows.task_path(READ, number) for number in range(SEEN_TASKS)])
        if operation == "list":
            target = f"{rows.workspace_path(READ)}/tasks?status=open&limit=50&sort=created_at"
            return Request("GET", target, token=self.ada.token)
        workspaces = range(WRITTEN, WRITTEN + self.written)
        if operation == "create":
            paths = [f"{rows.workspace_path(workspace)}/tasks" for workspace in workspaces]
            return self._varied("POST", paths, json.dumps(_NEW).encode())
        tasks = [rows.task_path(workspace, number) for number in range(self.tasks) for workspace in workspaces]
        if operation == "patch":
            return self._varied("PATCH", tasks, f'{{"title": "Patched at {time.time_ns()}, number {{n}}"}}'.encode())
        return self._varied("POST", [f"{task}/complete" for task in tasks], once=True)

    def _varied(self, method: str, targets: list[str], body: bytes | None = None, *, once: bool = False) -> Request:
        return Request(method, targets[0], body, self.ada.token, Variety(targets=tuple(targets), once=once))

    def refused(self) -> Mapping[tuple[str, int], Request]:
        """Requests that every server must refuse, with the status."""
        unknown = rows.task_path(READ, self.tasks + 1)
        get, create = self.request("get"), self.request("create")
        return {
            ("an unknown token", 401): replace(get, token=f"{self.ada.token[:-7]}0000000"),
            ("somebody else's workspace", 404): replace(get, token=self.bob.token),
            ("an unknown task", 404): replace(get, target=unknown),
            ("a viewer who writes", 403): replace(create, token=self.bob.token),
        }


def check(servers: Mapping[str, Running], scene: Scene) -> None:
    """End the program unless all servers respond alike, and Tickbox returns what the others have written."""
    ours = servers[TICKBOX]
    for operation in OPERATIONS:
        request = scene.request(operation)
        expected = _once(ours, request, scene)
        for name, server in servers.items():
            found = _once(server, request, scene)
            for difference in differences(expected, found, own=_OWN.get(operation, frozenset())):
                sys.exit(f"{name} and Tickbox differ in {operation}: {difference}")
            if operation in {"create", "patch", "complete"}:
                _check_stored(ours, found[1], scene, name=f"{operation} by {name}")
    for (what, status), request in scene.refused().items():
        for name, server in servers.items():
            found_status, _, _ = response(server, request)
            if found_status != status:
                sys.exit(f"{name} returns {found_status} for {what}, not {status}")


def _once(server: Running, request: Request, scene: Scene) -> tuple[int, Any]:
    rows.reopen(scene.database, but_for=READ)
    status, _, body = response(server, request)
    return status, normalised(body)


def _check_stored(ours: Running, body: Any, scene: Scene, *, name: str) -> None:
    stored = response(ours, Request("GET", f"{rows.workspace_path(WRITTEN)}/tasks/{body['id']}", token=scene.ada.token))
    for difference in differences((200, body), (stored[0], normalised(stored[2])), own=frozenset()):
        sys.exit(f"{name} is not what Tickbox returns then: {difference}")


def normalised(body: Any) -> Any:
    """UTC is written in two ways (RFC 3339, section 2)."""
    return json.loads(json.dumps(body).replace('+00:00"', 'Z"'))


def differences(expected: tuple[int, Any], found: tuple[int, Any], *, own: frozenset[str]) -> list[str]:
    """What differs between two responses, a status and a body each. Of *own* members only the form is compared."""
    if expected[0] != found[0]:
        return [f"status {found[0]} instead of {expected[0]}: {found[1]}"]
    mine, theirs = expected[1], found[1]
    if set(theirs) != set(mine):
        return [f"members {sorted(set(theirs) ^ set(mine))} are in one of them only"]
    unequal = [name for name in sorted(mine.keys() - own) if theirs[name] != mine[name]]
    malformed = [name for name in sorted(own) if not _FORMS[name].fullmatch(str(theirs[name]))]
    return [f"{name} is {theirs[name]!r}, and not {mine[name]!r}" for name in unequal + malformed]

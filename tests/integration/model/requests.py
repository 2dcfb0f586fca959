"""Requests: which are tried how often, and what each is about, drawn from what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from httpx import Response
from hypothesis import strategies as st

from tests.integration.model.bodies import BODIES, Strategy, ids, things_named
from tests.integration.model.operations import OF_THE_MODEL
from tests.integration.model.things import Thing
from tests.integration.model.workspace import Body, Deletion, Workspace
from tests.support.clients import MERGE_PATCH, Person, new_id
from tests.support.prepared import OPERATIONS

Draw = Callable[[Strategy], Any]

CREATE_AGAIN: Final = "create again"
REPEAT: Final = "repeat"
BATCH: Final = "batch_tasks"
JOIN: Final = "join"
RESTORE: Final = "restore"
JUMP: Final = "jump"
JOBS: Final = "jobs"
CLOSING: Final = ("complete_task", "complete_task", "skip_task", "cancel_task", "reopen_task", "reopen_task")
OFTEN: Final = (
    *("create_task", "update_task", "update_task", "update_task", "move_task", "delete_task"),
    *(BATCH, RESTORE, RESTORE, *CLOSING, *CLOSING, "create_reminder", "update_me"),
)
SELDOM: Final = (
    "archive_project",  # nothing in it can be changed then
    "remove_member",
    "leave_workspace",
    "empty_trash",  # nothing can be restored then
    REPEAT,
    CREATE_AGAIN,
)
_OTHERS: Final = tuple(name for name in OF_THE_MODEL if name not in {*OFTEN, *SELDOM})
CHOICES: Final = (*OFTEN * 4, *_OTHERS * 2, *SELDOM, JOIN, JOIN, *(JOBS,) * 4, *(JUMP,) * 12)
"""What is tried, as often as it is here."""
CONDITIONS: Final = (None, "current", None, "stale", None, None)


@dataclass(frozen=True, slots=True)
class Request:
    """A request of an operation. `path` has what its path names but for the workspace."""

    operation_id: str
    sender: Person = field(repr=False)
    path: Mapping[str, str]
    body: Body | None
    headers: Mapping[str, str]

    @property
    def is_create(self) -> bool:
        return self.operation_id.startswith("create_")

    def send(self, home: str) -> Response:
        operation = OPERATIONS[self.operation_id]
        path = operation.path.format(workspace_id=home.rpartition("/")[2], **self.path)
        media_type = MERGE_PATCH if operation.method == "PATCH" else "application/json"
        headers = {**self.headers, **({} if self.body is None else {"Content-Type": media_type})}
        return self.sender.client.request(operation.method, path, json=self.body, headers=headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a request is about. `target` is what its path names last, if that exists."""

    path: Mapping[str, str]
    body: Body | None
    headers: Mapping[str, str]
    target: Thing | None
    is_stale: bool


def choose(draw: Draw, now: Workspace, operation_id: str, *, near: Mapping[str, Sequence[Thing]]) -> Parts:
    """A request on something that exists or does not, with or without a key and a condition.

    It is often about one of those *near*, by the name of the path's parameter.
    """
    operation = OPERATIONS[operation_id]
    path: dict[str, str] = {}
    for name in operation.path_names[1:]:
        path[name] = draw(ids(things_named(now, name, operation_id=operation_id), near=near.get(name, ())))
    body = draw(BODIES[operation_id](now)) if operation_id in BODIES else None
    headers = {}
    if "Idempotency-Key" in operation.optional and draw(st.booleans()):
        headers["Idempotency-Key"] = new_id()
    thing_id = next(reversed(path.values()), None)
    target = now.find(thing_id)
    placed = target or now.find_in_trash(thing_id)
    if placed and draw(st.sampled_from((True, True, False))):
        path |= placed.within
    condition = draw(st.sampled_from(CONDITIONS))
    if target and condition and "If-Match" in operation.optional:
        headers["If-Match"] = f'"{target.revision - (condition == "stale")}"'
    is_stale = "If-Match" in headers and condition == "stale"
    return Parts(path=path, body=body, headers=headers, target=target, is_stale=is_stale)


def restoration_of(deletion: Deletion) -> tuple[str, dict[str, str]]:
    """The operationId of the restoration of what a request has deleted, and what its path names."""
    return f"restore_{deletion.kind}", {**deletion.thing.within, f"{deletion.kind}_id": deletion.id}

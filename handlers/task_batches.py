"""The parts of a batch of operations on tasks, and their results."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from handlers.patches import sent
from spec import responses
from spec.models import TaskBatch, TaskCreate, TaskOperation
from tickbox_contract.responses import Part, Problem, Response

OPERATIONS: Final[Mapping[str, str]] = {
    "create": "create_task",
    "update": "update_task",
    "complete": "complete_task",
    "skip": "skip_task",
    "cancel": "cancel_task",
    "reopen": "reopen_task",
    "move": "move_task",
    "delete": "delete_task",
    "restore": "restore_task",
    "add_label": "add_task_label",
    "remove_label": "remove_task_label",
    "add_assignee": "add_task_assignee",
    "remove_assignee": "remove_task_assignee",
    "add_dependency": "add_task_dependency",
    "remove_dependency": "remove_task_dependency",
}
"""The operation that each member of `TaskOperation` means."""


def parts_of(batch: TaskBatch, *, workspace_id: UUID) -> Iterator[Part]:
    """The operations of a batch, in their order."""
    for index, operation in enumerate(batch.operations):
        yield _part_of(operation, ("operations", index), workspace_id=workspace_id)


def _part_of(operation: TaskOperation, place: tuple[str | int, ...], *, workspace_id: UUID) -> Part:
    (name,) = operation.model_fields_set
    given: Any = getattr(operation, name)
    path = {"workspace_id": workspace_id}
    if isinstance(given, TaskCreate):
        return Part(operation_id=OPERATIONS[name], path=path, body=given, place=place, body_place=(*place, name))
    revision = sent(getattr(given, "revision", None), default=None)
    return Part(
        operation_id=OPERATIONS[name],
        path=path | {key: value for key, value in given if isinstance(value, UUID)},
        body=sent(getattr(given, "body", None), default=None),
        if_match=None if revision is None else f'"{revision}"',
        place=place,
        body_place=(*place, name, "body"),
    )


def result_view(response: Response) -> responses.TaskBatchResult:
    """A `TaskBatchResult`."""
    if isinstance(response, Problem):
        return {"status": response.status, "problem": response.content}
    if response.content is None:
        return {"status": response.status}
    return {"status": response.status, "task": response.content}

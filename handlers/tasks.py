"""Tasks."""

import datetime as dt
from uuid import UUID

from domain import completions, restoring, single_links, task_deletions, task_lists, task_moves, task_status, tasks
from domain.model.completions import Completion
from domain.model.tasks import Status, Task
from domain.task_lists import TaskFilter, TaskSort
from domain.task_moves import TaskDestination
from domain.task_recurrence import Recurrence, RecurrenceDraft, RecurrencePatch
from domain.task_status import Subtasks
from domain.tasks import TaskDraft, TaskEdit
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset
from domain.wall_clocks import WallClock, WallClockPatch
from handlers.pages import page_view
from handlers.patches import patched, patched_list, sent
from handlers.task_batches import parts_of, result_view
from handlers.times import time_view
from spec import models, responses
from spec.models import TaskBatch, TaskClose, TaskComplete, TaskCreate, TaskMetadataPatch, TaskMove, TaskPatch, TaskSkip
from tickbox_contract.responses import Perform, Response, created, no_content, ok


async def list_tasks(  # noqa: PLR0913, PLR0917  # a filter or a sort each
    uow: UnitOfWork,
    sort: TaskSort,
    limit: int,
    project_id: UUID | None = None,
    section_id: UUID | None = None,
    parent_id: UUID | None = None,
    status: Status | None = None,
    cursor: str | None = None,
) -> Response:
    """200 with the tasks that match, in the requested order."""
    filters = TaskFilter(project_id=project_id, section_id=section_id, parent_id=parent_id, status=status)
    return ok(page_view(await task_lists.page(uow, filters=filters, sort=sort, limit=limit, cursor=cursor), task_view))


async def create_task(uow: UnitOfWork, workspace_id: UUID, body: TaskCreate) -> Response:
    """201 with the new task, the last one of its project; without a project, of the inbox."""
    draft = TaskDraft(
        id=sent(body.id, default=None),
        title=body.title,
        project_id=sent(body.project_id, default=None),
        section_id=sent(body.section_id, default=None),
        parent_id=sent(body.parent_id, default=None),
        description=sent(body.description, default=""),
        priority=sent(body.priority, default="none"),
        start=wall_clock(sent(body.start, default=None)),
        due=wall_clock(sent(body.due, default=None)),
        recurrence=recurrence_draft(sent(body.recurrence, default=None)),
        label_ids=sent(body.label_ids, default=()),
        assignee_ids=sent(body.assignee_ids, default=()),
        depends_on_ids=sent(body.depends_on_ids, default=()),
        metadata=metadata.root if (metadata := sent(body.metadata, default=None)) else {},
    )
    task = await tasks.create(uow, draft)
    return created(task_view(task), location=f"/v1/workspaces/{workspace_id}/tasks/{task.id}")


async def batch_tasks(uow: UnitOfWork, workspace_id: UUID, body: TaskBatch, perform: Perform) -> Response:
    """200 with what became of each operation."""
    alone = sent(body.mode, default="all_or_nothing") == "each"
    results = [await perform(part, alone=alone) for part in parts_of(body, workspace_id=workspace_id)]
    batch: responses.TaskBatchResults = {"revision": uow.revision, "results": [result_view(each) for each in results]}
    return ok(batch)


async def get_task(uow: UnitOfWork, task_id: UUID) -> Response:
    """200 with the task."""
    return ok(task_view(await tasks.get(uow, task_id)))


async def update_task(uow: UnitOfWork, task_id: UUID, body: TaskPatch) -> Response:
    """200 with the task as it is now; what was not sent is unchanged."""
    metadata = patched(body.metadata)
    edit = TaskEdit(
        title=patched(body.title),
        description=patched(body.description),
        priority=patched(body.priority),
        start=_wall_clock_patch(patched(body.start)),
        due=_wall_clock_patch(patched(body.due)),
        recurrence=_recurrence_patch(patched(body.recurrence)),
        label_ids=patched_list(body.label_ids),
        assignee_ids=patched_list(body.assignee_ids),
        depends_on_ids=patched_list(body.depends_on_ids),
        metadata=metadata.root if isinstance(metadata, TaskMetadataPatch) else metadata,
    )
    return ok(task_view(await tasks.update(uow, task_id, edit=edit)))


async def delete_task(uow: UnitOfWork, task_id: UUID) -> Response:
    """204; the task is deleted."""
    await task_deletions.delete(uow, task_id)
    return no_content()


async def complete_task(uow: UnitOfWork, task_id: UUID, body: TaskComplete | None = None) -> Response:
    """200 with the task, which keeps the time of its first completion, or is at its next occurrence."""
    task = await task_status.complete(uow, task_id, subtasks=_subtasks(body), occurrence=_occurrence(body))
    return ok(task_view(task))


async def skip_task(uow: UnitOfWork, task_id: UUID, body: TaskSkip | None = None) -> Response:
    """200 with the task, at its next occurrence or completed."""
    return ok(task_view(await task_status.skip(uow, task_id, occurrence=_occurrence(body))))


async def cancel_task(uow: UnitOfWork, task_id: UUID, body: TaskClose | None = None) -> Response:
    """200 with the task, cancelled."""
    return ok(task_view(await task_status.cancel(uow, task_id, subtasks=_subtasks(body))))


async def reopen_task(uow: UnitOfWork, task_id: UUID) -> Response:
    """200 with the task, open."""
    return ok(task_view(await task_status.reopen(uow, task_id)))


async def list_completions(uow: UnitOfWork, task_id: UUID, limit: int, cursor: str | None = None) -> Response:
    """200 with the completions of the task, the newest first."""
    return ok(page_view(await completions.page(uow, task_id, limit=limit, cursor=cursor), completion_view))


async def move_task(uow: UnitOfWork, task_id: UUID, body: TaskMove) -> Response:
    """200 with the task at its new place."""
    to = TaskDestination(
        project_id=patched(body.project_id),
        section_id=patched(body.section_id),
        parent_id=patched(body.parent_id),
        before=patched(body.before),
        after=patched(body.after),
    )
    return ok(task_view(await task_moves.move(uow, task_id, to=to)))


async def restore_task(uow: UnitOfWork, task_id: UUID) -> Response:
    """200 with the task, with its subtasks; one that is live is unchanged."""
    return ok(task_view(await restoring.task(uow, task_id)))


async def add_task_label(uow: UnitOfWork, task_id: UUID, label_id: UUID) -> Response:
    """204; the task has the label."""
    await single_links.add_label(uow, task_id, label_id=label_id)
    return no_content()


async def remove_task_label(uow: UnitOfWork, task_id: UUID, label_id: UUID) -> Response:
    """204; the task does not have the label."""
    await single_links.remove_label(uow, task_id, label_id=label_id)
    return no_content()


async def add_task_assignee(uow: UnitOfWork, task_id: UUID, user_id: UUID) -> Response:
    """204; the member is an assignee of the task."""
    await single_links.add_assignee(uow, task_id, user_id=user_id)
    return no_content()


async def remove_task_assignee(uow: UnitOfWork, task_id: UUID, user_id: UUID) -> Response:
    """204; the member is not an assignee of the task."""
    await single_links.remove_assignee(uow, task_id, user_id=user_id)
    return no_content()


async def add_task_dependency(uow: UnitOfWork, task_id: UUID, depends_on_id: UUID) -> Response:
    """204; the task depends on the other one."""
    await single_links.add_dependency(uow, task_id, depends_on_id=depends_on_id)
    return no_content()


async def remove_task_dependency(uow: UnitOfWork, task_id: UUID, depends_on_id: UUID) -> Response:
    """204; the task does not depend on the other one."""
    await single_links.remove_dependency(uow, task_id, depends_on_id=depends_on_id)
    return no_content()


def _subtasks(body: TaskClose | TaskComplete | None) -> Subtasks:
    return "close" if body is None else sent(body.subtasks, default="close")


def _occurrence(body: TaskComplete | TaskSkip | None) -> WallClock | None:
    return None if body is None else wall_clock(sent(body.occurrence, default=None))


def wall_clock(body: models.WallClockCreate | models.NamedOccurrence | None) -> WallClock | None:
    """Return what a new value says."""
    if body is None:
        return None
    time, time_zone = sent(body.time, default=None), sent(body.time_zone, default=None)
    return WallClock(date=body.date, time=_time(time), time_zone=time_zone)


def _wall_clock_patch(body: models.WallClockPatch | Unset | None) -> WallClockPatch | Unset | None:
    if body is None or body is UNSET:
        return body
    time = patched(body.time)
    return WallClockPatch(
        date=patched(body.date),
        time=time if time is UNSET else _time(time),
        time_zone=patched(body.time_zone),
    )


def recurrence_draft(body: models.RecurrenceCreate | None) -> RecurrenceDraft | None:
    """Return what a new recurrence says, with the defaults."""
    if body is None:
        return None
    return RecurrenceDraft(
        rule=body.rule, anchor=sent(body.anchor, default="due"), overdue=sent(body.overdue, default="skip")
    )


def _recurrence_patch(body: models.RecurrencePatch | Unset | None) -> RecurrencePatch | Unset | None:
    if body is None or body is UNSET:
        return body
    return RecurrencePatch(rule=patched(body.rule), anchor=patched(body.anchor), overdue=patched(body.overdue))


def _time(text: str | None) -> dt.time | None:
    return None if text is None else dt.time.fromisoformat(text)


def task_view(task: Task) -> responses.Task:
    """A `Task`."""
    return {
        "id": task.id,
        "workspace_id": task.workspace_id,
        "project_id": task.project_id,
        "section_id": task.section_id,
        "parent_id": task.parent_id,
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "priority": task.priority,
        "start": wall_clock_view(task.start),
        "due": wall_clock_view(task.due),
        "recurrence": None if task.recurrence is None else _recurrence_view(task, task.recurrence),
        "occurrence": None if task.recurrence is None else wall_clock_view(task.occurrence),
        "label_ids": list(task.label_ids),
        "assignee_ids": list(task.assignee_ids),
        "depends_on_ids": list(task.depends_on_ids),
        "blocked": task.blocked,
        "metadata": dict(task.metadata),
        "position": task.position,
        "completed_at": task.completed_at,
        "created_by": task.created_by,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "revision": task.revision,
    }


def _recurrence_view(task: Task, recurrence: Recurrence) -> responses.Recurrence:
    return {
        "rule": recurrence.rule,
        "anchor": recurrence.anchor,
        "overdue": recurrence.overdue,
        "series_start": wall_clock_view(task.series_start),
        "remaining": recurrence.remaining,
    }


def completion_view(completion: Completion) -> responses.Completion:
    """A `Completion`."""
    return {
        "id": completion.id,
        "task_id": completion.task_id,
        "occurrence": wall_clock_view(completion.occurrence),
        "due": wall_clock_view(completion.due),
        "kind": completion.kind,
        "completed_by": completion.completed_by,
        "completed_at": completion.completed_at,
    }


def wall_clock_view(value: WallClock | None) -> responses.WallClock | None:
    """A `WallClock`; the time is `HH:MM`, with `:SS` only if it has seconds."""
    if value is None:
        return None
    time = None if value.time is None else time_view(value.time)
    return {"date": value.date, "time": time, "time_zone": value.time_zone}

"""What the operations on tasks do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from domain import zones
from tests.integration.model import recurrence
from tests.integration.model.things import Json, Task, Thing
from tests.integration.model.workspace import (
    Body,
    Reason,
    Refused,
    Workspace,
    conflict,
    find,
    invalid,
    refuse_if,
)

LEVELS: Final = 5
_EMPTY: Final = {"date": None, "time": None, "time_zone": None}


def create_task(now: Workspace, *, new_id: str, body: Body) -> None:
    """It is the last one of its project: the one that is named, or its parent's, or its section's, or the inbox."""
    start, due = (_merged(_EMPTY, body.get(name)) for name in ("start", "due"))
    place = _Place(now, body)
    refuse_if(
        {
            *_wrong("start", start),
            *_wrong("due", due),
            *recurrence.wrong(None, due, body),
            *_unknown(now, body),
            *_wrong_dependencies(now, body),
            *place.wrong,
        }
    )
    task = Task(
        id=new_id,
        project_id=place.project_id,
        section_id=place.section_id,
        parent_id=body.get("parent_id"),
        title=body["title"],
        description=body.get("description") or "",
        priority=body.get("priority", "none"),
        start=start,
        due=due,
        label_ids=set(body.get("label_ids", ())),
        assignee_ids=set(body.get("assignee_ids", ())),
        depends_on_ids=set(body.get("depends_on_ids", ())),
        metadata=dict(body.get("metadata") or {}),
        created_by=now.actor,
    )
    recurrence.become(now, task, body)
    now.tasks.append(task)


def update_task(now: Workspace, *, task_id: str, body: Body) -> None:
    """A merge patch (RFC 7396)."""
    task = now.task_to_change(task_id)
    start = _merged(task.start or _EMPTY, body["start"]) if "start" in body else task.start
    due = _merged(task.due or _EMPTY, body["due"]) if "due" in body else task.due
    refuse_if(
        {
            *_wrong("start", start),
            *_wrong("due", due),
            *recurrence.wrong(task, due, body),
            *_unknown(now, body),
            *_wrong_dependencies(now, body, of=task),
        }
    )
    task.title = body.get("title", task.title)
    task.description = body.get("description", task.description)
    task.priority = body.get("priority", task.priority)
    task.start, task.due = start, due
    recurrence.become(now, task, body)
    task.label_ids = set(body.get("label_ids", task.label_ids))
    task.assignee_ids = set(body.get("assignee_ids", task.assignee_ids))
    task.depends_on_ids = set(body.get("depends_on_ids", task.depends_on_ids))
    if "label_ids" in body:
        task.hidden_label_ids = set()
    if "depends_on_ids" in body:
        task.hidden_depends_on_ids = set()
    if "metadata" in body:
        task.metadata = _merged(task.metadata, body["metadata"]) or {}
        task.metadata = {key: value for key, value in task.metadata.items() if value is not None}


def delete_task(now: Workspace, *, task_id: str) -> None:
    """Its subtasks are deleted, too."""
    now.delete("task", task_id, *now.family(now.task_to_change(task_id)))


def complete_task(now: Workspace, *, task_id: str, body: Body | None = None) -> None:
    """An open task that recurs goes to its next occurrence, while there is one."""
    task = now.task_to_change(task_id)
    refuse_if(recurrence.stale(task, body))
    if task.status == "cancelled" and (body or {}).get("occurrence") is not None:
        raise Refused(conflict("stale-occurrence"))
    if task.recurrence and task.status == "open" and recurrence.end(now, task, kind="completed"):
        return
    _close(task, _together(body, now.ordinary(task)), status="completed", completed_at=now.next)


def skip_task(now: Workspace, *, task_id: str, body: Body | None = None) -> None:
    """It goes to its next occurrence, or is completed."""
    task = now.task_to_change(task_id)
    refuse_if(recurrence.stale(task, body))
    if task.recurrence and task.status == "open":
        if not recurrence.end(now, task, kind="skipped"):
            _close(task, now.ordinary(task), status="completed", completed_at=now.next)
    elif (body or {}).get("occurrence") is None or not (task.status == "completed" and _has_ended(task)):
        raise Refused(conflict("nothing-to-skip"))


def cancel_task(now: Workspace, *, task_id: str, body: Body | None = None) -> None:
    task, *subtasks = now.family(now.task_to_change(task_id))
    _close(task, _together(body, subtasks), status="cancelled", completed_at=None)


def reopen_task(now: Workspace, *, task_id: str) -> None:
    """The subtasks that were closed by the same request as the task are open again, too, and no others.

    The latest completion of a recurring task is taken back, unless the task was closed since.
    """
    task, *subtasks = now.family(now.task_to_change(task_id))
    if task.recurrence and task.latest and (task.status == "open" or _has_ended(task)):
        recurrence.take_back(now, task, task.latest)
    if task.status == "open":
        return
    closed_with = task.closed_with or task.id
    for each in (task, *(each for each in subtasks if each.closed_with == closed_with)):
        each.status, each.completed_at, each.closed_with = "open", None, None


def _has_ended(task: Task) -> bool:
    """Its latest completion was the end of its series."""
    return task.recurrence is not None and task.latest is not None and task.latest.is_last


def add_task_label(now: Workspace, *, task_id: str, label_id: str) -> None:
    now.task_to_change(task_id).label_ids.add(now.label(label_id).id)


def remove_task_label(now: Workspace, *, task_id: str, label_id: str) -> None:
    now.task_to_change(task_id).label_ids.discard(now.label(label_id).id)


def add_task_assignee(now: Workspace, *, task_id: str, user_id: str) -> None:
    now.task_to_change(task_id).assignee_ids.add(now.member(user_id).id)


def remove_task_assignee(now: Workspace, *, task_id: str, user_id: str) -> None:
    now.task_to_change(task_id).assignee_ids.discard(now.member(user_id).id)


def add_task_dependency(now: Workspace, *, task_id: str, depends_on_id: str) -> None:
    task, other = now.task_to_change(task_id), now.task(depends_on_id)
    if task in now.with_dependencies(other):
        raise Refused(conflict("dependency-cycle"))
    task.depends_on_ids.add(other.id)


def remove_task_dependency(now: Workspace, *, task_id: str, depends_on_id: str) -> None:
    now.task_to_change(task_id).depends_on_ids.discard(now.task(depends_on_id).id)


def _together(body: Body | None, subtasks: Sequence[Task]) -> Sequence[Task]:
    """The subtasks that are closed with a task."""
    return () if (body or {}).get("subtasks") == "keep" else subtasks


def _close(task: Task, subtasks: Sequence[Task], *, status: str, completed_at: int | None) -> None:
    """Close a task, and those of *subtasks* that are open."""
    if task.status == status:
        return
    task.status, task.completed_at, task.closed_with = status, completed_at, None
    for each in subtasks:
        if each.status == "open":
            each.status, each.completed_at, each.closed_with = status, completed_at, task.id


class _Place:
    """Where a new task is, and what is `wrong` with it."""

    def __init__(self, now: Workspace, body: Body) -> None:
        self.project_id: str = body.get("project_id") or now.inbox().id
        self.section_id: str | None = body.get("section_id")
        self.wrong: set[Reason] = set()
        if body.get("parent_id"):
            self._within(now, body, find(now.tasks, body["parent_id"]))
        elif self.section_id:
            section = find(now.sections, self.section_id)
            if section is None or body.get("project_id") not in {None, section.project_id}:
                self.wrong.add(invalid("#/section_id"))
            else:
                self.project_id = section.project_id
        project = find(now.projects, self.project_id)
        if project is None:
            self.wrong.add(invalid("#/project_id"))
        elif project.archived_at is not None:
            self.wrong.add(conflict("project-archived"))

    def _within(self, now: Workspace, body: Body, parent: Task | None) -> None:
        if parent is None:
            self.wrong.add(invalid("#/parent_id"))
            if self.section_id and find(now.sections, self.section_id) is None:
                self.wrong.add(invalid("#/section_id"))
            return
        for name in ("project_id", "section_id"):
            if body.get(name) not in {None, getattr(parent, name)}:
                self.wrong.add(invalid(f"#/{name}"))
        if now.level(parent) == LEVELS:
            self.wrong.add(invalid("#/parent_id"))
        self.project_id, self.section_id = parent.project_id, parent.section_id


def _merged(stored: Json, patch: Json | None) -> Json | None:
    """RFC 7396, for objects of texts."""
    return None if patch is None else {**stored, **patch}


def _wrong(name: str, value: Json | None) -> Iterator[Reason]:
    """What is wrong with `start` or `due`."""
    if value is None:
        return
    if value["date"] is None:
        yield invalid(f"#/{name}/date")
    if value["time_zone"] is not None:
        if value["time"] is None:
            yield invalid(f"#/{name}/time")
        if value["time_zone"] not in zones.names():
            yield invalid(f"#/{name}/time_zone")


def _unknown(now: Workspace, body: Body) -> Iterator[Reason]:
    known: tuple[tuple[str, Sequence[Thing]], ...] = (("label_ids", now.labels), ("assignee_ids", now.members))
    for name, things in known:
        for index, each in enumerate(body.get(name, ())):
            if find(things, each) is None:
                yield invalid(f"#/{name}/{index}")


def _wrong_dependencies(now: Workspace, body: Body, *, of: Task | None = None) -> Iterator[Reason]:
    for index, task_id in enumerate(body.get("depends_on_ids", ())):
        other = find(now.tasks, task_id)
        if other is None or of in now.with_dependencies(other):
            yield invalid(f"#/depends_on_ids/{index}")

"""Tasks: creating, listing, changing, completing and deleting them."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal
from uuid import UUID

from domain import families, labels, pages, positions, task_metadata, wall_clocks
from domain.checks import Checks
from domain.limits import LimitReached
from domain.model.projects import Project, ProjectArchived, ProjectUnknown
from domain.model.sections import SectionUnknown
from domain.model.tasks import PRIORITIES, Priority, SortKey, Status, Task, TaskEvent, TaskNotFound, TaskQuery
from domain.model.workspaces import WorkspaceNotFound
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given
from domain.wall_clocks import WallClock, WallClockPatch, due_key

MOST_LABELS: Final = 50
"""How many labels a task has at most. The contract says the same of lists in requests."""

Subtasks = Literal["close", "keep"]
"""What happens to the open subtasks of a task that is closed."""

TaskSort = Literal[
    "position",
    "-position",
    "due",
    "-due",
    "priority",
    "-priority",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDraft:
    """The content of a new task. Without a project it goes into the inbox, without an id it gets one."""

    title: str
    id: UUID | None = None
    project_id: UUID | None = None
    section_id: UUID | None = None
    parent_id: UUID | None = None
    description: str = ""
    priority: Priority = "none"
    start: WallClock | None = None
    due: WallClock | None = None
    label_ids: Sequence[UUID] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEdit:
    """The changes of a task; UNSET stays as it is. What is None is removed, a patch is merged."""

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    priority: Priority | Unset = UNSET
    start: WallClockPatch | Unset | None = UNSET
    due: WallClockPatch | Unset | None = UNSET
    label_ids: Sequence[UUID] | Unset = UNSET
    metadata: Mapping[str, str | None] | Unset | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """A filter for the tasks of a workspace: those that match everything given."""

    project_id: UUID | None = None
    parent_id: UUID | None = None
    status: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """How a task's sort key is written in a cursor, and how it is read back."""

    dump: Callable[[Task], str]
    load: Callable[[str], SortKey]


def _instant_order(instant_of: Callable[[Task], dt.datetime]) -> _Order:
    return _Order(dump=lambda task: pages.instant_to_key(instant_of(task)), load=pages.instant_from_key)


def _rank_from_key(key: str) -> int:
    return pages.integer_from_key(key, below=len(PRIORITIES))


_ORDERS: Final[dict[str, _Order]] = {
    "position": _Order(dump=lambda task: task.position, load=pages.text_from_key),
    "due": _Order(dump=lambda task: due_key(task.due), load=pages.text_from_key),
    "priority": _Order(dump=lambda task: str(PRIORITIES.index(task.priority)), load=_rank_from_key),
    "created_at": _instant_order(lambda task: task.created_at),
    "updated_at": _instant_order(lambda task: task.updated_at),
}


async def page(
    uow: UnitOfWork,
    *,
    filters: TaskFilter,
    sort: TaskSort = "created_at",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Task]:
    """Return the workspace's tasks that match *filters*, by *sort*, then by id. Raises CursorInvalid.

    Tasks without a due value come last in "due", lowest priority comes first in "priority"; a leading "-" is the exact
    reverse. A filter by a project or parent that does not exist finds nothing. A page of long texts may have fewer than
    *limit*.
    """
    name = sort.removeprefix("-")
    order = _ORDERS[name]
    binding = f"tasks {uow.workspace_id} {filters.project_id} {filters.parent_id} {filters.status} {sort}"
    place = None
    if cursor is not None:
        key, task_id = pages.decode(cursor, binding, count=2)
        place = (order.load(key), pages.id_from_key(task_id))

    async def fetch(after: tuple[SortKey, UUID] | None, count: int) -> Sequence[Task]:
        return await uow.tasks.page(
            TaskQuery(
                workspace_id=uow.workspace_id,
                project_id=filters.project_id,
                parent_id=filters.parent_id,
                status=filters.status,
                order=name,
                descending=name != sort,
                after=after,
                limit=count,
            )
        )

    return await pages.within_bytes(
        fetch,
        after=place,
        place_of=lambda task: (order.load(order.dump(task)), task.id),
        weigh=lambda task: pages.weight(*task.texts),
        limit=limit,
        cursor_of=lambda task: pages.encode(binding, order.dump(task), pages.id_to_key(task.id)),
    )


async def create(uow: UnitOfWork, draft: TaskDraft) -> Task:
    """Create an open task at the end of its project.

    Raises ProjectUnknown, SectionUnknown, ParentUnknown, NotWithParent, TooDeep, LabelUnknown, WallClockIncomplete,
    TimeZoneUnknown, TooManyKeys, KeyNotAllowed, or InvalidTogether; ProjectArchived, LimitReached, IdTaken;
    WorkspaceNotFound when the workspace was deleted meanwhile.
    """
    checks = Checks()
    with checks:
        wall_clocks.check(draft.start, name="start")
    with checks:
        wall_clocks.check(draft.due, name="due")
    with checks:
        metadata = task_metadata.merge({}, draft.metadata)
    with checks:
        await labels.require_all(uow, draft.label_ids)
    with checks:
        place = await _destination(uow, draft)
    checks.finish()
    task = Task(
        id=draft.id or uow.new_id(),
        workspace_id=uow.workspace_id,
        project_id=place.project.id,
        section_id=place.section_id,
        parent_id=draft.parent_id,
        title=draft.title,
        description=draft.description,
        status="open",
        priority=draft.priority,
        start=draft.start,
        due=draft.due,
        label_ids=tuple(sorted(set(draft.label_ids))),
        metadata=metadata,
        position=positions.after(place.last),
        completed_at=None,
        closed_with=None,
        created_by=uow.principal.user_id,
        created_at=uow.now,
        updated_at=uow.now,
        revision=await uow.next_revision(),
    )
    await uow.tasks.add(task)
    return task


async def get(uow: UnitOfWork, task_id: UUID) -> Task:
    """Return one task of the workspace. Raises TaskNotFound."""
    task = await uow.tasks.get(uow.workspace_id, task_id)
    if task is None:
        raise TaskNotFound(task_id)
    return task


async def update(uow: UnitOfWork, task_id: UUID, *, edit: TaskEdit) -> Task:
    """Change a task.

    Raises TaskNotFound; for the merged values WallClockIncomplete, TimeZoneUnknown, LabelUnknown, TooManyKeys,
    KeyNotAllowed, or InvalidTogether.
    """
    task = await get(uow, task_id)
    return await _store(uow, task, replace(task, **await _changes(uow, task, edit)), event="task.updated")


async def _changes(uow: UnitOfWork, task: Task, edit: TaskEdit) -> Mapping[str, Any]:
    """The values that *edit* sets, by the name of the field."""
    changes = given(title=edit.title, description=edit.description, priority=edit.priority)
    checks = Checks()
    for name, stored, patch in (("start", task.start, edit.start), ("due", task.due, edit.due)):
        with checks:
            changes |= given(**{name: _merged(stored, patch, name=name)})
    if edit.label_ids is not UNSET:
        with checks:
            await labels.require_all(uow, edit.label_ids)
        changes["label_ids"] = tuple(sorted(set(edit.label_ids)))
    if edit.metadata is not UNSET:
        with checks:
            changes["metadata"] = task_metadata.merge(task.metadata, edit.metadata)
    checks.finish()
    return changes


def _merged(stored: WallClock | None, patch: WallClockPatch | Unset | None, *, name: str) -> WallClock | Unset | None:
    return wall_clocks.merge(stored, patch, name=name) if isinstance(patch, WallClockPatch) else patch


async def add_label(uow: UnitOfWork, task_id: UUID, *, label_id: UUID) -> Task:
    """Add one label; a task that has it does not change. Raises TaskNotFound, LabelNotFound, LimitReached."""
    task = await get(uow, task_id)
    await labels.get(uow, label_id)
    if label_id in task.label_ids:
        return task
    if len(task.label_ids) >= MOST_LABELS:
        raise LimitReached("task", things="labels", most=MOST_LABELS)
    changed = replace(task, label_ids=tuple(sorted((*task.label_ids, label_id))))
    return await _store(uow, task, changed, event="task.updated")


async def remove_label(uow: UnitOfWork, task_id: UUID, *, label_id: UUID) -> Task:
    """Remove one label; a task that does not have it does not change. Raises TaskNotFound, LabelNotFound."""
    task = await get(uow, task_id)
    await labels.get(uow, label_id)
    changed = replace(task, label_ids=labels.without(task.label_ids, label_id))
    return await _store(uow, task, changed, event="task.updated")


async def delete(uow: UnitOfWork, task_id: UUID) -> None:
    """Delete a task with its subtasks. Raises TaskNotFound."""
    task, others = await families.of(uow, task_id)
    task_ids = [each.id for each in (task, *others)]
    await uow.tasks.delete_all(uow.workspace_id, task_ids, revision=await uow.next_revision())


async def complete(uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close") -> Task:
    """Complete a task, now, with its open subtasks. A completed one keeps its time. Raises TaskNotFound."""
    task, others = await families.of(uow, task_id)
    changed = families.closed(task, others, status="completed", together=subtasks == "close")
    completed = [replace(each, completed_at=uow.now) for each in changed]
    return await _store_all(uow, task, others, changed=completed, event="task.completed")


async def cancel(uow: UnitOfWork, task_id: UUID, *, subtasks: Subtasks = "close") -> Task:
    """Cancel a task, with its open subtasks: it will not be done.

    A completed one loses its time of completion. Raises TaskNotFound.
    """
    task, others = await families.of(uow, task_id)
    changed = families.closed(task, others, status="cancelled", together=subtasks == "close")
    cancelled = [replace(each, completed_at=None) for each in changed]
    return await _store_all(uow, task, others, changed=cancelled, event="task.cancelled")


async def reopen(uow: UnitOfWork, task_id: UUID) -> Task:
    """Open a closed task again, with the subtasks that were closed together with it. Raises TaskNotFound."""
    task, others = await families.of(uow, task_id)
    return await _store_all(uow, task, others, changed=families.reopened(task, others), event="task.reopened")


async def _store_all(
    uow: UnitOfWork, task: Task, others: Sequence[Task], *, changed: Sequence[Task], event: TaskEvent
) -> Task:
    """Store what changed of *task* and *others*, as one change, and return *task* as it is now."""
    before = {each.id: each for each in (task, *others)}
    now = [await _store(uow, before[each.id], each, event=event) for each in changed]
    return now[0] if now else task


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a new task goes, and the last position in the project."""

    project: Project
    section_id: UUID | None
    last: str | None


async def _destination(uow: UnitOfWork, draft: TaskDraft) -> _Place:
    """Return where a new task goes: what it names; or else where its parent or section is; or else the inbox."""
    project_id, section_id = draft.project_id, draft.section_id
    if draft.parent_id is not None:
        parent = await families.parent_of(uow, draft.parent_id, project_id=project_id, section_id=section_id)
        project_id, section_id = parent.project_id, parent.section_id
    elif section_id is not None:
        section = await uow.sections.get(uow.workspace_id, section_id)
        if section is None or project_id not in {None, section.project_id}:
            raise SectionUnknown(section_id)
        project_id = section.project_id
    found = await uow.tasks.destination(uow.workspace_id, project_id=project_id)
    if found is None:
        if project_id is None:
            raise WorkspaceNotFound(uow.workspace_id)
        raise ProjectUnknown(project_id)
    project, last = found
    if project.archived_at is not None:
        raise ProjectArchived(project.id)
    return _Place(project, section_id, last)


async def _store(uow: UnitOfWork, task: Task, changed: Task, *, event: TaskEvent) -> Task:
    if changed == task:
        return task
    changed = replace(changed, updated_at=uow.now, revision=await uow.next_revision())
    await uow.tasks.update(changed, before=task, event=event)
    return changed

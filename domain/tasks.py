"""Tasks: creating and changing them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from domain import (
    blank,
    changeable,
    dependencies,
    families,
    labels,
    members,
    positions,
    reminder_instants,
    task_links,
    task_metadata,
    task_recurrence,
    unknown_places,
    wall_clocks,
)
from domain.checks import Checks
from domain.model.completions import CompletionRecord
from domain.model.projects import Project, ProjectUnknown
from domain.model.sections import SectionUnknown
from domain.model.tasks import (
    ParentUnknown,
    Priority,
    Task,
    TaskEvent,
    TaskNotFound,
)
from domain.model.workspaces import WorkspaceNotFound
from domain.task_recurrence import Recurrence, RecurrenceDraft, RecurrencePatch
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given
from domain.wall_clocks import WallClock, WallClockPatch


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
    recurrence: RecurrenceDraft | None = None
    label_ids: Sequence[UUID] = ()
    assignee_ids: Sequence[UUID] = ()
    depends_on_ids: Sequence[UUID] = ()
    metadata: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEdit:
    """The changes of a task; UNSET stays as it is. What is None is removed, a patch is merged."""

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    priority: Priority | Unset = UNSET
    start: WallClockPatch | Unset | None = UNSET
    due: WallClockPatch | Unset | None = UNSET
    recurrence: RecurrencePatch | Unset | None = UNSET
    label_ids: Sequence[UUID] | Unset = UNSET
    assignee_ids: Sequence[UUID] | Unset = UNSET
    depends_on_ids: Sequence[UUID] | Unset = UNSET
    metadata: Mapping[str, str | None] | Unset | None = UNSET


async def create(uow: UnitOfWork, draft: TaskDraft) -> Task:
    """Create an open task at the end of its project.

    Raises TextBlank, ProjectUnknown, SectionUnknown, ParentUnknown, NotWithParent, TooDeep, LabelUnknown,
    MemberUnknown, DependencyUnknown, IdRepeated, WallClockIncomplete, TimeZoneUnknown, DueRequired, RuleMalformed,
    RuleUnsupported, RulePartsConflict, RuleUnlikeDue, RuleNeverOccurs, CountTooLarge, TooManyKeys, KeyTooLong,
    KeyBlank, or InvalidTogether; ProjectArchived, LimitReached, IdTaken; WorkspaceNotFound when the workspace was
    deleted meanwhile.
    """
    metadata, recurrence, blocked, place = await _checked(uow, draft)
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
        recurrence=recurrence,
        label_ids=task_links.in_order(draft.label_ids),
        assignee_ids=task_links.in_order(draft.assignee_ids),
        depends_on_ids=task_links.in_order(draft.depends_on_ids),
        blocked=blocked,
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


async def _checked(uow: UnitOfWork, draft: TaskDraft) -> tuple[Mapping[str, str], Recurrence | None, bool, "_Place"]:
    """The metadata of a new task, its recurrence, whether it is blocked, and its place.

    Raises what `create` raises, all together.
    """
    checks = Checks()
    with checks:
        blank.require_seen(draft.title, name="title")
    recurrence = _check_times(checks, draft, now=uow.now)
    with checks:
        metadata = task_metadata.merge({}, draft.metadata)
    with checks:
        await labels.require_all(uow, draft.label_ids)
    with checks:
        await members.require_all(uow, draft.assignee_ids)
    with checks:
        blocked = await dependencies.are_open(uow, draft.depends_on_ids)
        await dependencies.closes_cycle(uow, None, draft.depends_on_ids)
    with checks:
        try:
            place = await _destination(uow, draft)
        except (ParentUnknown, SectionUnknown) as error:
            named = {"project_id": draft.project_id, "section_id": draft.section_id}
            raise await unknown_places.with_others(uow, error, named) from None
    checks.finish()
    return metadata, recurrence, blocked, place


def _check_times(checks: Checks, draft: TaskDraft, *, now: dt.datetime) -> Recurrence | None:
    """Check `start`, `due` and `recurrence`, and return the recurrence of the new task."""
    recurrence = None
    with checks:
        wall_clocks.check(draft.start, name="start")
    due: WallClock | Unset | None = UNSET
    with checks:
        wall_clocks.check(draft.due, name="due")
        due = draft.due
    if draft.recurrence is not None:
        with checks:
            recurrence = task_recurrence.start_series(draft.recurrence, due=due, now=now)
    return recurrence


async def get(uow: UnitOfWork, task_id: UUID) -> Task:
    """Return one task of the workspace. Raises TaskNotFound."""
    task = await uow.tasks.get(uow.workspace_id, task_id)
    if task is None:
        raise TaskNotFound(task_id)
    return task


async def update(uow: UnitOfWork, task_id: UUID, *, edit: TaskEdit) -> Task:
    """Change a task. It does not get back labels and dependencies from the trash that it had before a new list of them.

    Raises TaskNotFound, ProjectArchived; TextBlank; for the merged values WallClockIncomplete, TimeZoneUnknown,
    DueRequired, RuleRequired, RuleMalformed, RuleUnsupported, RulePartsConflict, RuleUnlikeDue, RuleNeverOccurs,
    CountTooLarge, LabelUnknown, MemberUnknown, DependencyUnknown, DependencyInCycle, IdRepeated, TooManyKeys,
    KeyTooLong, KeyBlank, or InvalidTogether; LimitReached.
    """
    task = await changeable.task(uow, task_id)
    return await store(uow, task, replace(task, **await _changes(uow, task, edit)), event="task.updated")


async def _changes(uow: UnitOfWork, task: Task, edit: TaskEdit) -> Mapping[str, Any]:
    """The values that *edit* sets, by the name of the field."""
    changes = given(title=edit.title, description=edit.description, priority=edit.priority)
    checks = Checks()
    with checks:
        blank.require_seen(edit.title, name="title")
    if not (edit.start is UNSET and edit.due is UNSET and edit.recurrence is UNSET):
        changes |= _changed_times(checks, task, edit, now=uow.now)
    if edit.label_ids is not UNSET:
        with checks:
            await labels.require_all(uow, edit.label_ids)
        changes["label_ids"] = task_links.in_order(edit.label_ids)
    if edit.assignee_ids is not UNSET:
        with checks:
            await members.require_all(uow, edit.assignee_ids)
        changes["assignee_ids"] = task_links.in_order(edit.assignee_ids)
    if edit.depends_on_ids is not UNSET:
        with checks:
            changes |= await _dependencies(uow, task, edit.depends_on_ids)
    if edit.metadata is not UNSET:
        with checks:
            changes["metadata"] = task_metadata.merge(task.metadata, edit.metadata)
    checks.finish()
    if edit.label_ids is not UNSET:
        await uow.tasks.forget_hidden(uow.workspace_id, "label_ids", task_id=task.id)
    if edit.depends_on_ids is not UNSET:
        await uow.tasks.forget_hidden(uow.workspace_id, "depends_on_ids", task_id=task.id)
    return changes


def _changed_times(checks: Checks, task: Task, edit: TaskEdit, *, now: dt.datetime) -> Mapping[str, Any]:
    """Check the merged values of `start`, `due` and `recurrence`, and return what *edit* sets of them."""
    changes: dict[str, Any] = {}
    for name, stored, patch in (("start", task.start, edit.start), ("due", task.due, edit.due)):
        with checks:
            changes |= given(**{name: _merged(stored, patch, name=name)})
    if edit.due is not UNSET or edit.recurrence is not UNSET:
        due = task.due if edit.due is UNSET else changes.get("due", UNSET)
        with checks:
            changes["recurrence"] = task_recurrence.edit(
                task.recurrence, edit.recurrence, before=task.due, due=due, now=now
            )
    return changes


async def _dependencies(uow: UnitOfWork, task: Task, depends_on_ids: Sequence[UUID]) -> Mapping[str, Any]:
    blocked = await dependencies.are_open(uow, depends_on_ids, before=task.depends_on_ids)
    await dependencies.require_no_cycle(uow, task.id, depends_on_ids)
    return {"depends_on_ids": task_links.in_order(depends_on_ids), "blocked": blocked}


def _merged(stored: WallClock | None, patch: WallClockPatch | Unset | None, *, name: str) -> WallClock | Unset | None:
    return wall_clocks.merge(stored, patch, name=name) if isinstance(patch, WallClockPatch) else patch


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
    changeable.require_active(project)
    return _Place(project, section_id, last)


async def store(
    uow: UnitOfWork, task: Task, changed: Task, *, event: TaskEvent, record: CompletionRecord | None = None
) -> Task:
    """Store *task* as *changed*, if that differs, and return it as it is now. *record* is `TaskRepository.update`'s."""
    if changed == task:
        return task
    changed = replace(changed, updated_at=uow.now, revision=await uow.next_revision())
    await uow.tasks.update(changed, before=task, event=event, record=record)
    await reminder_instants.follow(uow, [(task, changed)])
    return changed


async def store_all(uow: UnitOfWork, changes: Sequence[tuple[Task, Task]], *, event: TaskEvent) -> Sequence[Task]:
    """Store tasks as `store` does, in few round trips. Each is given as it is, and as it will be."""
    if len(changes) == 1:
        return [await store(uow, *changes[0], event=event)]
    now, stored = [], []
    for task, changed in changes:
        if changed == task:
            now.append(task)
            continue
        now.append(replace(changed, updated_at=uow.now, revision=await uow.next_revision()))
        stored.append((task, now[-1]))
    await uow.tasks.update_all(stored, event=event)
    await reminder_instants.follow(uow, stored)
    return now

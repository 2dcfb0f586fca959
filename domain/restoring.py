"""Restoring: what one deletion took comes back from the trash, and nothing else, with a new revision.

It comes back to where it was, as far as that still exists. The place of what is missing: the inbox for a project, none
for a section or a parent. A position that is taken meanwhile is left to whoever has it, for the next free one after it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain import (
    changeable,
    comments,
    dependencies,
    families,
    labels,
    positions,
    projects,
    sections,
    steps,
    task_links,
    tasks,
    trash,
)
from domain.limits import MOST_CHANGES, LimitReached, require_few
from domain.model.comments import Comment
from domain.model.labels import Label, LabelExists
from domain.model.projects import Project
from domain.model.sections import Section, SectionNotFound, SectionQuery
from domain.model.tasks import MOST_LEVELS, Task
from domain.model.trash import TrashEntry
from domain.model.workspaces import WorkspaceNotFound
from domain.restored_places import Places
from domain.trash import Restoration
from domain.unit_of_work import UnitOfWork


async def task(uow: UnitOfWork, task_id: UUID) -> Task:
    """Restore a task with its subtasks, then their comments, in steps. A live one does not change.

    Raises TaskNotFound for one that is in the trash with something else, too; ProjectArchived, LimitReached,
    ChangedMeanwhile, WorkspaceNotFound.
    """
    restoration = Restoration("task", task_id)

    async def restore_some(limit: int) -> int:
        entry = await restoration.step(uow)
        if entry is None:
            return 0
        family = await uow.tasks.in_trash(uow.workspace_id, entry.id, limit=families.MOST_IN_ALL_LEVELS + 1)
        if family:
            await _restore_family(uow, task_id, family)
        else:  # it is live, or its own deletion was interrupted and it is in the trash with something else
            await changeable.task(uow, task_id)
        count = await _restore_comments(uow, entry, limit=limit)
        tasks.require_steps(uow, count, limit=limit)
        if count == limit:
            await restoration.gave_back(uow, count + max(0, len(family) - 1))
        return count

    await steps.in_steps(uow, restore_some)
    await restoration.end(uow)
    return await changeable.task(uow, task_id)


async def _restore_family(uow: UnitOfWork, task_id: UUID, family: Sequence[Task]) -> None:
    """Restore a task with its subtasks. Raises ProjectArchived, LimitReached, WorkspaceNotFound."""
    root = next(each for each in family if each.id == task_id)
    parent = await _parent_of(uow, root, family)
    home = await _home(uow, root.project_id if parent is None else parent.project_id)
    section_id = home.section_of(root) if parent is None else parent.section_id
    hidden = await _hidden_dependencies(uow, family, limit=MOST_CHANGES)
    changes = len(hidden.keys() | {each.id for each in family})
    require_few(changes, advice="Delete some of the tasks that depended on it first.")
    placed = [replace(each, section_id=section_id) for each in family]
    if parent is None:
        placed = [replace(each, parent_id=None if each.id == task_id else each.parent_id) for each in placed]
    await _restore(uow, placed, home, hidden=hidden)


async def _restore_comments(uow: UnitOfWork, entry: TrashEntry, *, limit: int) -> int:
    """Restore comments, at most *limit*, whose tasks are live again. Return how many."""
    found = await uow.comments.in_trash(uow.workspace_id, entry.id, limit=limit)
    if found:
        revision = await uow.next_revision()
        await uow.comments.restore_all([replace(each, revision=revision) for each in found])
    return len(found)


async def comment(uow: UnitOfWork, task_id: UUID, comment_id: UUID) -> Comment:
    """Restore a comment that was deleted by itself. A live one does not change.

    Raises CommentNotFound, MemberNotFound, NotAuthor, TaskNotFound, ProjectArchived, LimitReached.
    """
    entry = await trash.find(uow, "comment", comment_id)
    found = await uow.comments.in_trash(uow.workspace_id, entry.id, limit=1) if entry else ()
    if entry is None or not found or found[0].task_id != task_id:
        live = await comments.get(uow, task_id, comment_id)
        await changeable.task(uow, task_id)
        return live
    (trashed,) = found
    await comments.require_reach(uow, trashed)
    await changeable.task(uow, task_id)
    await comments.require_room(uow, task_id)
    restored = replace(trashed, revision=await uow.next_revision())
    await uow.comments.restore_all([restored])
    await uow.trash.remove(uow.workspace_id, entry.id)
    return restored


async def section(uow: UnitOfWork, section_id: UUID) -> Section:
    """Restore a section, then its tasks, in steps. A live one does not change.

    Raises SectionNotFound, ProjectArchived, LimitReached, ChangedMeanwhile, WorkspaceNotFound.
    """
    restoration = Restoration("section", section_id)

    async def restore_some(limit: int) -> int:
        entry = await restoration.step(uow)
        if entry is None:
            return 0
        live = await uow.sections.get(uow.workspace_id, section_id)
        if live is None:
            found = await uow.sections.in_trash(uow.workspace_id, entry.id)
            if not found:  # its own deletion was interrupted, and it is in the trash with its project
                raise SectionNotFound(section_id)
            home = await _home(uow, found[0].project_id)
            (live,) = await _restore_sections(uow, found, home)
        home = await _home(uow, live.project_id)
        count, has_more = await _restore_tasks(uow, entry, home, limit=limit)
        count += 0 if has_more else await _restore_comments(uow, entry, limit=limit - count)
        if has_more or count == limit:
            await restoration.gave_back(uow, count)
            return limit
        return count

    await steps.in_steps(uow, restore_some)
    await restoration.end(uow)
    return await changeable.section(uow, section_id)


async def project(uow: UnitOfWork, project_id: UUID) -> Project:
    """Restore a project with its sections, then its tasks, in steps. A live one does not change.

    Raises ProjectNotFound, LimitReached, ChangedMeanwhile, WorkspaceNotFound.
    """
    restoration = Restoration("project", project_id)

    async def restore_some(limit: int) -> int:
        entry = await restoration.step(uow)
        if entry is None:
            return 0
        trashed = await uow.projects.in_trash(uow.workspace_id, project_id)
        if trashed is not None:
            await _restore_project(uow, trashed)
        home = await _place(uow, project_id)
        found = await uow.sections.in_trash(uow.workspace_id, entry.id)
        await _restore_sections(uow, found, home)
        home = replace(home, sections=frozenset({*home.sections, *(each.id for each in found)}))
        count, has_more = await _restore_tasks(uow, entry, home, limit=limit)
        count += 0 if has_more else await _restore_comments(uow, entry, limit=limit - count)
        if has_more or count == limit:
            await restoration.gave_back(uow, count + len(found))
            return limit
        return count

    await steps.in_steps(uow, restore_some)
    await restoration.end(uow)
    return await projects.get(uow, project_id)


async def label(uow: UnitOfWork, label_id: UUID) -> Label:
    """Restore a label, then give it back to the tasks that had it, in steps. A live one does not change.

    A task that has as many labels as it can have does not get it. Raises LabelNotFound, LabelExists, LimitReached,
    ChangedMeanwhile.
    """
    restoration = Restoration("label", label_id)

    async def restore_some(limit: int) -> int:
        entry = await restoration.step(uow)
        if entry is None:
            return 0
        trashed = await uow.labels.in_trash(uow.workspace_id, label_id)
        if trashed is not None:
            await _restore_label(uow, trashed)
        count, live = await uow.tasks.show_label(uow.workspace_id, label_id, trash_id=entry.id, limit=limit)
        await _give_back(uow, live, label_id)
        return count

    await steps.in_steps(uow, restore_some, first=steps.FEW)
    await restoration.end(uow)
    return await labels.get(uow, label_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """A project that tasks come back to, with its sections, and the last position of its tasks."""

    project: Project
    sections: frozenset[UUID]
    last: str | None

    def section_of(self, task: Task) -> UUID | None:
        """Return the task's section, if it is one of the project."""
        return task.section_id if task.section_id in self.sections else None


async def _home(uow: UnitOfWork, project_id: UUID) -> _Home:
    """Return a project or, if it does not exist, the inbox. Raises ProjectArchived, WorkspaceNotFound."""
    home = await _place(uow, project_id)
    changeable.require_active(home.project)
    return home


async def _place(uow: UnitOfWork, project_id: UUID) -> _Home:
    """Return a project, archived or not, or, if it does not exist, the inbox. Raises WorkspaceNotFound."""
    found = await uow.tasks.destination(uow.workspace_id, project_id=project_id)
    found = found or await uow.tasks.destination(uow.workspace_id, project_id=None)
    if found is None:
        raise WorkspaceNotFound(uow.workspace_id)
    home, last = found
    return _Home(project=home, sections=frozenset(each.id for each in await _sections_of(uow, home.id)), last=last)


async def _sections_of(uow: UnitOfWork, project_id: UUID) -> Sequence[Section]:
    return await uow.sections.page(
        SectionQuery(workspace_id=uow.workspace_id, project_id=project_id, after=None, limit=sections.MOST_SECTIONS)
    )


async def _parent_of(uow: UnitOfWork, root: Task, family: Sequence[Task]) -> Task | None:
    """Return the parent, if *family* can come back below it. Raises LimitReached."""
    if root.parent_id is None:
        return None
    lineage = await uow.tasks.lineage(uow.workspace_id, root.parent_id)
    if not lineage or len(lineage) + families.levels(family) > MOST_LEVELS:
        return None
    await families.require_few(uow, lineage, moved=family)
    return lineage[0]


async def _restore_project(uow: UnitOfWork, trashed: Project) -> None:
    await projects.require_room(uow)

    async def near(cut: str, count: int) -> Sequence[Project]:
        return await uow.projects.around(uow.workspace_id, cut=cut, limit=count)

    async def move(each: Project, position: str) -> None:
        moved = replace(each, position=position, updated_at=uow.now, revision=await uow.next_revision())
        await uow.projects.update(moved, before=each, event="project.moved")

    places = Places(near, move, taken=[each.position for each in await near(trashed.position, 1)])
    await places.put(trashed)
    (placed,) = places.placed
    await uow.projects.restore(replace(placed, updated_at=uow.now, revision=await uow.next_revision()))


async def _restore_label(uow: UnitOfWork, trashed: Label) -> None:
    found = await uow.labels.named(uow.workspace_id, trashed.name_key)
    if found is not None:
        raise LabelExists(found, pointer=None)
    if await uow.labels.count(uow.workspace_id) >= labels.MOST_LABELS:
        raise LimitReached("workspace", things="labels", most=labels.MOST_LABELS)

    async def near(cut: str, count: int) -> Sequence[Label]:
        return await uow.labels.around(uow.workspace_id, cut=cut, limit=count)

    async def move(each: Label, position: str) -> None:
        moved = replace(each, position=position, updated_at=uow.now, revision=await uow.next_revision())
        await uow.labels.update(moved, before=each, event="label.moved")

    places = Places(near, move, taken=[each.position for each in await near(trashed.position, 1)])
    await places.put(trashed)
    (placed,) = places.placed
    await uow.labels.restore(replace(placed, updated_at=uow.now, revision=await uow.next_revision()))


async def _give_back(uow: UnitOfWork, live: Sequence[Task], label_id: UUID) -> None:
    changes = []
    for each in live:
        if label_id not in each.label_ids and len(each.label_ids) >= task_links.LABELS.most:
            await uow.tasks.unlink(uow.workspace_id, "label_ids", label_id, task_id=each.id)
        else:
            changes.append((each, task_links.LABELS.added(each, label_id)))
    await tasks.store_all(uow, changes, event="task.updated")


async def _restore_sections(uow: UnitOfWork, found: Sequence[Section], home: _Home) -> Sequence[Section]:
    if not found:
        return ()
    live = await _sections_of(uow, home.project.id)
    if len(live) + len(found) > sections.MOST_SECTIONS:
        raise LimitReached("project", things="sections", most=sections.MOST_SECTIONS)

    async def near(cut: str, count: int) -> Sequence[Section]:
        return await uow.sections.around(uow.workspace_id, project_id=home.project.id, cut=cut, limit=count)

    async def move(each: Section, position: str) -> None:
        moved = replace(each, position=position, updated_at=uow.now, revision=await uow.next_revision())
        await uow.sections.update(moved, before=each, event="section.moved")

    places = Places(near, move, taken=[each.position for each in live])
    for each in sorted(found, key=lambda one: one.position):
        await places.put(replace(each, project_id=home.project.id, updated_at=uow.now))
    revision = await uow.next_revision()
    restored = [replace(each, revision=revision) for each in places.placed]
    await uow.sections.restore_all(restored)
    return restored


async def _restore_tasks(uow: UnitOfWork, entry: TrashEntry, home: _Home, *, limit: int) -> tuple[int, bool]:
    """Restore tasks of a project or section, at most *limit*, parents before their subtasks.

    Of the tasks that depend on them, at most as many get their dependencies back, unless one restored task has more.
    Return how many were restored, and whether there may be more.
    """
    count = 0
    changed = 0
    while count < limit and (
        found := await uow.tasks.topmost_in_trash(uow.workspace_id, entry.id, limit=limit - count)
    ):
        hidden = await _hidden_dependencies(uow, found, limit=limit)
        while len(found) > 1 and len(hidden.keys() - {each.id for each in found}) > limit:
            found = found[: len(found) // 2]
            hidden = await _hidden_dependencies(uow, found, limit=limit)
        dependents = len(hidden.keys() - {each.id for each in found})
        if changed and changed + dependents > limit:
            return count, True
        changed += dependents
        parents = await uow.tasks.with_levels(uow.workspace_id, {each.parent_id for each in found if each.parent_id})
        placed = []
        for each in found:
            parent, level = parents.get(each.parent_id, (None, 0)) if each.parent_id else (None, 0)
            fits = parent is not None and level < MOST_LEVELS and parent.project_id == home.project.id
            parent_id = each.parent_id if fits else None
            section_id = parent.section_id if parent is not None and fits else home.section_of(each)
            placed.append(replace(each, parent_id=parent_id, section_id=section_id))
        home = replace(home, last=await _restore(uow, placed, home, hidden=hidden))
        count += len(found)
    return count, count >= limit


async def _restore(
    uow: UnitOfWork, found: Collection[Task], home: _Home, *, hidden: Mapping[UUID, set[UUID]]
) -> str | None:
    """Restore tasks in a project, each at its position or, if it comes from another project, at the end.

    Return the last position of the project.
    """
    placed, last = await _placed(uow, found, home)
    assignees = {user_id for each in placed for user_id in each.assignee_ids}
    members = await uow.members.existing(uow.workspace_id, assignees) if assignees else ()
    revision = await uow.next_revision()
    restored = [
        replace(
            each,
            label_ids=each.label_ids[: task_links.LABELS.most],
            assignee_ids=tuple(user_id for user_id in each.assignee_ids if user_id in members),
            updated_at=uow.now,
            revision=revision,
        )
        for each in placed
    ]
    before = {each.id: each for each in found}
    await _with_dependencies(uow, [before[each.id] for each in restored], restored, hidden=hidden)
    return last


async def _placed(uow: UnitOfWork, found: Collection[Task], home: _Home) -> tuple[Sequence[Task], str | None]:
    """Return tasks with the positions that they get, in their old order, and then the last position of the project."""
    project_id = home.project.id

    async def near(cut: str, count: int) -> Sequence[Task]:
        return await uow.tasks.around(uow.workspace_id, project_id=project_id, cut=cut, limit=count)

    async def move(each: Task, position: str) -> None:
        await tasks.store(uow, each, replace(each, position=position), event="task.moved")

    in_order = sorted(found, key=lambda each: each.position)
    wanted = [each.position for each in in_order if each.project_id == project_id]
    taken = await uow.tasks.taken_positions(uow.workspace_id, project_id, wanted) if wanted else ()
    places = Places(near, move, taken=taken)
    for each in in_order:
        if each.project_id == project_id:
            await places.put(each)
    coming = [each for each in in_order if each.project_id != project_id]
    for each, position in zip(coming, positions.spread(places.last(home.last), None, count=len(coming)), strict=True):
        await places.put(replace(each, project_id=project_id, position=position))
    return places.placed, places.last(home.last)


async def _with_dependencies(
    uow: UnitOfWork, found: Sequence[Task], restored: Sequence[Task], *, hidden: Mapping[UUID, set[UUID]]
) -> Sequence[Task]:
    """Store restored tasks with what they depend on, and let those depend on them that did.

    No dependency closes a cycle: the search for cycles walks through the trash, too.
    """
    these = {each.id: each for each in restored}
    if hidden:
        await uow.tasks.show_dependencies(uow.workspace_id, these.keys())
    wanted = {each.id: task_links.in_order({*each.depends_on_ids, *hidden.get(each.id, ())}) for each in restored}
    others = {one for ids in wanted.values() for one in ids} - these.keys()
    open_ids = {each.id for each in restored if each.status == "open"}
    if others:
        states = await uow.tasks.dependencies(uow.workspace_id, others)
        open_ids |= {task_id for task_id, state in states.items() if state.is_open}
    linked = [
        replace(each, depends_on_ids=wanted[each.id], blocked=not open_ids.isdisjoint(wanted[each.id]))
        for each in restored
    ]
    await uow.tasks.restore_all(list(zip(found, linked, strict=True)))
    dependents = await uow.tasks.named(uow.workspace_id, hidden.keys() - these.keys())
    in_order = sorted(dependents, key=lambda each: each.id)
    changes = [(each, await _depending_again(uow, each, hidden[each.id], open_ids=open_ids)) for each in in_order]
    await tasks.store_all(uow, changes, event="task.updated")
    return linked


async def _hidden_dependencies(uow: UnitOfWork, found: Sequence[Task], *, limit: int) -> Mapping[UUID, set[UUID]]:
    """Return what depends on tasks that are to be restored, and on which of them.

    If there are more than *limit* besides these tasks themselves, not all of them.
    """
    most = len(found) * task_links.DEPENDENCIES.most + max(limit, dependencies.MOST_DEPENDENTS) + 1
    hidden = defaultdict[UUID, set[UUID]](set)
    these = [each.id for each in found]
    for task_id, depends_on_id in await uow.tasks.hidden_dependencies(uow.workspace_id, these, limit=most):
        hidden[task_id].add(depends_on_id)
    return hidden


async def _depending_again(
    uow: UnitOfWork, task: Task, depends_on_ids: Collection[UUID], *, open_ids: Collection[UUID]
) -> Task:
    """Return a task as it is when it depends on these tasks again, as far as it has room."""
    free = task_links.DEPENDENCIES.most - len(task.depends_on_ids)
    missing = sorted(set(depends_on_ids) - set(task.depends_on_ids))
    for each in missing[free:]:
        await uow.tasks.unlink(uow.workspace_id, "depends_on_ids", each, task_id=task.id)
    given = missing[:free]
    return replace(
        task,
        depends_on_ids=task_links.in_order({*task.depends_on_ids, *given}),
        blocked=task.blocked or not set(given).isdisjoint(open_ids),
    )

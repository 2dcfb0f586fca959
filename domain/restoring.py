"""Restoring: what one deletion took comes back from the trash, and nothing else, with a new revision.

It comes back to where it was, as far as that still exists. The place of what is missing: the inbox for a project, none
for a section or a parent. A position that is taken meanwhile is left to whoever has it, for the next free one after it.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain import (
    changeable,
    comments,
    families,
    labels,
    projects,
    restored_dependencies,
    restored_homes,
    restored_tasks,
    sections,
    steps,
    task_deletions,
    task_links,
    tasks,
    trash,
)
from domain.limits import LimitReached
from domain.model.comments import Comment
from domain.model.labels import Label, LabelExists
from domain.model.projects import Project
from domain.model.sections import Section, SectionNotFound
from domain.model.tasks import MOST_LEVELS, Task
from domain.model.trash import TrashEntry
from domain.restored_homes import Home
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
        task_deletions.require_steps(uow, count, limit=limit)
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
    home = await restored_homes.active_home(uow, root.project_id if parent is None else parent.project_id)
    section_id = home.section_of(root) if parent is None else parent.section_id
    hidden = await restored_dependencies.hidden(uow, family)
    placed = [replace(each, section_id=section_id) for each in family]
    if parent is None:
        placed = [replace(each, parent_id=None if each.id == task_id else each.parent_id) for each in placed]
    await restored_tasks.restore(uow, placed, home, hidden=hidden)


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
            home = await restored_homes.active_home(uow, found[0].project_id)
            (live,) = await _restore_sections(uow, found, home)
        home = await restored_homes.active_home(uow, live.project_id)
        count, has_more = await restored_tasks.restore_some(uow, entry, home, limit=limit)
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
        home = await restored_homes.home_of(uow, project_id)
        found = await uow.sections.in_trash(uow.workspace_id, entry.id)
        await _restore_sections(uow, found, home)
        home = replace(home, sections=frozenset({*home.sections, *(each.id for each in found)}))
        count, has_more = await restored_tasks.restore_some(uow, entry, home, limit=limit)
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


async def _restore_sections(uow: UnitOfWork, found: Sequence[Section], home: Home) -> Sequence[Section]:
    if not found:
        return ()
    live = await restored_homes.sections_of(uow, home.project.id)
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

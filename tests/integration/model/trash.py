"""What restoring brings back: what one deletion took, and nothing else. And what is left of an emptied trash."""

from __future__ import annotations

from collections.abc import Sequence

from tests.integration.model.comments import require_reach
from tests.integration.model.labels import require_free
from tests.integration.model.tasks import LEVELS
from tests.integration.model.things import Project, Task
from tests.integration.model.workspace import Deletion, Reason, Refused, Workspace, find


def empty_trash(now: Workspace) -> None:
    """Only by the owner, who is the first member. It leaves no event, and takes no number."""
    if now.actor != now.members[0].id:
        raise Refused(Reason(403, "insufficient-role"))
    now.trash.clear()


def restore_project(now: Workspace, *, project_id: str, order: Sequence[str]) -> None:
    if (deletion := _deletion(now, "project", project_id)) is None:
        now.project(project_id)
        return
    _restore(now, deletion, order)


def restore_label(now: Workspace, *, label_id: str, order: Sequence[str]) -> None:
    """The tasks that had it have it again."""
    if (deletion := _deletion(now, "label", label_id)) is None:
        now.label(label_id)
        return
    for label in deletion.labels:
        require_free(now, label.name)
    _restore(now, deletion, order)


def restore_section(now: Workspace, *, section_id: str, order: Sequence[str]) -> None:
    """In its project, or in the inbox."""
    if (deletion := _deletion(now, "section", section_id)) is None:
        now.section_to_change(section_id)
        return
    home = _home(now, deletion.sections[0].project_id)
    for section in deletion.sections:
        section.project_id = home.id
    for task in deletion.tasks:
        task.project_id = home.id
    _restore(now, deletion, order)


def restore_task(now: Workspace, *, task_id: str, order: Sequence[str]) -> None:
    """Below its parent, or else in its section, or else in its project, or else in the inbox."""
    if (deletion := _deletion(now, "task", task_id)) is None:
        now.task_to_change(task_id)
        return
    root = next(task for task in deletion.tasks if task.id == task_id)
    parent = find(now.tasks, root.parent_id)
    if parent and now.level(parent) + _levels(deletion.tasks, root) > LEVELS:
        parent = None
    home = _home(now, parent.project_id if parent else root.project_id)
    section = find(now.sections, parent.section_id if parent else root.section_id)
    root.parent_id = parent.id if parent else None
    for each in deletion.tasks:
        each.project_id = home.id
        each.section_id = section.id if section and section.project_id == home.id else None
    _restore(now, deletion, order)


def restore_comment(now: Workspace, *, task_id: str, comment_id: str, order: Sequence[str]) -> None:
    """On its task, unless that is in the trash, too."""
    deletion = _deletion(now, "comment", comment_id)
    if deletion is None or deletion.comments[0].task_id != task_id:
        now.comment(task_id, comment_id)
        now.task_to_change(task_id)
        return
    require_reach(now, deletion.comments[0])
    now.task_to_change(task_id)
    _restore(now, deletion, order)


def _deletion(now: Workspace, kind: str, thing_id: str) -> Deletion | None:
    return next((each for each in now.trash if (each.kind, each.id) == (kind, thing_id)), None)


def _home(now: Workspace, project_id: str) -> Project:
    """The project, or the inbox. Raises Refused if it is archived."""
    home = find(now.projects, project_id) or now.inbox()
    now.require_active(home.id)
    return home


def _levels(family: Sequence[Task], task: Task) -> int:
    return 1 + max((_levels(family, each) for each in family if each.parent_id == task.id), default=0)


def _restore(now: Workspace, deletion: Deletion, order: Sequence[str]) -> None:
    """Nobody is assigned who is not a member now."""
    members = {member.id for member in now.members}
    for task in deletion.tasks:
        task.assignee_ids &= members
    now.restore(deletion, order)

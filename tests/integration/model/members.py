"""What happens to the tasks of members who leave, and who comes back."""

from __future__ import annotations

from tests.integration.model.things import Member
from tests.integration.model.workspace import Refused, Workspace, conflict


def join_workspace(now: Workspace, *, user_id: str) -> None:
    """Accept an invitation. Whoever was a member before does not get the tasks of then."""
    now.members.append(Member(id=user_id))
    now.events.append(("member.added", user_id))


def remove_member(now: Workspace, *, user_id: str) -> None:
    """The first member is the only owner. Others are no longer assigned to any task, and lose their reminders."""
    member = now.member(user_id)
    if member is now.members[0]:
        raise Refused(conflict("sole-owner"))
    now.members.remove(member)
    for task in now.tasks:
        task.assignee_ids.discard(user_id)
    now.reminders = [each for each in now.reminders if each.user_id != user_id]
    now.events.append(("member.removed", user_id))


def leave_workspace(now: Workspace) -> None:
    remove_member(now, user_id=now.actor)

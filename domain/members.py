"""Members: who is in a workspace, and in which role.

Nobody decides over somebody above them, and there is always an owner. All of this is decided under the lock on the
workspace, so that of two owners who leave at once one is told that they are the last.
"""

from dataclasses import replace
from uuid import UUID

from domain import pages, workspaces
from domain.entities import Member
from domain.errors import MemberNotFound, PersonalWorkspace, RoleTooHigh, SoleOwner
from domain.pages import DEFAULT_LIMIT, Page
from domain.ports import Work
from domain.roles import INVITING, ROLES, Role, outranks


async def page(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Member]:
    """The members of the call's workspace, the oldest account first. Raises CursorInvalid."""
    return await pages.by_id(
        lambda last, count: work.members.page(work.workspace_id, after=last, limit=count),
        id_of=lambda member: member.user_id,
        binding=f"members {work.workspace_id}",
        limit=limit,
        cursor=cursor,
    )


async def get(work: Work, user_id: UUID) -> Member:
    """One member of the call's workspace. Raises MemberNotFound."""
    member = await work.members.get(work.workspace_id, user_id)
    if member is None:
        raise MemberNotFound(user_id)
    return member


async def change_role(work: Work, user_id: UUID, *, role: Role) -> Member:
    """Give a member another role. What they have invited beyond it is withdrawn.

    Raises MemberNotFound, RoleTooHigh, SoleOwner.
    """
    member = await get(work, user_id)
    await require_reach(work, role, member.role)
    if role == member.role:
        return member
    await _require_other_owner(work, member)
    changed = replace(member, role=role, updated_at=work.now, revision=await work.next_revision())
    await work.members.update(changed)
    beyond = [each for each in ROLES if role not in INVITING or outranks(each, role)]
    await work.invitations.withdraw(work.workspace_id, invited_by=user_id, roles=beyond)
    return changed


async def remove(work: Work, user_id: UUID) -> None:
    """Take a member out of the call's workspace, and withdraw what they have, and were, invited to it.

    Raises MemberNotFound, RoleTooHigh, SoleOwner.
    """
    member = await get(work, user_id)
    await require_reach(work, member.role)
    await _take_out(work, member)


async def leave(work: Work) -> None:
    """Take the caller out of the workspace. Raises PersonalWorkspace, SoleOwner, MemberNotFound, WorkspaceNotFound."""
    workspace = await workspaces.get(work)
    if workspace.personal:
        raise PersonalWorkspace(workspace.id)
    await _take_out(work, await get(work, work.principal.user_id))


async def require_reach(work: Work, *roles: Role) -> None:
    """The caller may decide over members of these *roles*. Raises RoleTooHigh, MemberNotFound."""
    caller = await get(work, work.principal.user_id)
    if any(outranks(role, caller.role) for role in roles):
        raise RoleTooHigh


async def _take_out(work: Work, member: Member) -> None:
    await _require_other_owner(work, member)
    await work.invitations.withdraw(work.workspace_id, invited_by=member.user_id)
    await work.invitations.withdraw_to(work.workspace_id, user_id=member.user_id)
    await work.members.delete(work.workspace_id, member.user_id, revision=await work.next_revision())


async def _require_other_owner(work: Work, member: Member) -> None:
    if member.role == "owner" and await work.members.count_owners(work.workspace_id) == 1:
        raise SoleOwner([work.workspace_id])

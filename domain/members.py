"""Members: who is in a workspace, and in which role.

No member can change a member with a higher role, and there is always an owner. All of this is decided under the lock on
the workspace, so that of two owners who leave at once the second is rejected as the last one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from domain import distinct, pages, steps, task_links, workspaces
from domain.checks import Checks
from domain.model.members import Member, MemberNotFound, MemberUnknown, RoleTooHigh, SoleOwner
from domain.model.workspaces import PersonalWorkspace
from domain.pages import DEFAULT_LIMIT, Page
from domain.roles import INVITING, ROLES, Role, outranks
from domain.unit_of_work import UnitOfWork


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Member]:
    """Return the members of the workspace, the oldest account first. Raises CursorInvalid."""
    return await pages.by_id(
        lambda last, count: uow.members.page(uow.workspace_id, after=last, limit=count),
        id_of=lambda member: member.user_id,
        binding=f"members {uow.workspace_id}",
        limit=limit,
        cursor=cursor,
    )


async def get(uow: UnitOfWork, user_id: UUID) -> Member:
    """Return one member of the workspace. Raises MemberNotFound."""
    member = await uow.members.get(uow.workspace_id, user_id)
    if member is None:
        raise MemberNotFound(user_id)
    return member


async def require_all(uow: UnitOfWork, user_ids: Sequence[UUID]) -> None:
    """Raise MemberUnknown, IdRepeated or InvalidTogether unless the assignees of the body are members, each once."""
    distinct.require_distinct(user_ids, name="assignee_ids")
    existing = await uow.members.existing(uow.workspace_id, user_ids) if user_ids else ()
    checks = Checks()
    for index, user_id in enumerate(user_ids):
        with checks:
            if user_id not in existing:
                raise MemberUnknown(user_id, index=index)
    checks.finish()


async def change_role(uow: UnitOfWork, user_id: UUID, *, role: Role) -> Member:
    """Give a member another role. Invitations to roles that they may no longer give are withdrawn.

    Raises MemberNotFound, RoleTooHigh, SoleOwner.
    """
    member = await get(uow, user_id)
    await require_reach(uow, role, member.role)
    if role == member.role:
        return member
    await _require_other_owner(uow, member)
    changed = replace(member, role=role, updated_at=uow.now, revision=await uow.next_revision())
    await uow.members.update(changed)
    beyond = [each for each in ROLES if role not in INVITING or outranks(each, role)]
    await uow.invitations.withdraw(uow.workspace_id, invited_by=user_id, roles=beyond)
    return changed


async def remove(uow: UnitOfWork, user_id: UUID) -> None:
    """Remove a member from the workspace, and withdraw the invitations that they created, and those to their address.

    They are unassigned from their tasks, and lose their reminders: many in several steps, of which the last removes the
    member (ADR 81).

    Raises MemberNotFound, RoleTooHigh, SoleOwner.
    """

    async def removable() -> Member:
        member = await get(uow, user_id)
        await require_reach(uow, member.role)
        return member

    await _take_out(uow, user_id, find=removable)


async def leave(uow: UnitOfWork) -> None:
    """Remove the caller from the workspace, as `remove` does.

    Raises PersonalWorkspace, SoleOwner, MemberNotFound, WorkspaceNotFound.
    """

    async def caller() -> Member:
        workspace = await workspaces.get(uow)
        if workspace.personal:
            raise PersonalWorkspace(workspace.id)
        return await get(uow, uow.principal.user_id)

    await _take_out(uow, uow.principal.user_id, find=caller)


async def require_reach(uow: UnitOfWork, *roles: Role) -> None:
    """Check that the caller may change members with these *roles*. Raises RoleTooHigh, MemberNotFound."""
    caller = await get(uow, uow.principal.user_id)
    if any(outranks(role, caller.role) for role in roles):
        raise RoleTooHigh


async def _take_out(uow: UnitOfWork, user_id: UUID, *, find: Callable[[], Awaitable[Member]]) -> None:
    """Remove the member whom *find* returns. It is called in each step, and raises if they cannot be removed."""
    removal = task_links.Removal(task_links.ASSIGNEES, user_id)

    async def take_some(limit: int) -> int:
        await _require_other_owner(uow, await find())
        count = await removal.step(uow, limit)
        return count + await uow.reminders.delete_some(uow.workspace_id, user_id=user_id, limit=limit - count)

    await steps.in_steps(uow, take_some, first=steps.FEW)
    await uow.invitations.withdraw(uow.workspace_id, invited_by=user_id)
    await uow.invitations.withdraw_to(uow.workspace_id, user_id=user_id)
    await uow.members.delete(uow.workspace_id, user_id, revision=await uow.next_revision())


async def _require_other_owner(uow: UnitOfWork, member: Member) -> None:
    if member.role == "owner" and await uow.members.count_owners(uow.workspace_id) == 1:
        raise SoleOwner([uow.workspace_id])

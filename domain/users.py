"""Accounts: the profile, and the end of an account."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain import blank, steps, task_links
from domain.checks import Checks
from domain.model.members import MembershipSummary, SoleOwner
from domain.model.tasks import Task
from domain.model.users import AccountGone, User
from domain.reminder_instants import settings_of
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given
from domain.zones import check_zone


async def get_me(uow: UnitOfWork) -> User:
    """Return the caller's account. Raises AccountGone if it was deleted since the token was checked."""
    user_id = uow.principal.user_id
    user = await uow.users.get(user_id)
    if user is None:
        raise AccountGone(user_id)
    return user


async def update(
    uow: UnitOfWork,
    *,
    name: str | Unset = UNSET,
    time_zone: str | Unset = UNSET,
    reminder_time: dt.time | Unset = UNSET,
) -> User:
    """Change the caller's profile; a new name is copied to their memberships. Their reminders follow later.

    A zone that they have, and that cannot be chosen any more, may be sent again. Raises TextBlank, TimeZoneUnknown, or
    InvalidTogether; AccountGone.
    """
    user = await get_me(uow)
    checks = Checks()
    with checks:
        blank.require_seen(name, name="name")
    if time_zone is not UNSET and time_zone != user.time_zone:
        with checks:
            check_zone(time_zone, pointer="#/time_zone")
    checks.finish()
    changed: User = replace(user, **given(name=name, time_zone=time_zone, reminder_time=reminder_time))
    if changed == user:
        return user
    changed = replace(changed, updated_at=uow.now, revision=user.revision + 1)
    await uow.users.update(changed)
    if changed.name != user.name:
        await uow.workspaces.lock_joined(user.id)
        await uow.members.rename(user.id, name=changed.name, at=uow.now)
    if settings_of(changed) != settings_of(
        user
    ):  # after the workspaces are locked: the upkeep locks them in this order
        await uow.reminders.mark_stale(user.id)
    return changed


async def delete(uow: UnitOfWork) -> None:
    """Delete the caller's account, and each workspace in which they are alone; leave the others.

    They are unassigned from the tasks of the workspaces that they leave, their reminders are deleted, and the logs
    forget what they say about them; if that is much, in several transactions before (ADR 81).

    Raises SoleOwner, naming the shared workspaces that would be left without an owner; AccountGone.
    """
    user, summaries, assigned = await _last_step(uow)
    await uow.workspaces.delete([each.workspace_id for each in summaries if each.is_alone])
    await uow.invitations.withdraw_all(user.id)
    revisions = await uow.members.next_revisions(user.id)
    await task_links.remove_from_all(uow, assigned, task_links.ASSIGNEES, user.id, revisions=revisions)
    await uow.members.remove(user.id, revisions=revisions)
    await uow.users.delete(user.id)


async def _last_step(uow: UnitOfWork) -> tuple[User, Sequence[MembershipSummary], Sequence[Task]]:
    """Begin the step that deletes the account, after those before it. All of the caller's workspaces are locked.

    Return the user, what they are in the workspaces, and the tasks that they are still assigned to. Raises SoleOwner,
    AccountGone.
    """
    while True:
        user, summaries = await _lock_all(uow)
        assigned = await _assigned(uow, summaries)
        reminded = await uow.reminders.delete_everywhere(user.id, limit=steps.SMALL)
        is_little = len(assigned) < steps.FEW and len(reminded) < steps.SMALL
        if is_little and await _forget_some(uow) < steps.SMALL:
            return user, summaries, assigned
        for workspace_id in sorted({*(task.workspace_id for task in assigned), *reminded}):
            await uow.next_step(within=workspace_id)
            await _take_out(uow, workspace_id)
        await uow.next_step()
        await _forget(uow)


async def _forget(uow: UnitOfWork) -> None:
    """Delete what the logs say about the caller, some in each transaction, which locks no workspace."""
    while await _forget_some(uow) == steps.SMALL:
        await uow.next_step()


async def _forget_some(uow: UnitOfWork) -> int:
    """Delete what the logs say about the caller, and which reminders fired, at most SMALL. Return how much that was."""
    user_id = uow.principal.user_id
    count = await uow.members.forget(user_id, limit=steps.SMALL)
    return count + await uow.fired_reminders.delete_some(user_id, limit=steps.SMALL - count)


async def _lock_all(uow: UnitOfWork) -> tuple[User, Sequence[MembershipSummary]]:
    """Lock the caller's workspaces, and return what the caller is in them. Raises SoleOwner, AccountGone."""
    user = await get_me(uow)
    await uow.workspaces.lock_joined(user.id)
    summaries = await uow.members.membership_summaries(user.id)
    orphaned = [each.workspace_id for each in summaries if each.leaves_no_owner]
    if orphaned:
        raise SoleOwner(orphaned)
    return user, summaries


async def _assigned(uow: UnitOfWork, summaries: Sequence[MembershipSummary]) -> Sequence[Task]:
    """Return tasks of shared workspaces that the caller is an assignee of, at most FEW."""
    found: list[Task] = []
    for each in summaries:
        if not each.is_alone:
            limit = steps.FEW - len(found)
            found += await uow.tasks.linked(each.workspace_id, "assignee_ids", uow.principal.user_id, limit=limit)
    return found


async def _take_out(uow: UnitOfWork, workspace_id: UUID) -> None:
    """Remove the caller from the tasks of a workspace, and their reminders: some in each change.

    The last change is not committed.
    """
    removal = task_links.Removal(task_links.ASSIGNEES, uow.principal.user_id)

    async def take_some(limit: int) -> int:
        if not await uow.enter(workspace_id):
            return 0
        count = await removal.step(uow, limit)
        return count + await uow.reminders.delete_some(workspace_id, user_id=uow.principal.user_id, limit=limit - count)

    await steps.in_steps(uow, take_some, first=steps.FEW, within=workspace_id)


async def mark_verified(uow: UnitOfWork, user: User) -> User:
    """Mark the address of a locked user as verified. An address that is verified already keeps its time."""
    if user.email_verified_at is not None:
        return user
    changed = replace(user, email_verified_at=uow.now, updated_at=uow.now, revision=user.revision + 1)
    await uow.users.update(changed)
    await uow.account_log.add("email.verified", user_id=user.id)
    return changed

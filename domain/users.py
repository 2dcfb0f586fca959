"""Accounts: the profile, and the end of an account."""

from dataclasses import replace

from domain.model.members import SoleOwner
from domain.model.users import AccountGone, User
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


async def update(uow: UnitOfWork, *, name: str | Unset = UNSET, time_zone: str | Unset = UNSET) -> User:
    """Change the caller's profile; a new name is copied to their memberships.

    Raises TimeZoneUnknown, AccountGone.
    """
    if time_zone is not UNSET:
        check_zone(time_zone, pointer="#/time_zone")
    user = await get_me(uow)
    changed: User = replace(user, **given(name=name, time_zone=time_zone))
    if changed == user:
        return user
    changed = replace(changed, updated_at=uow.now, revision=user.revision + 1)
    await uow.users.update(changed)
    if changed.name != user.name:
        await uow.workspaces.lock_joined(user.id)
        await uow.members.rename(user.id, name=changed.name, at=uow.now)
    return changed


async def delete(uow: UnitOfWork) -> None:
    """Delete the caller's account, and each workspace in which they are alone; leave the others.

    Raises SoleOwner, naming the shared workspaces that would be left without an owner; AccountGone.
    """
    user = await get_me(uow)
    await uow.workspaces.lock_joined(user.id)
    membership_summaries = await uow.members.membership_summaries(user.id)
    orphaned = [s.workspace_id for s in membership_summaries if s.leaves_no_owner]
    if orphaned:
        raise SoleOwner(orphaned)
    await uow.workspaces.delete([s.workspace_id for s in membership_summaries if s.is_alone])
    await uow.invitations.withdraw_all(user.id)
    await uow.members.remove(user.id)
    await uow.users.delete(user.id)


async def mark_verified(uow: UnitOfWork, user: User) -> User:
    """Mark the address of a locked user as verified. An address that is verified already keeps its time."""
    if user.email_verified_at is not None:
        return user
    changed = replace(user, email_verified_at=uow.now, updated_at=uow.now, revision=user.revision + 1)
    await uow.users.update(changed)
    await uow.account_log.add("email.verified", user_id=user.id)
    return changed

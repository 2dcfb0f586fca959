"""Accounts: registering, the profile, the password, leaving."""

from dataclasses import replace
from typing import Final

from domain import workspaces
from domain.entities import User
from domain.errors import AccountGone, PasswordWrong, RegistrationClosed, SoleOwner, UserNotFound
from domain.ports import Work
from domain.unset import UNSET, Unset, given
from domain.zones import check_zone

_ZONE_POINTER: Final = "#/time_zone"


def email_key(email: str) -> str:
    """What all spellings of an address, which is ASCII, share."""
    return email.lower()


async def register(work: Work, *, email: str, password: str, name: str, time_zone: str) -> User:
    """A new account with a personal workspace and its inbox.

    Raises RegistrationClosed, TimeZoneUnknown, EmailTaken.
    """
    if not work.policy.registration_open:
        raise RegistrationClosed
    check_zone(time_zone, pointer=_ZONE_POINTER)
    password_hash = await work.passwords.hash(password)
    user = User(
        id=work.new_id(),
        email=email,
        name=name,
        time_zone=time_zone,
        created_at=work.now,
        updated_at=work.now,
        revision=1,
    )
    await work.users.add(user, email_key=email_key(email), password_hash=password_hash)
    await workspaces.found(work, owner=user, name=workspaces.PERSONAL_NAME, personal=True)
    return user


async def get_me(work: Work) -> User:
    """The caller's account. Raises AccountGone when it was deleted a moment ago."""
    user_id = work.principal.user_id
    user = await work.users.get(user_id)
    if user is None:
        raise AccountGone(user_id)
    return user


async def update(work: Work, *, name: str | Unset = UNSET, time_zone: str | Unset = UNSET) -> User:
    """Change the caller's profile; a new name is carried into each of their workspaces.

    Raises TimeZoneUnknown, AccountGone.
    """
    if time_zone is not UNSET:
        check_zone(time_zone, pointer=_ZONE_POINTER)
    user = await _me(work)
    changed: User = replace(user, **given(name=name, time_zone=time_zone))
    if changed == user:
        return user
    changed = replace(changed, updated_at=work.now, revision=user.revision + 1)
    await work.users.update(changed)
    if changed.name != user.name:
        await work.workspaces.lock_joined(user.id)
        await work.members.rename(user.id, name=changed.name, at=work.now)
    return changed


async def change_password(work: Work, *, current_password: str, new_password: str) -> None:
    """Replace the caller's password, and end all of their sessions but the one they call through.

    Raises PasswordWrong (also when another call changed the password meanwhile) and AccountGone.
    """
    user_id = work.principal.user_id
    credentials = await work.credentials.find(user_id)
    if credentials is None:
        raise AccountGone(user_id)
    verified = await work.passwords.verify(current_password, password_hash=credentials.password_hash)
    if credentials.password_hash is None or not verified:
        raise PasswordWrong
    new_hash = await work.passwords.hash(new_password)
    if not await work.users.lock_if_password(user_id, password_hash=credentials.password_hash):
        raise PasswordWrong
    await work.users.set_password(user_id, password_hash=new_hash)
    await work.sessions.delete_all(user_id, keep=work.principal.session_id)


async def reset_password(work: Work, *, email: str, new_password: str) -> None:
    """Replace the password of the account with this *email*, and end all of its sessions. For operators.

    Raises UserNotFound.
    """
    credentials = await work.credentials.find_by_email(email_key(email))
    new_hash = await work.passwords.hash(new_password)
    if credentials is None or await work.users.lock(credentials.user_id) is None:
        raise UserNotFound
    await work.users.set_password(credentials.user_id, password_hash=new_hash)
    await work.sessions.delete_all(credentials.user_id)


async def delete(work: Work) -> None:
    """Delete the caller's account, and each workspace in which they are alone; leave the others.

    Raises SoleOwner, naming the shared workspaces that would be left without an owner; AccountGone.
    """
    user = await _me(work)
    await work.workspaces.lock_joined(user.id)
    standings = await work.members.standings(user.id)
    orphaned = [s.workspace_id for s in standings if s.leaves_no_owner]
    if orphaned:
        raise SoleOwner(orphaned)
    await work.workspaces.delete([s.workspace_id for s in standings if s.is_alone])
    await work.members.remove(user.id)
    await work.users.delete(user.id)


async def _me(work: Work) -> User:
    """A write that names no workspace holds the lock on its caller's account."""
    user = await work.users.get(work.principal.user_id)
    if user is None:
        raise AccountGone(work.principal.user_id)
    return user

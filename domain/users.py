"""Accounts: registering, the profile, the password, the address, leaving."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import invitations, secret_tokens, workspaces
from domain.checks import Checks
from domain.emails import email_key
from domain.model.members import SoleOwner
from domain.model.one_time_tokens import OneTimeKind, OneTimeToken, TokenInvalid
from domain.model.passwords import PasswordMissing, PasswordWrong
from domain.model.queued_emails import EmailKind, QueuedEmail
from domain.model.users import (
    AccountGone,
    EmailTaken,
    EmailVerified,
    InvitationRequired,
    RegistrationClosed,
    User,
    UserNotFound,
)
from domain.passwords import check_password
from domain.unit_of_work import UnitOfWork
from domain.unset import UNSET, Unset, given
from domain.zones import check_zone

_ZONE_POINTER: Final = "#/time_zone"
_INVITATION_POINTER: Final = "#/invitation_token"


async def register(  # noqa: PLR0913  # what an account is made of
    uow: UnitOfWork, *, email: str, password: str, name: str, time_zone: str, invitation_token: str | None = None
) -> User:
    """A new account with a personal workspace and its inbox; with an invitation, it is accepted.

    Raises RegistrationClosed, InvitationRequired; InvitationInvalid, TimeZoneUnknown, PasswordCommon, or
    InvalidTogether; EmailTaken.
    """
    if uow.policy.registration == "closed":
        raise RegistrationClosed
    if uow.policy.registration == "invited" and invitation_token is None:
        raise InvitationRequired
    checks = Checks()
    with checks:
        check_zone(time_zone, pointer=_ZONE_POINTER)
    with checks:
        check_password(uow, password, pointer="#/password", email=email, name=name)
    invitation = None
    if invitation_token is not None:  # with a token that is not good nothing is hashed, and no address looked up
        with checks:
            invitation = await invitations.find(
                uow.credentials, invitation_token, now=uow.now, pointer=_INVITATION_POINTER
            )
    checks.finish()
    password_hash = await uow.passwords.hash(password)
    user = User(
        id=uow.new_id(),
        email=email,
        email_verified_at=None,
        name=name,
        time_zone=time_zone,
        created_at=uow.now,
        updated_at=uow.now,
        revision=1,
    )
    await uow.users.add(user, email_key=email_key(email), password_hash=password_hash)
    await uow.account_log.add("account.registered", user_id=user.id)
    await workspaces.create_with_inbox(uow, owner=user, name=workspaces.PERSONAL_NAME, personal=True)
    await uow.outbox.add(_queued_email(uow, "verification", email=email, user_id=user.id))
    if invitation is not None:
        await invitations.join(uow, user, invitation, pointer=_INVITATION_POINTER)
        if invitation.mailed_at is not None and email_key(invitation.email) == email_key(email):  # it was read there
            return await _verify(uow, user)
    return user


async def get_me(uow: UnitOfWork) -> User:
    """The caller's account. Raises AccountGone when it was deleted a moment ago."""
    user_id = uow.principal.user_id
    user = await uow.users.get(user_id)
    if user is None:
        raise AccountGone(user_id)
    return user


async def update(uow: UnitOfWork, *, name: str | Unset = UNSET, time_zone: str | Unset = UNSET) -> User:
    """Change the caller's profile; a new name is carried into each of their workspaces.

    Raises TimeZoneUnknown, AccountGone.
    """
    if time_zone is not UNSET:
        check_zone(time_zone, pointer=_ZONE_POINTER)
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


async def change_password(uow: UnitOfWork, *, current_password: str, new_password: str) -> None:
    """Replace the caller's password, and end all of their sessions but the one they call through.

    Raises PasswordCommon, PasswordWrong (also when another call changed the password meanwhile), or InvalidTogether;
    AccountGone.
    """
    user_id = uow.principal.user_id
    credentials = await uow.credentials.find(user_id)
    if credentials is None:
        raise AccountGone(user_id)
    checks = Checks()
    with checks:
        check_password(uow, new_password, pointer="#/new_password", email=credentials.email, name=credentials.name)
    with checks:
        current_hash = await _prove(uow, current_password, password_hash=credentials.password_hash)
    checks.finish()
    new_hash = await uow.passwords.hash(new_password)
    if not await uow.users.lock_if_password(user_id, password_hash=current_hash):
        raise PasswordWrong
    await _store_password(uow, user_id, password_hash=new_hash, keep=uow.principal.session_id)
    await uow.account_log.add("password.changed")


async def send_verification(uow: UnitOfWork) -> None:
    """Let the caller's address be sent another mail by which it can be verified. Raises EmailVerified, AccountGone."""
    user = await get_me(uow)
    if user.email is None or user.email_verified_at is not None:
        raise EmailVerified
    await uow.outbox.add(_queued_email(uow, "verification", email=user.email, user_id=user.id))


async def change_email(uow: UnitOfWork, *, email: str, current_password: str | None) -> None:
    """Let *email* be sent a mail by which it replaces the caller's address; the address it replaces is sent a notice.

    Nothing changes until then. The caller's own address calls off what waits. An account without a password needs none.

    Raises PasswordMissing, PasswordWrong, EmailTaken, AccountGone.
    """
    credentials = await uow.credentials.find(uow.principal.user_id)
    if credentials is None:
        raise AccountGone(uow.principal.user_id)
    if credentials.password_hash is not None:
        if current_password is None:
            raise PasswordMissing
        current_hash = await _prove(uow, current_password, password_hash=credentials.password_hash)
        if not await uow.users.lock_if_password(credentials.user_id, password_hash=current_hash):
            raise PasswordWrong
    is_own = credentials.email is not None and email_key(email) == email_key(credentials.email)
    if not is_own and await uow.credentials.find_by_email(email_key(email)) is not None:
        raise EmailTaken
    user = await get_me(uow)
    await uow.users.update(replace(user, new_email=None if is_own else email))
    await uow.outbox.withdraw("email_change", user_id=user.id)
    if is_own:
        return
    await uow.account_log.add("email.change_requested")
    await uow.outbox.add(_queued_email(uow, "email_change", email=email, user_id=user.id))
    await _notify(uow, "email_changing", user)


async def _notify(uow: UnitOfWork, kind: EmailKind, user: User) -> None:
    """Tell the address that a user has, if it was shown to be theirs: a stranger has nothing to do with it."""
    if user.email is not None and user.email_verified_at is not None:
        await uow.outbox.add(_queued_email(uow, kind, email=user.email, user_id=user.id))


async def verify_email(uow: UnitOfWork, token: str) -> None:
    """Note that what was sent to the address of an account, or to the one that is to replace it, is read.

    The token is spent. Raises TokenInvalid; EmailTaken where somebody else has the new address by now.
    """
    if secret_tokens.digest_of(token, kind="email_change") is not None:
        await _replace_email(uow, await _find_token(uow, token, kind="email_change"))
        return
    await _verify(uow, await _spend(uow, await _find_token(uow, token, kind="verification")))


async def request_password_reset(uow: UnitOfWork, *, email: str) -> None:
    """Let whoever has this address, if anybody does, be sent a mail by which they can set a new password.

    It does the same whether or not somebody has it.
    """
    await uow.outbox.add(_queued_email(uow, "reset", email=email))


async def reset_password(uow: UnitOfWork, token: str, *, new_password: str) -> None:
    """Replace the password of the account that the token was sent to. The token is spent.

    It proves the address, too. All that opens the account ends, sessions and personal tokens: somebody else may have
    the old password, or may have made the account to lie in wait for whoever has the address (ADR 32).

    Raises TokenInvalid, PasswordCommon, or InvalidTogether.
    """
    checks = Checks()
    credentials = None
    with checks:
        found = await _find_token(uow, token, kind="reset")
        credentials = await uow.credentials.find(found.user_id)
        if credentials is None:
            raise TokenInvalid
    email, name = (None, "") if credentials is None else (credentials.email, credentials.name)
    with checks:
        check_password(uow, new_password, pointer="#/new_password", email=email, name=name)
    checks.finish()
    new_hash = await uow.passwords.hash(new_password)
    user = await _verify(uow, await _spend(uow, found))
    await _store_password(uow, user.id, password_hash=new_hash)
    if await uow.tokens.delete_all(user.id):
        await uow.account_log.add("tokens.deleted", user_id=user.id)
    await uow.account_log.add("password.reset", user_id=user.id)


async def set_password(uow: UnitOfWork, *, email: str, new_password: str) -> None:
    """Replace the password of the account with this *email*, and end all of its sessions. For operators.

    Raises UserNotFound, PasswordCommon.
    """
    credentials = await uow.credentials.find_by_email(email_key(email))
    if credentials is None:
        raise UserNotFound
    check_password(uow, new_password, pointer="#/new_password", email=credentials.email, name=credentials.name)
    new_hash = await uow.passwords.hash(new_password)
    if await uow.users.lock(credentials.user_id) is None:
        raise UserNotFound
    await _store_password(uow, credentials.user_id, password_hash=new_hash)
    await uow.account_log.add("password.reset", user_id=credentials.user_id)


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


async def _prove(uow: UnitOfWork, password: str, *, password_hash: str | None) -> str:
    """The hash that *password* is verified with. An account without a password has none to prove."""
    verified = await uow.passwords.verify(password, password_hash=password_hash)
    if password_hash is None or not verified:
        raise PasswordWrong
    return password_hash


def _queued_email(uow: UnitOfWork, kind: EmailKind, *, email: str, user_id: UUID | None = None) -> QueuedEmail:
    return QueuedEmail(
        id=uow.new_id(),
        kind=kind,
        email=email,
        email_key=email_key(email),
        created_at=uow.now,
        due_at=uow.now,
        user_id=user_id,
    )


async def _find_token(uow: UnitOfWork, text: str, *, kind: OneTimeKind) -> OneTimeToken:
    """Before anything is locked or hashed: no work is done for a token that is none."""
    digest = secret_tokens.digest_of(text, kind=kind)
    token = None if digest is None else await uow.credentials.find_token(digest)
    if token is None:
        raise TokenInvalid
    return token


async def _spend(uow: UnitOfWork, token: OneTimeToken) -> User:
    """The user that the token was sent to, locked before it. Of two who bring it at once, one is let through."""
    user = await uow.users.lock(token.user_id)
    if user is None or user.email is None or email_key(user.email) != token.email_key:
        raise TokenInvalid
    if not await uow.one_time_tokens.spend(token.digest, now=uow.now):
        raise TokenInvalid
    return user


async def _replace_email(uow: UnitOfWork, token: OneTimeToken) -> None:
    """Sessions and personal tokens stay: whoever asked for it had the password. Tokens for the old address are void."""
    user = await uow.users.lock(token.user_id)
    if user is None or user.new_email is None or email_key(user.new_email) != token.email_key:
        raise TokenInvalid
    if not await uow.one_time_tokens.spend(token.digest, now=uow.now):
        raise TokenInvalid
    changed = replace(
        user,
        email=user.new_email,
        email_verified_at=uow.now,
        new_email=None,
        updated_at=uow.now,
        revision=user.revision + 1,
    )
    await uow.users.update(changed)
    await uow.account_log.add("email.changed", user_id=user.id)
    await _notify(uow, "email_changed", user)


async def _verify(uow: UnitOfWork, user: User) -> User:
    """Note that a locked user's address is theirs. One that was verified before keeps the time it was."""
    if user.email_verified_at is not None:
        return user
    changed = replace(user, email_verified_at=uow.now, updated_at=uow.now, revision=user.revision + 1)
    await uow.users.update(changed)
    await uow.account_log.add("email.verified", user_id=user.id)
    return changed


async def _store_password(uow: UnitOfWork, user_id: UUID, *, password_hash: str, keep: UUID | None = None) -> None:
    """All that the old password began ends with it: sessions but the one to *keep*, and a change of the address."""
    await uow.users.set_password(user_id, password_hash=password_hash)
    await uow.users.call_off_email(user_id)
    await uow.one_time_tokens.delete(user_id, kind="reset")
    await uow.sessions.delete_all(user_id, keep=keep)

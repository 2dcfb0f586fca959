"""Accounts: registering, the profile, the password, the address, leaving."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import invitations, opaque, workspaces
from domain.checks import Checks
from domain.emails import email_key
from domain.entities import Mail, MailKind, OneTimeKind, OneTimeToken, User
from domain.errors import (
    AccountGone,
    EmailTaken,
    EmailVerified,
    InvitationRequired,
    PasswordMissing,
    PasswordWrong,
    RegistrationClosed,
    SoleOwner,
    TokenInvalid,
    UserNotFound,
)
from domain.passwords import check_password
from domain.ports import Work
from domain.unset import UNSET, Unset, given
from domain.zones import check_zone

_ZONE_POINTER: Final = "#/time_zone"
_INVITATION_POINTER: Final = "#/invitation_token"


async def register(  # noqa: PLR0913  # what an account is made of
    work: Work, *, email: str, password: str, name: str, time_zone: str, invitation_token: str | None = None
) -> User:
    """A new account with a personal workspace and its inbox; with an invitation, it is accepted.

    Raises RegistrationClosed, InvitationRequired; InvitationInvalid, TimeZoneUnknown, PasswordCommon, or
    InvalidTogether; EmailTaken.
    """
    if work.policy.registration == "closed":
        raise RegistrationClosed
    if work.policy.registration == "invited" and invitation_token is None:
        raise InvitationRequired
    checks = Checks()
    with checks:
        check_zone(time_zone, pointer=_ZONE_POINTER)
    with checks:
        check_password(work, password, pointer="#/password", email=email, name=name)
    invitation = None
    if invitation_token is not None:  # with a token that is not good nothing is hashed, and no address looked up
        with checks:
            invitation = await invitations.find(
                work.credentials, invitation_token, now=work.now, pointer=_INVITATION_POINTER
            )
    checks.finish()
    password_hash = await work.passwords.hash(password)
    user = User(
        id=work.new_id(),
        email=email,
        email_verified_at=None,
        name=name,
        time_zone=time_zone,
        created_at=work.now,
        updated_at=work.now,
        revision=1,
    )
    await work.users.add(user, email_key=email_key(email), password_hash=password_hash)
    await work.account_log.add("account.registered", user_id=user.id)
    await workspaces.found(work, owner=user, name=workspaces.PERSONAL_NAME, personal=True)
    await work.outbox.add(_mail(work, "verification", email=email, user_id=user.id))
    if invitation is not None:
        await invitations.join(work, user, invitation, pointer=_INVITATION_POINTER)
        if invitation.mailed_at is not None and email_key(invitation.email) == email_key(email):  # it was read there
            return await _verify(work, user)
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
    user = await get_me(work)
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

    Raises PasswordCommon, PasswordWrong (also when another call changed the password meanwhile), or InvalidTogether;
    AccountGone.
    """
    user_id = work.principal.user_id
    credentials = await work.credentials.find(user_id)
    if credentials is None:
        raise AccountGone(user_id)
    checks = Checks()
    with checks:
        check_password(work, new_password, pointer="#/new_password", email=credentials.email, name=credentials.name)
    with checks:
        current_hash = await _prove(work, current_password, password_hash=credentials.password_hash)
    checks.finish()
    new_hash = await work.passwords.hash(new_password)
    if not await work.users.lock_if_password(user_id, password_hash=current_hash):
        raise PasswordWrong
    await _store_password(work, user_id, password_hash=new_hash, keep=work.principal.session_id)
    await work.account_log.add("password.changed")


async def send_verification(work: Work) -> None:
    """Let the caller's address be sent another mail by which it can be verified. Raises EmailVerified, AccountGone."""
    user = await get_me(work)
    if user.email is None or user.email_verified_at is not None:
        raise EmailVerified
    await work.outbox.add(_mail(work, "verification", email=user.email, user_id=user.id))


async def change_email(work: Work, *, email: str, current_password: str | None) -> None:
    """Let *email* be sent a mail by which it replaces the caller's address; the address it replaces is sent a notice.

    Nothing changes until then. The caller's own address calls off what waits. An account without a password needs none.

    Raises PasswordMissing, PasswordWrong, EmailTaken, AccountGone.
    """
    credentials = await work.credentials.find(work.principal.user_id)
    if credentials is None:
        raise AccountGone(work.principal.user_id)
    if credentials.password_hash is not None:
        if current_password is None:
            raise PasswordMissing
        current_hash = await _prove(work, current_password, password_hash=credentials.password_hash)
        if not await work.users.lock_if_password(credentials.user_id, password_hash=current_hash):
            raise PasswordWrong
    is_own = credentials.email is not None and email_key(email) == email_key(credentials.email)
    if not is_own and await work.credentials.find_by_email(email_key(email)) is not None:
        raise EmailTaken
    user = await get_me(work)
    await work.users.update(replace(user, new_email=None if is_own else email))
    await work.outbox.withdraw("email_change", user_id=user.id)
    if is_own:
        return
    await work.account_log.add("email.change_requested")
    await work.outbox.add(_mail(work, "email_change", email=email, user_id=user.id))
    await _notify(work, "email_changing", user)


async def _notify(work: Work, kind: MailKind, user: User) -> None:
    """Tell the address that a user has, if it was shown to be theirs: a stranger has nothing to do with it."""
    if user.email is not None and user.email_verified_at is not None:
        await work.outbox.add(_mail(work, kind, email=user.email, user_id=user.id))


async def verify_email(work: Work, token: str) -> None:
    """Note that what was sent to the address of an account, or to the one that is to replace it, is read.

    The token is spent. Raises TokenInvalid; EmailTaken where somebody else has the new address by now.
    """
    if opaque.digest_of(token, kind="email_change") is not None:
        await _replace_email(work, await _find_token(work, token, kind="email_change"))
        return
    await _verify(work, await _spend(work, await _find_token(work, token, kind="verification")))


async def request_password_reset(work: Work, *, email: str) -> None:
    """Let whoever has this address, if anybody does, be sent a mail by which they can set a new password.

    It does the same whether or not somebody has it.
    """
    await work.outbox.add(_mail(work, "reset", email=email))


async def reset_password(work: Work, token: str, *, new_password: str) -> None:
    """Replace the password of the account that the token was sent to. The token is spent.

    It proves the address, too. All that opens the account ends, sessions and personal tokens: somebody else may have
    the old password, or may have made the account to lie in wait for whoever has the address (ADR 32).

    Raises TokenInvalid, PasswordCommon, or InvalidTogether.
    """
    checks = Checks()
    credentials = None
    with checks:
        found = await _find_token(work, token, kind="reset")
        credentials = await work.credentials.find(found.user_id)
        if credentials is None:
            raise TokenInvalid
    email, name = (None, "") if credentials is None else (credentials.email, credentials.name)
    with checks:
        check_password(work, new_password, pointer="#/new_password", email=email, name=name)
    checks.finish()
    new_hash = await work.passwords.hash(new_password)
    user = await _verify(work, await _spend(work, found))
    await _store_password(work, user.id, password_hash=new_hash)
    if await work.tokens.delete_all(user.id):
        await work.account_log.add("tokens.deleted", user_id=user.id)
    await work.account_log.add("password.reset", user_id=user.id)


async def set_password(work: Work, *, email: str, new_password: str) -> None:
    """Replace the password of the account with this *email*, and end all of its sessions. For operators.

    Raises UserNotFound, PasswordCommon.
    """
    credentials = await work.credentials.find_by_email(email_key(email))
    if credentials is None:
        raise UserNotFound
    check_password(work, new_password, pointer="#/new_password", email=credentials.email, name=credentials.name)
    new_hash = await work.passwords.hash(new_password)
    if await work.users.lock(credentials.user_id) is None:
        raise UserNotFound
    await _store_password(work, credentials.user_id, password_hash=new_hash)
    await work.account_log.add("password.reset", user_id=credentials.user_id)


async def delete(work: Work) -> None:
    """Delete the caller's account, and each workspace in which they are alone; leave the others.

    Raises SoleOwner, naming the shared workspaces that would be left without an owner; AccountGone.
    """
    user = await get_me(work)
    await work.workspaces.lock_joined(user.id)
    standings = await work.members.standings(user.id)
    orphaned = [s.workspace_id for s in standings if s.leaves_no_owner]
    if orphaned:
        raise SoleOwner(orphaned)
    await work.workspaces.delete([s.workspace_id for s in standings if s.is_alone])
    await work.invitations.withdraw_all(user.id)
    await work.members.remove(user.id)
    await work.users.delete(user.id)


async def _prove(work: Work, password: str, *, password_hash: str | None) -> str:
    """The hash that *password* is verified with. An account without a password has none to prove."""
    verified = await work.passwords.verify(password, password_hash=password_hash)
    if password_hash is None or not verified:
        raise PasswordWrong
    return password_hash


def _mail(work: Work, kind: MailKind, *, email: str, user_id: UUID | None = None) -> Mail:
    return Mail(
        id=work.new_id(),
        kind=kind,
        email=email,
        email_key=email_key(email),
        created_at=work.now,
        due_at=work.now,
        user_id=user_id,
    )


async def _find_token(work: Work, text: str, *, kind: OneTimeKind) -> OneTimeToken:
    """Before anything is locked or hashed: no work is done for a token that is none."""
    digest = opaque.digest_of(text, kind=kind)
    token = None if digest is None else await work.credentials.find_token(digest)
    if token is None:
        raise TokenInvalid
    return token


async def _spend(work: Work, token: OneTimeToken) -> User:
    """The user that the token was sent to, locked before it. Of two who bring it at once, one is let through."""
    user = await work.users.lock(token.user_id)
    if user is None or user.email is None or email_key(user.email) != token.email_key:
        raise TokenInvalid
    if not await work.one_time_tokens.spend(token.digest, now=work.now):
        raise TokenInvalid
    return user


async def _replace_email(work: Work, token: OneTimeToken) -> None:
    """Sessions and personal tokens stay: whoever asked for it had the password. Tokens for the old address are void."""
    user = await work.users.lock(token.user_id)
    if user is None or user.new_email is None or email_key(user.new_email) != token.email_key:
        raise TokenInvalid
    if not await work.one_time_tokens.spend(token.digest, now=work.now):
        raise TokenInvalid
    changed = replace(
        user,
        email=user.new_email,
        email_verified_at=work.now,
        new_email=None,
        updated_at=work.now,
        revision=user.revision + 1,
    )
    await work.users.update(changed)
    await work.account_log.add("email.changed", user_id=user.id)
    await _notify(work, "email_changed", user)


async def _verify(work: Work, user: User) -> User:
    """Note that a locked user's address is theirs. One that was verified before keeps the time it was."""
    if user.email_verified_at is not None:
        return user
    changed = replace(user, email_verified_at=work.now, updated_at=work.now, revision=user.revision + 1)
    await work.users.update(changed)
    await work.account_log.add("email.verified", user_id=user.id)
    return changed


async def _store_password(work: Work, user_id: UUID, *, password_hash: str, keep: UUID | None = None) -> None:
    """All that the old password began ends with it: sessions but the one to *keep*, and a change of the address."""
    await work.users.set_password(user_id, password_hash=password_hash)
    await work.users.call_off_email(user_id)
    await work.one_time_tokens.delete(user_id, kind="reset")
    await work.sessions.delete_all(user_id, keep=keep)

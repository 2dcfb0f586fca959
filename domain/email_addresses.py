"""E-mail addresses: how a user proves that an address is theirs, and how they change it."""

from dataclasses import replace

from domain import one_time_tokens, passwords, queued_emails, secret_tokens, users
from domain.emails import email_key
from domain.model.passwords import PasswordMissing, PasswordWrong
from domain.model.queued_emails import EmailKind
from domain.model.users import AccountGone, EmailTaken, EmailVerified, User
from domain.unit_of_work import UnitOfWork


async def send_verification(uow: UnitOfWork) -> None:
    """Queue another e-mail that verifies the caller's address. Raises EmailVerified, AccountGone."""
    user = await users.get_me(uow)
    if user.email is None or user.email_verified_at is not None:
        raise EmailVerified
    await queued_emails.queue(uow, "verification", email=user.email, user_id=user.id)


async def change(uow: UnitOfWork, *, email: str, current_password: str | None) -> None:
    """Queue an e-mail to *email* whose token makes it the caller's address, and a notice to the current address.

    Until then nothing changes. The caller's current address cancels a change that waits. An account without a password
    needs none.

    Raises PasswordMissing, PasswordWrong, EmailTaken, AccountGone.
    """
    credentials = await uow.credentials.find(uow.principal.user_id)
    if credentials is None:
        raise AccountGone(uow.principal.user_id)
    if credentials.password_hash is not None:
        if current_password is None:
            raise PasswordMissing
        current_hash = await passwords.prove(uow, current_password, password_hash=credentials.password_hash)
        if not await uow.users.lock_if_password(credentials.user_id, password_hash=current_hash):
            raise PasswordWrong
    is_own = credentials.email is not None and email_key(email) == email_key(credentials.email)
    if not is_own and await uow.credentials.find_by_email(email_key(email)) is not None:
        raise EmailTaken
    user = await users.get_me(uow)
    await uow.users.update(replace(user, new_email=None if is_own else email))
    await uow.outbox.withdraw("email_change", user_id=user.id)
    if is_own:
        return
    await uow.account_log.add("email.change_requested")
    await queued_emails.queue(uow, "email_change", email=email, user_id=user.id)
    await _notify(uow, "email_changing", user)


async def verify(uow: UnitOfWork, token: str) -> None:
    """Mark the address that the token was sent to as verified. A new address replaces the account's current one.

    Raises TokenInvalid; EmailTaken if another account has the new address by now.
    """
    if secret_tokens.digest_of(token, kind="email_change") is not None:
        await _replace(uow, token)
        return
    user = await one_time_tokens.spend(uow, await one_time_tokens.find(uow, token, kind="verification"))
    await users.mark_verified(uow, user)


async def _replace(uow: UnitOfWork, token: str) -> None:
    """Sessions and personal tokens stay valid: the change was requested with the password."""
    user = await one_time_tokens.spend(uow, await one_time_tokens.find(uow, token, kind="email_change"))
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


async def _notify(uow: UnitOfWork, kind: EmailKind, user: User) -> None:
    """Queue a notice to the address that *user* has, if it is verified. Otherwise it may be somebody else's."""
    if user.email is not None and user.email_verified_at is not None:
        await queued_emails.queue(uow, kind, email=user.email, user_id=user.id)

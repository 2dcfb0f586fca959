"""Passwords: what a new one must not be, and the ways to set one."""

from unicodedata import normalize
from uuid import UUID

from domain import one_time_tokens, queued_emails, users
from domain.checks import Checks
from domain.emails import email_key
from domain.model.one_time_tokens import TokenInvalid
from domain.model.passwords import PasswordCommon, PasswordWrong
from domain.model.users import AccountGone, Credentials, UserNotFound
from domain.unit_of_work import UnitOfWork


def check_password(uow: UnitOfWork, password: str, *, pointer: str, email: str | None, name: str) -> None:
    """Raise PasswordCommon if a user with this *email* and *name* must not have this password.

    To be called before the password is hashed. *pointer* is its place in the request body.
    """
    address = () if email is None else (email, email.partition("@")[0])
    if _is_one_character(password) or uow.passwords.is_guessable(password, known=(*address, name)):
        raise PasswordCommon(pointer=pointer)


async def prove(uow: UnitOfWork, password: str, *, password_hash: str | None) -> str:
    """Return the hash that *password* matches. Raises PasswordWrong, also for an account without a password."""
    verified = await uow.passwords.verify(password, password_hash=password_hash)
    if password_hash is None or not verified:
        raise PasswordWrong
    return password_hash


async def change(uow: UnitOfWork, *, current_password: str, new_password: str) -> None:
    """Replace the caller's password, and end all their sessions except the one that sends the request.

    Raises PasswordCommon, PasswordWrong (also when another request changed the password meanwhile), or InvalidTogether;
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
        current_hash = await prove(uow, current_password, password_hash=credentials.password_hash)
    checks.finish()
    new_hash = await uow.passwords.hash(new_password)
    if not await uow.users.lock_if_password(user_id, password_hash=current_hash):
        raise PasswordWrong
    await _store(uow, user_id, password_hash=new_hash, keep=uow.principal.session_id)
    await uow.account_log.add("password.changed")


async def request_reset(uow: UnitOfWork, *, email: str) -> None:
    """Queue an e-mail with a token for a new password. It does the same if no account has this address."""
    await queued_emails.queue(uow, "reset", email=email)


async def reset(uow: UnitOfWork, token: str, *, new_password: str) -> None:
    """Replace the password of the account to which the token was sent. The token is spent.

    The address is verified with it. All sessions and personal tokens of the account end: somebody else may know the old
    password, or may have created the account with an address that is not theirs (ADR 32).

    Raises TokenInvalid, PasswordCommon, or InvalidTogether.
    """
    checks = Checks()
    credentials = None
    with checks:
        found = await one_time_tokens.find(uow, token, kind="reset")
        credentials = await uow.credentials.find(found.user_id)
        if credentials is None:
            raise TokenInvalid
    email, name = (None, "") if credentials is None else (credentials.email, credentials.name)
    with checks:
        check_password(uow, new_password, pointer="#/new_password", email=email, name=name)
    checks.finish()
    new_hash = await uow.passwords.hash(new_password)
    user = await users.mark_verified(uow, await one_time_tokens.spend(uow, found))
    await _store(uow, user.id, password_hash=new_hash)
    if await uow.tokens.delete_all(user.id):
        await uow.account_log.add("tokens.deleted", user_id=user.id)
    await uow.account_log.add("password.reset", user_id=user.id)


async def require_account(uow: UnitOfWork, *, email: str) -> Credentials:
    """Return the credentials of the account with this *email*. Raises UserNotFound."""
    credentials = await uow.credentials.find_by_email(email_key(email))
    if credentials is None:
        raise UserNotFound
    return credentials


async def set_by_operator(uow: UnitOfWork, *, email: str, new_password: str) -> None:
    """Replace the password of the account with this *email*, and end all of its sessions.

    Raises UserNotFound, PasswordCommon.
    """
    credentials = await require_account(uow, email=email)
    check_password(uow, new_password, pointer="#/new_password", email=credentials.email, name=credentials.name)
    new_hash = await uow.passwords.hash(new_password)
    if await uow.users.lock(credentials.user_id) is None:
        raise UserNotFound
    await _store(uow, credentials.user_id, password_hash=new_hash)
    await uow.account_log.add("password.reset", user_id=credentials.user_id)


async def _store(uow: UnitOfWork, user_id: UUID, *, password_hash: str, keep: UUID | None = None) -> None:
    """End what was begun with the old password: sessions except the one to *keep*, and a change of the address."""
    await uow.users.set_password(user_id, password_hash=password_hash)
    await uow.users.call_off_email(user_id)
    await uow.one_time_tokens.delete(user_id, kind="reset")
    await uow.sessions.delete_all(user_id, keep=keep)


def _is_one_character(password: str) -> bool:
    """Return whether it is one character repeated, in either case and any width: `aaAA`, or the mask `**********`."""
    return len(set(normalize("NFKC", password).casefold())) == 1

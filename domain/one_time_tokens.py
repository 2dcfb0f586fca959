"""Tokens that were sent by e-mail, each of which can be used once."""

from domain import secret_tokens
from domain.emails import email_key
from domain.model.one_time_tokens import OneTimeKind, OneTimeToken, TokenInvalid
from domain.model.users import User
from domain.unit_of_work import UnitOfWork


async def find(uow: UnitOfWork, text: str, *, kind: OneTimeKind) -> OneTimeToken:
    """Return the stored token, before anything is locked or hashed. Raises TokenInvalid."""
    digest = secret_tokens.digest_of(text, kind=kind)
    token = None if digest is None else await uow.credentials.find_token(digest)
    if token is None:
        raise TokenInvalid
    return token


async def spend(uow: UnitOfWork, token: OneTimeToken) -> User:
    """Spend a token that was found, and return the locked user to whose address it was sent.

    For an e-mail change, that is the new address. Raises TokenInvalid, also for all but one of the requests that send
    the same token at the same time.
    """
    user = await uow.users.lock(token.user_id)
    if user is None:
        raise TokenInvalid
    email = user.new_email if token.kind == "email_change" else user.email
    if email is None or email_key(email) != token.email_key:
        raise TokenInvalid
    if not await uow.one_time_tokens.spend(token.digest, now=uow.now):
        raise TokenInvalid
    return user

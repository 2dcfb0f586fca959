"""Logging in, refreshing, and logging out.

A session has short-lived access tokens and one live refresh token. A refresh spends the token and creates another; a
spent one that is used again was copied, by the client or by a thief, and ends the session. Within a few seconds the
second use is taken for a client that lost its response: the token is exchanged, and the live one is spent instead. So
there is one live token at any time, and either the client or the thief will use a spent one too late.

Source: RFC 9700, 4.14.2.
"""

import datetime as dt
from dataclasses import dataclass, replace
from uuid import UUID

from domain import blank, pages, secret_tokens
from domain.emails import email_key
from domain.model.sessions import (
    NoCurrentSession,
    RefreshTokenInvalid,
    Session,
    SessionNotFound,
    StoredToken,
    WrongCredentials,
)
from domain.pages import DEFAULT_LIMIT, Page
from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokens:
    """A session's new pair of tokens, in the clear. Only their bearer ever gets them."""

    session: Session
    access_token: str
    refresh_token: str
    access_lifetime_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """A spent refresh token was used again, and the session was ended. Not an error, because it must be committed."""

    session_id: UUID


async def log_in(uow: UnitOfWork, *, email: str, password: str, device: str | None = None) -> SessionTokens:
    """Create a session, on the *device* that is named or, without one, that of the request's origin.

    An outdated password hash is replaced. Raises TextBlank; WrongCredentials for an unknown address, for an account
    without a password, and for a wrong password, after the same time.
    """
    if device is not None:
        blank.require_seen(device, name="device")
    credentials = await uow.credentials.find_by_email(email_key(email))
    password_hash = None if credentials is None else credentials.password_hash
    verified = await uow.passwords.verify(password, password_hash=password_hash)
    if credentials is None or credentials.password_hash is None or not verified:
        raise WrongCredentials
    user_id = credentials.user_id
    outdated = uow.passwords.needs_rehash(credentials.password_hash)
    new_hash = await uow.passwords.hash(password) if outdated else None
    if not await uow.users.lock_if_password(user_id, password_hash=credentials.password_hash):
        raise WrongCredentials
    if new_hash is not None:
        await uow.users.set_password(user_id, password_hash=new_hash)
    session = Session(
        id=uow.new_id(),
        user_id=user_id,
        device=device or uow.origin.device,
        created_at=uow.now,
        last_refreshed_at=uow.now,
        last_used_at=uow.now,
        expires_at=uow.now + uow.policy.session_lifetime,
    )
    await uow.sessions.add(session)
    await uow.account_log.add("session.started", user_id=user_id, session_id=session.id)
    return await _issue(uow, session)


async def refresh(uow: UnitOfWork, refresh_token: str) -> SessionTokens | SessionEnded:
    """Spend a refresh token for new tokens. One that was spent ends its session, which is returned, not raised.

    Within the policy's grace period it may be used again: its response may be lost.

    Raises RefreshTokenInvalid when the token is malformed, unknown or expired, or its session has ended.
    """
    digest = secret_tokens.digest_of(refresh_token, kind="refresh")
    session = None if digest is None else await uow.sessions.lock_by_refresh_token(digest)
    if digest is None or session is None or session.expires_at <= uow.now:
        raise RefreshTokenInvalid
    live = await uow.sessions.spend(session.id, at=uow.now)
    if live != digest and not await _may_come_again(uow, digest):
        await uow.sessions.delete(session.id, user_id=session.user_id)
        await uow.account_log.add("session.reused", user_id=session.user_id, session_id=session.id)
        return SessionEnded(session_id=session.id)
    session = replace(session, last_refreshed_at=uow.now, expires_at=uow.now + uow.policy.session_lifetime)
    await uow.sessions.extend(session)
    return await _issue(uow, session)


async def _may_come_again(uow: UnitOfWork, spent: bytes) -> bool:
    replaced_at = await uow.sessions.replaced_at(spent)
    if replaced_at is None:  # it was deleted meanwhile, so it was old
        return False
    return max(uow.now - replaced_at, dt.timedelta()) < uow.policy.refresh_grace  # clocks of servers differ


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Session]:
    """Return the caller's live sessions, oldest first. Raises CursorInvalid."""
    user_id = uow.principal.user_id
    return await pages.by_id(
        lambda last, count: uow.sessions.page(user_id, now=uow.now, after=last, limit=count),
        id_of=lambda session: session.id,
        binding=f"sessions {user_id}",
        limit=limit,
        cursor=cursor,
    )


async def get(uow: UnitOfWork, session_id: UUID) -> Session:
    """Return one of the caller's live sessions. Raises SessionNotFound."""
    session = await uow.sessions.get(session_id, user_id=uow.principal.user_id, now=uow.now)
    if session is None:
        raise SessionNotFound(session_id)
    return session


async def get_current(uow: UnitOfWork) -> Session:
    """Return the session of the request. Raises NoCurrentSession, SessionNotFound."""
    return await get(uow, _current(uow))


async def end(uow: UnitOfWork, session_id: UUID) -> None:
    """End one of the caller's sessions, at once. Raises SessionNotFound."""
    if not await uow.sessions.delete(session_id, user_id=uow.principal.user_id):
        raise SessionNotFound(session_id)
    await uow.account_log.add("session.ended", session_id=session_id)


async def end_current(uow: UnitOfWork) -> None:
    """End the session of the request. Raises NoCurrentSession, SessionNotFound."""
    await end(uow, _current(uow))


async def end_all(uow: UnitOfWork) -> None:
    """End all of the caller's sessions, including that of the request."""
    await uow.sessions.delete_all(uow.principal.user_id)
    await uow.account_log.add("sessions.ended")


def _current(uow: UnitOfWork) -> UUID:
    if uow.principal.session_id is None:
        raise NoCurrentSession
    return uow.principal.session_id


async def _issue(uow: UnitOfWork, session: Session) -> SessionTokens:
    access = secret_tokens.mint("session", random_bytes=uow.random_bytes)
    renewal = secret_tokens.mint("refresh", random_bytes=uow.random_bytes)
    lifetime = uow.policy.access_token_lifetime
    await uow.sessions.add_tokens(
        access=StoredToken(digest=access.digest, session_id=session.id, expires_at=uow.now + lifetime),
        refresh=StoredToken(digest=renewal.digest, session_id=session.id, expires_at=session.expires_at),
    )
    return SessionTokens(
        session=session,
        access_token=access.text,
        refresh_token=renewal.text,
        access_lifetime_s=int(lifetime.total_seconds()),
    )

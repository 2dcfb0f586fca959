"""Logging in, staying logged in, and logging out.

A session has short-lived access tokens and one live refresh token. A refresh spends the token and mints
another; a spent one that comes back has been copied, by the client or by a thief, and ends the session.
Source: RFC 9700, 4.14.2.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from domain import opaque, pages
from domain.entities import Session, StoredToken
from domain.errors import RefreshTokenInvalid, SessionNotFound, WrongCredentials
from domain.pages import DEFAULT_LIMIT, Page
from domain.ports import Work
from domain.users import email_key


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTokens:
    """A session's new pair of tokens, in the clear: only their bearer ever sees them."""

    session: Session
    access_token: str
    refresh_token: str
    access_lifetime_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """A spent refresh token came back, and the session was ended. No error, as it is to be committed."""

    session_id: UUID


async def log_in(work: Work, *, email: str, password: str) -> SessionTokens:
    """Begin a session. A password whose hash was made in an outdated way is hashed anew.

    Raises WrongCredentials for an unknown address, for an account without a password, and for a wrong password, after
    the same time.
    """
    credentials = await work.credentials.find_by_email(email_key(email))
    password_hash = None if credentials is None else credentials.password_hash
    verified = await work.passwords.verify(password, password_hash=password_hash)
    if credentials is None or credentials.password_hash is None or not verified:
        raise WrongCredentials
    user_id = credentials.user_id
    outdated = work.passwords.needs_rehash(credentials.password_hash)
    new_hash = await work.passwords.hash(password) if outdated else None
    if not await work.users.lock_if_password(user_id, password_hash=credentials.password_hash):
        raise WrongCredentials
    if new_hash is not None:
        await work.users.set_password(user_id, password_hash=new_hash)
    await work.sessions.delete_expired(user_id, now=work.now)
    session = Session(
        id=work.new_id(),
        user_id=user_id,
        created_at=work.now,
        last_refreshed_at=work.now,
        expires_at=work.now + work.policy.session_lifetime,
    )
    await work.sessions.add(session)
    return await _issue(work, session)


async def refresh(work: Work, refresh_token: str) -> SessionTokens | SessionEnded:
    """Spend a refresh token for new tokens. A spent one ends its session, which is returned, not raised.

    Raises RefreshTokenInvalid when the token is malformed, unknown or expired, or its session has ended.
    """
    digest = opaque.digest_of(refresh_token, kind="refresh")
    session = None if digest is None else await work.sessions.lock_by_refresh_token(digest)
    if digest is None or session is None or session.expires_at <= work.now:
        raise RefreshTokenInvalid
    if not await work.sessions.spend(digest, at=work.now):
        await work.sessions.delete(session.id, user_id=session.user_id)
        return SessionEnded(session_id=session.id)
    session = replace(session, last_refreshed_at=work.now, expires_at=work.now + work.policy.session_lifetime)
    await work.sessions.extend(session)
    return await _issue(work, session)


async def page(work: Work, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Session]:
    """The caller's live sessions, oldest first. Raises CursorInvalid."""
    user_id = work.principal.user_id
    binding = f"sessions {user_id}"
    after = None
    if cursor is not None:
        (key,) = pages.decode(cursor, binding, count=1)
        after = pages.id_from_key(key)
    rows = await work.sessions.page(user_id, now=work.now, after=after, limit=limit + 1)
    return pages.page_of(
        rows, limit=limit, cursor_of=lambda session: pages.encode(binding, pages.id_to_key(session.id))
    )


async def end(work: Work, session_id: UUID) -> None:
    """End one of the caller's sessions, at once. Raises SessionNotFound."""
    if not await work.sessions.delete(session_id, user_id=work.principal.user_id):
        raise SessionNotFound(session_id)


async def end_all(work: Work) -> None:
    """End all of the caller's sessions, the one they call through too."""
    await work.sessions.delete_all(work.principal.user_id)


async def _issue(work: Work, session: Session) -> SessionTokens:
    access = opaque.mint("session", random_bytes=work.random_bytes)
    renewal = opaque.mint("refresh", random_bytes=work.random_bytes)
    lifetime = work.policy.access_token_lifetime
    await work.sessions.add_tokens(
        access=StoredToken(digest=access.digest, session_id=session.id, expires_at=work.now + lifetime),
        refresh=StoredToken(digest=renewal.digest, session_id=session.id, expires_at=session.expires_at),
    )
    return SessionTokens(
        session=session,
        access_token=access.text,
        refresh_token=renewal.text,
        access_lifetime_s=int(lifetime.total_seconds()),
    )

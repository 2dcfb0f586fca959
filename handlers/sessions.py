"""Logging in, refreshing, logging out."""

from uuid import UUID

from domain import sessions
from domain.model.sessions import Session
from domain.sessions import SessionTokens
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import sent
from handlers.problems import CHALLENGE, SESSION_ENDED
from spec import responses
from spec.models import SessionCreate, SessionRefresh
from tickbox_contract.responses import Response, created, no_content, ok, problem


async def list_sessions(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's live sessions."""
    current = uow.principal.session_id

    def view(session: Session) -> responses.Session:
        return session_view(session, current=session.id == current)

    return ok(page_view(await sessions.page(uow, limit=limit, cursor=cursor), view))


async def create_session(uow: UnitOfWork, body: SessionCreate) -> Response:
    """201 with a new session's tokens: a log-in."""
    issued = await sessions.log_in(
        uow,
        email=body.email,
        password=body.password.get_secret_value(),
        device=sent(body.device, default=None),
    )
    return created(tokens_view(issued), location=f"/v1/sessions/{issued.session.id}")


async def delete_all_sessions(uow: UnitOfWork) -> Response:
    """204; all sessions of the caller have ended, including that of the request."""
    await sessions.end_all(uow)
    return no_content()


async def get_session(uow: UnitOfWork, session_id: UUID) -> Response:
    """200 with the session."""
    return ok(session_view(await sessions.get(uow, session_id), current=session_id == uow.principal.session_id))


async def delete_session(uow: UnitOfWork, session_id: UUID) -> Response:
    """204; the session has ended."""
    await sessions.end(uow, session_id)
    return no_content()


async def get_current_session(uow: UnitOfWork) -> Response:
    """200 with the session of the request."""
    return ok(session_view(await sessions.get_current(uow), current=True))


async def delete_current_session(uow: UnitOfWork) -> Response:
    """204; the session of the request has ended."""
    await sessions.end_current(uow)
    return no_content()


async def refresh_session(uow: UnitOfWork, body: SessionRefresh) -> Response:
    """200 with new tokens. A spent refresh token ends its session: the 401 is returned, so that this is committed."""
    refreshed = await sessions.refresh(uow, body.refresh_token.get_secret_value())
    if isinstance(refreshed, sessions.SessionEnded):
        detail = "This refresh token was used before, so its session has ended. Log in again."
        return problem(SESSION_ENDED, detail, headers=CHALLENGE)
    return ok(tokens_view(refreshed))


def session_view(session: Session, *, current: bool) -> responses.Session:
    """A `Session`; *current* is whether it is the session of the request."""
    return {
        "id": session.id,
        "device": session.device,
        "created_at": session.created_at,
        "last_refreshed_at": session.last_refreshed_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
        "current": current,
    }


def tokens_view(issued: SessionTokens) -> responses.SessionTokens:
    """The `SessionTokens` of a session, with `expires_in` in seconds (RFC 6749, section 5.1)."""
    return {
        "session_id": issued.session.id,
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "Bearer",
        "expires_in": issued.access_lifetime_s,
    }

"""Logging in, staying logged in, logging out."""

from uuid import UUID

from domain import entities, sessions
from domain.ports import UnitOfWork
from handlers.patches import sent
from handlers.problems import CHALLENGE, SESSION_ENDED
from handlers.views import page_view, session_view, tokens_view
from spec.models import SessionCreate, SessionRefresh
from spec.responses import Session
from tickbox_contract.responses import Response, created, no_content, ok, problem


async def list_sessions(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's live sessions."""
    current = uow.principal.session_id

    def view(session: entities.Session) -> Session:
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
    """204; every session of the caller's has ended, this one too."""
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
    """200 with the session that the request came through."""
    return ok(session_view(await sessions.get_current(uow), current=True))


async def delete_current_session(uow: UnitOfWork) -> Response:
    """204; the session that the request came through has ended."""
    await sessions.end_current(uow)
    return no_content()


async def refresh_session(uow: UnitOfWork, body: SessionRefresh) -> Response:
    """200 with new tokens. A spent refresh token ends its session: the 401 is returned, so that this lasts."""
    refreshed = await sessions.refresh(uow, body.refresh_token.get_secret_value())
    if isinstance(refreshed, sessions.SessionEnded):
        detail = "This refresh token was used before, so its session has ended. Log in again."
        return problem(SESSION_ENDED, detail, headers=CHALLENGE)
    return ok(tokens_view(refreshed))

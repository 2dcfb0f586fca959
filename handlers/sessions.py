"""Logging in, staying logged in, logging out."""

from uuid import UUID

from contract.answers import Answer, created, no_content, ok, problem
from domain import entities, sessions
from domain.ports import Work
from handlers.patches import sent
from handlers.problems import CHALLENGE, SESSION_ENDED
from handlers.views import page_view, session_view, tokens_view
from spec.answers import Session
from spec.models import SessionCreate, SessionRefresh


async def list_sessions(work: Work, limit: int, cursor: str | None = None) -> Answer:
    """200 with the caller's live sessions."""
    current = work.principal.session_id

    def view(session: entities.Session) -> Session:
        return session_view(session, current=session.id == current)

    return ok(page_view(await sessions.page(work, limit=limit, cursor=cursor), view))


async def create_session(work: Work, body: SessionCreate) -> Answer:
    """201 with a new session's tokens: a log-in."""
    issued = await sessions.log_in(
        work,
        email=body.email,
        password=body.password.get_secret_value(),
        device=sent(body.device, default=None),
    )
    return created(tokens_view(issued), location=f"/v1/sessions/{issued.session.id}")


async def delete_all_sessions(work: Work) -> Answer:
    """204; every session of the caller's has ended, this one too."""
    await sessions.end_all(work)
    return no_content()


async def get_session(work: Work, session_id: UUID) -> Answer:
    """200 with the session."""
    return ok(session_view(await sessions.get(work, session_id), current=session_id == work.principal.session_id))


async def delete_session(work: Work, session_id: UUID) -> Answer:
    """204; the session has ended."""
    await sessions.end(work, session_id)
    return no_content()


async def get_current_session(work: Work) -> Answer:
    """200 with the session that the request came through."""
    return ok(session_view(await sessions.get_current(work), current=True))


async def delete_current_session(work: Work) -> Answer:
    """204; the session that the request came through has ended."""
    await sessions.end_current(work)
    return no_content()


async def refresh_session(work: Work, body: SessionRefresh) -> Answer:
    """200 with new tokens. A spent refresh token ends its session: the 401 is returned, so that this lasts."""
    refreshed = await sessions.refresh(work, body.refresh_token.get_secret_value())
    if isinstance(refreshed, sessions.SessionEnded):
        detail = "This refresh token was used before, so its session has ended. Log in again."
        return problem(SESSION_ENDED, detail, headers=CHALLENGE)
    return ok(tokens_view(refreshed))

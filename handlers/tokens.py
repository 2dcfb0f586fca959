"""Personal access tokens."""

from collections.abc import Collection
from uuid import UUID

from domain import tokens
from domain.model.tokens import PersonalToken
from domain.principals import SCOPES
from domain.tokens import CurrentToken, IssuedToken, TokenDraft
from domain.unit_of_work import UnitOfWork
from handlers.pages import page_view
from handlers.patches import sent
from spec import responses
from spec.models import PersonalTokenCreate
from tickbox_contract.responses import Response, created, no_content, ok


async def list_personal_tokens(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's live tokens."""
    return ok(page_view(await tokens.page(uow, limit=limit, cursor=cursor), token_view))


async def create_personal_token(uow: UnitOfWork, body: PersonalTokenCreate) -> Response:
    """201 with a new token; its text is in no later response."""
    draft = TokenDraft(
        name=body.name,
        scopes=frozenset(body.scopes),
        workspace_ids=sent(body.workspace_ids, default=None),
        expires_at=sent(body.expires_at, default=None),
    )
    issued = await tokens.create(uow, draft)
    return created(new_token_view(issued), location=f"/v1/tokens/{issued.token.id}")


async def get_personal_token(uow: UnitOfWork, token_id: UUID) -> Response:
    """200 with the token, without its text."""
    return ok(token_view(await tokens.get(uow, token_id)))


async def delete_personal_token(uow: UnitOfWork, token_id: UUID) -> Response:
    """204; the token is invalid at once."""
    await tokens.delete(uow, token_id)
    return no_content()


async def get_current_token(uow: UnitOfWork) -> Response:
    """200 with the description of the request's own token."""
    return ok(current_token_view(await tokens.get_current(uow)))


def token_view(token: PersonalToken) -> responses.PersonalToken:
    """A `PersonalToken`."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": [scope for scope in SCOPES if scope in token.scopes],
        "workspace_ids": _sorted(token.workspace_ids),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    }


def new_token_view(issued: IssuedToken) -> responses.CreatedPersonalToken:
    """A `CreatedPersonalToken`: with the text of the token."""
    return {**token_view(issued.token), "token": issued.text}


def current_token_view(current: CurrentToken) -> responses.CurrentToken:
    """A `CurrentToken`."""
    principal = current.principal
    return {
        "type": current.kind,
        "user_id": principal.user_id,
        "user_name": current.user.name,
        "session_id": principal.session_id,
        "token_id": principal.token_id,
        "scopes": [scope for scope in SCOPES if scope in principal.scopes],
        "workspace_ids": _sorted(principal.workspace_ids),
        "expires_at": principal.expires_at,
    }


def _sorted(workspace_ids: Collection[UUID] | None) -> list[UUID] | None:
    return None if workspace_ids is None else sorted(workspace_ids)

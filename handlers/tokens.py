"""Personal access tokens."""

from uuid import UUID

from domain import tokens
from domain.ports import UnitOfWork
from domain.tokens import TokenDraft
from handlers.patches import sent
from handlers.views import current_token_view, new_token_view, page_view, token_view
from spec.models import PersonalTokenCreate
from tickbox_contract.responses import Response, created, no_content, ok


async def list_personal_tokens(uow: UnitOfWork, limit: int, cursor: str | None = None) -> Response:
    """200 with the caller's live tokens."""
    return ok(page_view(await tokens.page(uow, limit=limit, cursor=cursor), token_view))


async def create_personal_token(uow: UnitOfWork, body: PersonalTokenCreate) -> Response:
    """201 with a new token, for the only time in the clear."""
    workspace_ids = sent(body.workspace_ids, default=None)
    draft = TokenDraft(
        name=body.name,
        scopes=frozenset(body.scopes),
        workspace_ids=None if workspace_ids is None else frozenset(workspace_ids),
        expires_at=sent(body.expires_at, default=None),
    )
    issued = await tokens.create(uow, draft)
    return created(new_token_view(issued), location=f"/v1/tokens/{issued.token.id}")


async def get_personal_token(uow: UnitOfWork, token_id: UUID) -> Response:
    """200 with the token, but for its text."""
    return ok(token_view(await tokens.get(uow, token_id)))


async def delete_personal_token(uow: UnitOfWork, token_id: UUID) -> Response:
    """204; the token opens nothing any more."""
    await tokens.delete(uow, token_id)
    return no_content()


async def get_current_token(uow: UnitOfWork) -> Response:
    """200 with what the request's own token is."""
    return ok(current_token_view(await tokens.get_current(uow)))

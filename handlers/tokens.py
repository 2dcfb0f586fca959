"""Personal access tokens."""

from uuid import UUID

from contract.answers import Answer, created, no_content, ok
from domain import tokens
from domain.ports import Work
from domain.tokens import TokenDraft
from handlers.patches import sent
from handlers.views import current_token_view, new_token_view, page_view, token_view
from spec.models import PersonalTokenCreate


async def list_personal_tokens(work: Work, limit: int, cursor: str | None = None) -> Answer:
    """200 with the caller's live tokens."""
    return ok(page_view(await tokens.page(work, limit=limit, cursor=cursor), token_view))


async def create_personal_token(work: Work, body: PersonalTokenCreate) -> Answer:
    """201 with a new token, for the only time in the clear."""
    workspace_ids = sent(body.workspace_ids, default=None)
    draft = TokenDraft(
        name=body.name,
        scopes=frozenset(body.scopes),
        workspace_ids=None if workspace_ids is None else frozenset(workspace_ids),
        expires_at=sent(body.expires_at, default=None),
    )
    issued = await tokens.create(work, draft)
    return created(new_token_view(issued), location=f"/v1/tokens/{issued.token.id}")


async def get_personal_token(work: Work, token_id: UUID) -> Answer:
    """200 with the token, but for its text."""
    return ok(token_view(await tokens.get(work, token_id)))


async def delete_personal_token(work: Work, token_id: UUID) -> Answer:
    """204; the token opens nothing any more."""
    await tokens.delete(work, token_id)
    return no_content()


async def get_current_token(work: Work) -> Answer:
    """200 with what the request's own token is."""
    return ok(current_token_view(await tokens.get_current(work)))

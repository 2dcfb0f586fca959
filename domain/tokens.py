"""Personal access tokens, for scripts.

A token can never do more than its user, whose role is checked at each request, nor create one that can do more than
itself. One for certain workspaces cannot have the scope `account`, which is about all of them, and can only read
outside of workspaces (see `granted_outside`).
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from domain import blank, distinct, pages, secret_tokens
from domain.checks import Checks
from domain.model.tokens import (
    ExpiryPast,
    PersonalToken,
    ScopeNotLimitable,
    TokenBroader,
    TokenNotFound,
    WorkspaceUnknown,
)
from domain.model.users import AccountGone, User
from domain.pages import DEFAULT_LIMIT, Page
from domain.principals import Principal, Scope
from domain.unit_of_work import UnitOfWork

_SCOPES_POINTER: Final = "#/scopes"
_EXPIRY_POINTER: Final = "#/expires_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDraft:
    """The limits of a new token. `workspace_ids` and `expires_at` are None without such a limit."""

    name: str
    scopes: frozenset[Scope]
    workspace_ids: Collection[UUID] | None = None
    expires_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new token, and its text in the clear. Only its bearer ever gets it."""

    token: PersonalToken
    text: str


TokenType = Literal["session", "personal", "provider"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentToken:
    """The token of a request, of any kind, and its user."""

    kind: TokenType
    principal: Principal
    user: User


def granted_outside(principal: Principal) -> frozenset[Scope]:
    """Return the scopes of a request that names no workspace."""
    return principal.scopes if principal.workspace_ids is None else principal.scopes & {"read"}


async def create(uow: UnitOfWork, draft: TokenDraft) -> IssuedToken:
    """Create a personal token for the caller.

    Raises TextBlank, TokenBroader, ScopeNotLimitable, ExpiryPast, IdRepeated, WorkspaceUnknown, or InvalidTogether.
    """
    checks = Checks()
    with checks:
        blank.require_seen(draft.name, name="name")
    with checks:
        _check_scopes(draft, principal=uow.principal)
    with checks:
        _check_expiry(draft, principal=uow.principal, now=uow.now)
    if draft.workspace_ids is not None:
        with checks:
            await _require_membership(uow, draft.workspace_ids)
    checks.finish()
    minted = secret_tokens.mint("personal", random_bytes=uow.random_bytes)
    token = PersonalToken(
        id=uow.new_id(),
        user_id=uow.principal.user_id,
        name=draft.name,
        scopes=draft.scopes,
        workspace_ids=None if draft.workspace_ids is None else frozenset(draft.workspace_ids),
        created_at=uow.now,
        expires_at=None if draft.expires_at is None else draft.expires_at.astimezone(dt.UTC),
        last_used_at=None,
    )
    await uow.tokens.add(token, digest=minted.digest)
    await uow.account_log.add("token.created", token_id=token.id)
    return IssuedToken(token=token, text=minted.text)


async def page(uow: UnitOfWork, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[PersonalToken]:
    """Return the caller's live tokens, oldest first. Raises CursorInvalid."""
    user_id = uow.principal.user_id
    return await pages.by_id(
        lambda last, count: uow.tokens.page(user_id, now=uow.now, after=last, limit=count),
        id_of=lambda token: token.id,
        binding=f"tokens {user_id}",
        limit=limit,
        cursor=cursor,
    )


async def get(uow: UnitOfWork, token_id: UUID) -> PersonalToken:
    """Return one of the caller's live tokens. Raises TokenNotFound."""
    token = await uow.tokens.get(token_id, user_id=uow.principal.user_id, now=uow.now)
    if token is None:
        raise TokenNotFound(token_id)
    return token


async def get_current(uow: UnitOfWork) -> CurrentToken:
    """Return the token of the request, and its user. Raises AccountGone."""
    principal = uow.principal
    user = await uow.users.get(principal.user_id)
    if user is None:
        raise AccountGone(principal.user_id)
    kind: TokenType = "session" if principal.session_id else "personal" if principal.token_id else "provider"
    return CurrentToken(kind=kind, principal=principal, user=user)


async def delete(uow: UnitOfWork, token_id: UUID) -> None:
    """Delete one of the caller's tokens, which is invalid at once. Raises TokenNotFound."""
    if not await uow.tokens.delete(token_id, user_id=uow.principal.user_id):
        raise TokenNotFound(token_id)
    await uow.account_log.add("token.deleted", token_id=token_id)


def _check_scopes(draft: TokenDraft, *, principal: Principal) -> None:
    if not draft.scopes <= principal.scopes:
        raise TokenBroader(pointer=_SCOPES_POINTER)
    if draft.workspace_ids is not None and "account" in draft.scopes:
        raise ScopeNotLimitable


def _check_expiry(draft: TokenDraft, *, principal: Principal, now: dt.datetime) -> None:
    if draft.expires_at is not None and draft.expires_at <= now:
        raise ExpiryPast
    ends = None if principal.token_id is None else principal.expires_at
    if ends is not None and (draft.expires_at is None or draft.expires_at > ends):
        raise TokenBroader(pointer=_EXPIRY_POINTER)


async def _require_membership(uow: UnitOfWork, workspace_ids: Collection[UUID]) -> None:
    distinct.require_distinct(workspace_ids, name="workspace_ids")
    mine = await uow.workspaces.page(uow.principal.user_id, only=workspace_ids, after=None, limit=len(workspace_ids))
    if len(mine) < len(workspace_ids):
        raise WorkspaceUnknown

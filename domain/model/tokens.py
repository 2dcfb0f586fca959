"""Personal tokens, their errors, and the port of their repository."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.errors import Invalid, NotFound
from domain.principals import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalToken:
    """A token for a script. It works in *workspace_ids*, None for all of the user's, until *expires_at*, None for ever.

    `last_used_at` lags behind by up to a minute; None while the token was never used.
    """

    id: UUID
    user_id: UUID
    name: str
    scopes: frozenset[Scope]
    workspace_ids: frozenset[UUID] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None


class TokenNotFound(NotFound):
    """The caller has no personal token of this id."""

    def __init__(self, token_id: UUID) -> None:
        super().__init__("You do not have a token with this id.")
        self.token_id = token_id


class TokenBroader(Invalid):
    """A personal token was to make one that can do more than itself, or for longer."""

    code = "broader"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("A token cannot create a token that can do more than itself, or that is valid for longer.")
        self.pointer = pointer


class ScopeNotLimitable(Invalid):
    """A token for certain workspaces was to have the scope `account`, which concerns all of them."""

    code = "not-limitable"
    pointer = "#/scopes"

    def __init__(self) -> None:
        super().__init__("A token for certain workspaces cannot have the scope 'account'.")


class ExpiryPast(Invalid):
    """Something was to expire before it is made."""

    code = "past"
    pointer = "#/expires_at"

    def __init__(self) -> None:
        super().__init__("This must be in the future.")


class WorkspaceUnknown(Invalid):
    """The body names a workspace that the caller is not a member of."""

    code = "workspace"
    pointer = "#/workspace_ids"

    def __init__(self) -> None:
        super().__init__("Each of these must be a workspace that you have access to.")


class TokenRepository(Protocol):
    """Personal tokens. They are changed under the lock on their user."""

    async def add(self, token: PersonalToken, *, digest: bytes) -> None:
        """The digest is all that is kept of the token itself."""

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[PersonalToken]:
        """At most *limit* live tokens, ordered by id, which is by age."""

    async def get(self, token_id: UUID, *, user_id: UUID, now: dt.datetime) -> PersonalToken | None:
        """A live token of this user."""

    async def delete(self, token_id: UUID, *, user_id: UUID) -> bool:
        """False when the user has no such token."""

    async def delete_all(self, user_id: UUID) -> bool:
        """Delete a user's tokens. False when there were none."""

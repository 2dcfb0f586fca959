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
    """A token for a script. `workspace_ids` is None if it works in all workspaces of the user.

    `expires_at` is None if it never expires. `last_used_at` can be a minute old, and is None before the first use.
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
    """The caller does not have a personal token with this id."""

    def __init__(self, token_id: UUID) -> None:
        super().__init__("You do not have a token with this id.")
        self.token_id = token_id


class TokenBroader(Invalid):
    """A personal token cannot create one that can do more than itself, or is valid for longer."""

    code = "broader"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("A token cannot create a token that can do more than itself, or that is valid for longer.")
        self.pointer = pointer


class ScopeNotLimitable(Invalid):
    """A token for certain workspaces cannot have the scope `account`, which is about all of them."""

    code = "not-limitable"
    pointer = "#/scopes"

    def __init__(self) -> None:
        super().__init__("A token for certain workspaces cannot have the scope 'account'.")


class ExpiryPast(Invalid):
    """The time of expiry is in the past."""

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
        """Store a token. Only the *digest* of its text is kept."""

    async def page(self, user_id: UUID, *, now: dt.datetime, after: UUID | None, limit: int) -> Sequence[PersonalToken]:
        """Return at most *limit* tokens that have not expired, in order of id, which is by age."""

    async def get(self, token_id: UUID, *, user_id: UUID, now: dt.datetime) -> PersonalToken | None:
        """Return a token of this user that has not expired."""

    async def delete(self, token_id: UUID, *, user_id: UUID) -> bool:
        """Delete a token. Return False if the user does not have it."""

    async def delete_all(self, user_id: UUID) -> bool:
        """Delete a user's tokens. Return False if there were none."""

"""The caller of a request."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, get_args
from uuid import UUID

from domain.roles import Role

Scope = Literal["read", "write", "manage", "account"]

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
SESSION_SCOPES: Final[frozenset[Scope]] = frozenset(SCOPES)
"""A session has every scope of its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The user of a request, and the kind of its token: a session's, a personal token, or an identity provider's.

    `workspace_ids` limits the token to these workspaces; None allows all workspaces of the user. `expires_at` is
    the token's, None if it never expires, or if only the identity provider knows.
    """

    user_id: UUID
    session_id: UUID | None = None
    token_id: UUID | None = None
    scopes: frozenset[Scope] = SESSION_SCOPES
    workspace_ids: frozenset[UUID] | None = None
    expires_at: dt.datetime | None = None


Membership = tuple[Principal, Role | None]
"""What a valid token gives: its principal, and their role in the workspace that the request names.

The role is None if the request names no workspace, if the principal is not a member, and if the token does not work in
that workspace.
"""

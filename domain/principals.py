"""The caller of a request."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal, get_args
from uuid import UUID

from domain.roles import Role

Scope = Literal["read", "write", "manage", "account"]

SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
SESSION_SCOPES: Final[frozenset[Scope]] = frozenset(SCOPES)
"""A session acts for its user in everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The user behind a call, and what they came with: a session, a personal token, or neither.

    `workspace_ids` are the only ones in which the token works, None where it works in all of the user's. `expires_at`
    is the token's, None where it never expires, or where only the identity provider knows.
    """

    user_id: UUID
    session_id: UUID | None = None
    token_id: UUID | None = None
    scopes: frozenset[Scope] = SESSION_SCOPES
    workspace_ids: frozenset[UUID] | None = None
    expires_at: dt.datetime | None = None


Membership = tuple[Principal, Role | None]
"""What a valid token stands for: its principal, and their role in the workspace that the request names.

The role is None where the request names no workspace, where the principal is not a member, and where the token does not
work in that workspace.
"""

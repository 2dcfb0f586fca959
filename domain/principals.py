"""Who is calling, and what they were let in to do."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a valid token opens: a principal, and their role in the workspace that the call names.

    `role` is None when the call names no workspace, or one that the principal is not a member of, or in which their
    token does not work.
    """

    principal: Principal
    role: Role | None

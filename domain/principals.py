"""Who is calling, and what they were let in to do."""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from domain.roles import Role

Scope = Literal["read", "write", "manage", "account"]

SESSION_SCOPES: Final[frozenset[Scope]] = frozenset({"read", "write", "manage", "account"})
"""A session acts for its user in everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The user behind a call, and the session through which they came; None where they came by another token."""

    user_id: UUID
    session_id: UUID | None = None
    scopes: frozenset[Scope] = SESSION_SCOPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a valid token opens: a principal, and their role in the workspace that the call names.

    `role` is None when the call names no workspace, or one that the principal is not a member of.
    """

    principal: Principal
    role: Role | None

"""What a member may do in a workspace: the roles, from the lowest to the highest."""

from typing import Final, Literal, get_args

Role = Literal["viewer", "editor", "admin", "owner"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each role may do what those before it may."""

INVITING: Final[frozenset[Role]] = frozenset({"admin", "owner"})
"""The roles that may invite, as in the contract. The invitations of a member who loses such a role are withdrawn."""


def outranks(role: Role, other: Role) -> bool:
    """Return whether *role* may do more than *other*."""
    return ROLES.index(role) > ROLES.index(other)

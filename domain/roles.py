"""What a member may do in a workspace, least first."""

from typing import Final, Literal, get_args

Role = Literal["viewer", "editor", "admin", "owner"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each role may do what those before it may."""

INVITING: Final[frozenset[Role]] = frozenset({"admin", "owner"})
"""Those who may let others in. The contract says so, too: what one who no longer may has begun is withdrawn."""


def outranks(role: Role, other: Role) -> bool:
    """Whether *role* may do more than *other*."""
    return ROLES.index(role) > ROLES.index(other)

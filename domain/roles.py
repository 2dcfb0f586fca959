"""What a member may do in a workspace, least first."""

from typing import Final, Literal, get_args

Role = Literal["viewer", "editor", "admin", "owner"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each role may do what those before it may."""

"""What a member may do in a workspace, least first."""

from typing import Final, Literal

Role = Literal["viewer", "editor", "admin", "owner"]

ROLES: Final[tuple[Role, ...]] = ("viewer", "editor", "admin", "owner")
"""Each role may do what those before it may."""

from typing import get_args

from domain.roles import ROLES, Role


def test_roles_are_ordered_from_viewer_to_owner_and_none_is_forgotten() -> None:
    assert ROLES == ("viewer", "editor", "admin", "owner") == get_args(Role)

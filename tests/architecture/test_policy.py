"""The access policy as rules with exceptions, compared with what the contract says operation by operation."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from domain.roles import INVITING, ROLES
from tests.support.checking import read_contract
from tests.support.matrix import Operation, operations

OPERATIONS = tuple(operations(read_contract()))
GUARDED = tuple(operation for operation in OPERATIONS if not operation.public)
PUBLIC = {
    "check_liveness",
    "check_readiness",
    "get_contract_yaml",
    "get_contract_json",
    "register_user",
    "verify_email",
    "request_password_reset",
    "reset_password",
    "create_session",
    "refresh_session",
}
OTHERWISE: Mapping[str, tuple[str | None, str]] = {
    "delete_workspace": ("owner", "manage"),  # it is deleted for all its members
    "list_invitations": ("admin", "manage"),  # they show the addresses of people who are not members
    "get_invitation": ("admin", "manage"),
    "empty_trash": ("admin", "write"),  # nobody can undo it
    "leave_workspace": ("viewer", "manage"),  # every member may leave
    "create_reminder": ("viewer", "write"),  # reminders are their owner's, and change nothing in the workspace
    "update_reminder": ("viewer", "write"),
    "delete_reminder": ("viewer", "write"),
    "list_my_changes": (None, "read"),  # it is about what is in workspaces, as is the list of them
    "stream_my_changes": (None, "read"),
    "get_current_token": (None, "any"),  # every token may read itself
}
ABOUT_PEOPLE = ("/v1/users", "/v1/sessions", "/v1/tokens")
ABOUT_WORKSPACES = ("/v1/workspaces/{workspace_id}/members", "/v1/workspaces/{workspace_id}/invitations")

pytestmark = pytest.mark.unmeasured


def policy(operation: Operation) -> tuple[str | None, str]:
    """The role and the scope that an operation needs, by its resource."""
    path = operation.path
    if not operation.in_workspace:
        outside = "read" if operation.safe else "manage"
        return None, "account" if path.startswith(ABOUT_PEOPLE) else outside
    if operation.safe:
        return "viewer", "read"
    if path.startswith(ABOUT_WORKSPACES) or path.endswith("{workspace_id}"):
        return "admin", "manage"
    return "editor", "write"


def test_only_these_operations_need_no_token() -> None:
    assert {operation.operation_id for operation in OPERATIONS if operation.public} == PUBLIC, (
        "an operation with `security: []` must be in PUBLIC of tests/architecture/test_policy.py"
    )


@pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.operation_id)
def test_the_contract_requires_what_the_policy_says(operation: Operation) -> None:
    """The matrix shows that the server keeps the contract; this shows that the contract was not weakened unnoticed."""
    wanted = OTHERWISE.get(operation.operation_id) or policy(operation)
    assert (operation.role, operation.scope) == wanted, (
        "change `x-access` in spec/openapi.yaml, or give the reason in OTHERWISE of tests/architecture/test_policy.py"
    )


def test_invitations_are_withdrawn_from_the_roles_that_may_no_longer_invite() -> None:
    (inviting,) = [operation for operation in GUARDED if operation.operation_id == "create_invitation"]
    assert inviting.access is not None
    assert set(ROLES[ROLES.index(inviting.access["role"]) :]) == INVITING

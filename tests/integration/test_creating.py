"""What the bodies of all creating operations have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.checking import read_contract
from tests.support.clients import PASSWORD, Person, created, new_email

pytestmark = pytest.mark.mostly_on_one_database

MINIMAL: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "UserCreate": ("/v1/users", {"password": PASSWORD, "name": "Ada"}),
    "SessionCreate": ("/v1/sessions", {"password": PASSWORD}),
    "PersonalTokenCreate": ("/v1/tokens", {"name": "Script", "scopes": ["read"]}),
    "WorkspaceCreate": ("/v1/workspaces", {"name": "Household"}),
    "ProjectCreate": ("{home}/projects", {"name": "Garden"}),
    "LabelCreate": ("{home}/labels", {"name": "Outside"}),
    "SectionCreate": ("{home}/sections", {"name": "Beds"}),
    "TaskCreate": ("{home}/tasks", {"title": "Sow"}),
    "CommentCreate": ("{home}/tasks/{task}/comments", {"text": "Not yet"}),
}
"""The path and the smallest body of each operation that creates something."""


def optional_members() -> Iterator[tuple[str, str]]:
    """The optional members of each schema of a new resource, without enumerations, which have a
    word for the default.
    """
    schemas = read_contract()["components"]["schemas"]
    for name in MINIMAL:
        for member in schemas[name]["properties"].keys() - set(schemas[name]["required"]):
            if "enum" not in schemas.get(schemas[name]["properties"][member].get("$ref", "").rpartition("/")[2], {}):
                yield name, member


def test_null_is_the_same_as_an_omitted_member_in_all_requests_but_patches_and_moves() -> None:
    """But for enumerations, and for operations, each of which is named by its member. Generated clients send null."""
    schemas = read_contract()["components"]["schemas"]
    named = {"TaskOperation"}
    for name in {*_sent(schemas)} - named:
        required, properties = schemas[name].get("required", ()), schemas[name]["properties"]
        for member, given in properties.items():
            schema = schemas.get(given.get("$ref", "").rpartition("/")[2], given)
            assert member in required or "enum" in schema or schema.get("nullable"), f"{name}.{member}"


def _sent(schemas: Mapping[str, Any]) -> Iterator[str]:
    """The objects that requests send, apart from patches and moves: only they are closed."""
    for name, schema in schemas.items():
        if schema.get("additionalProperties") is False and not name.endswith(("Patch", "Move")):
            yield name


@pytest.mark.parametrize(("schema", "member"), sorted(optional_members()))
def test_null_is_the_same_as_an_omitted_member_when_creating(ada: Person, schema: str, member: str) -> None:
    path, minimal = MINIMAL[schema]
    email = {"UserCreate": {"email": new_email()}, "SessionCreate": {"email": ada.user["email"]}}.get(schema, {})
    more = {"SectionCreate": lambda: {"project_id": ada.create("projects", name="Garden")["id"]}}.get(schema, dict)()
    task_id = ada.create("tasks", title="Sow")["id"] if "{task}" in path else None
    body = {**minimal, **email, **more, member: None}
    response = ada.client.post(path.format(home=ada.home, task=task_id), json=body)
    usual = {"description": "", "time_zone": "UTC", "expires_at": None}
    found = created(response)
    assert member not in usual or found[member] == usual[member]
    assert found.get("workspace_ids") is None
    assert found.get("due") is None

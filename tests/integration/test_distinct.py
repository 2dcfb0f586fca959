"""Lists of ids in which an id is twice: in the same letters, or once in upper and once in lower case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.checking import read_contract
from tests.support.clients import Person, rejected

pytestmark = pytest.mark.mostly_on_one_database

Json = dict[str, Any]
SCHEMAS: Json = read_contract()["components"]["schemas"]

SENT: dict[str, tuple[str, str, Json]] = {
    "TaskCreate": ("POST", "{home}/tasks", {"title": "Sow"}),
    "TaskPatch": ("PATCH", "{home}/tasks/{task}", {}),
    "PersonalTokenCreate": ("POST", "/v1/tokens", {"name": "Script", "scopes": ["read"]}),
}
"""By schema, the request that has it as its body."""


def unique_ids() -> Iterator[tuple[str, str]]:
    """The schemas of requests with a list of unique ids, and its name."""
    for schema, described in SCHEMAS.items():
        for name, member in described.get("properties", {}).items():
            if member.get("uniqueItems") and member["items"].get("format") == "uuid":
                yield schema, name


@pytest.mark.parametrize(("schema", "name"), sorted(unique_ids()))
def test_an_id_in_upper_case_is_the_same_id(ada: Person, schema: str, name: str) -> None:
    task = ada.create("tasks", title="Sow")["id"]
    found = {"assignee_ids": ada.id, "workspace_ids": ada.workspace_id, "depends_on_ids": task}
    existing = found[name] if name in found else ada.create("labels", name="wet")["id"]
    method, path, body = SENT[schema]
    path = path.format(home=ada.home, task=ada.create("tasks", title="Reap")["id"])
    for ids in ([existing, existing], [existing, existing.upper()]):
        response = ada.client.request(method, path, json={**body, name: ids})
        assert rejected(response, 422, "invalid-body") == {f"#/{name} unique-items"}
    response = ada.client.request(method, path, json={**body, name: [existing.upper()]})
    assert (response.is_success, response.json()[name]) == (True, [existing])

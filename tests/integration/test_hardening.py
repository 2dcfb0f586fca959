"""Attacks that every operation must withstand: mass assignment, injection, finding out which accounts exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from httpx import Response

from tests.support.checking import METHODS, read_contract
from tests.support.clients import PASSWORD, Client, Person, created, new_email, ok, problem_of, rejected
from tests.support.prepared import WRITES
from tests.support.tables import Tables

pytestmark = pytest.mark.unmeasured

CONTRACT = read_contract()
PRIVILEGES = {"role": "owner", "scopes": ["account"], "is_admin": True, "password_hash": "x", "created_by": "me"}
"""Properties that an attacker would send everywhere, whether the contract knows them or not."""
HOSTILE = (
    "'; DROP TABLE users; --",
    '" OR 1=1 --',
    "%' AND (SELECT pg_sleep(10)) IS NULL --",
    "<script>alert(1)</script>",
    "{{7*7}} ${7*7} %{7*7}",
    "../../../../etc/passwd",
    "\r\nSet-Cookie: a=b",
    "\u202eevil\u202c \U0001f600 e\u0301",
)


@dataclass(frozen=True, slots=True)
class Taking:
    """An operation that takes a body. `assigned` are the properties of its response that the body does not have."""

    operation_id: str
    method: str
    path: str
    media_type: str
    example: Mapping[str, Any]
    properties: Mapping[str, Any]
    assigned: Mapping[str, Any]


def _followed(node: Any) -> Any:
    while "$ref" in node:
        target: Any = CONTRACT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def _returned(operation: Mapping[str, Any]) -> Mapping[str, Any]:
    for status in ("200", "201"):
        content = _followed(operation["responses"].get(status, {})).get("content", {})
        if "application/json" in content:
            properties: Mapping[str, Any] = _followed(content["application/json"]["schema"]).get("properties", {})
            return properties
    return {}


def _taking() -> Iterator[Taking]:
    for path, item in CONTRACT["paths"].items():
        for method in METHODS:
            operation = item.get(method, {})
            for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
                properties = _followed(media["schema"])["properties"]
                returned = {name: _followed(node).get("example") for name, node in _returned(operation).items()}
                example = _followed(next(iter(media["examples"].values())))["value"]
                assigned = {name: value for name, value in (PRIVILEGES | returned).items() if name not in properties}
                yield Taking(operation["operationId"], method, path, media_type, example, properties, assigned)


TAKING = tuple(_taking())
each_taking = pytest.mark.parametrize("operation", TAKING, ids=lambda operation: operation.operation_id)


def path_of(operation: Taking, ada: Person, tables: Tables) -> str:
    """The operation's path, to a resource of Ada's."""
    if "{" not in operation.path:
        return operation.path
    return WRITES[operation.operation_id](ada, tables).path


def send(operation: Taking, ada: Person, path: str, body: Mapping[str, Any]) -> Response:
    return ada.client.request(operation.method, path, json=body, headers={"Content-Type": operation.media_type})


@pytest.mark.mostly_on_one_database
@each_taking
def test_a_body_cannot_set_what_only_the_server_sets(ada: Person, tables: Tables, operation: Taking) -> None:
    """API3:2023. Only the server sets the properties that a response has and a request has not."""
    path = path_of(operation, ada, tables)
    before = tables.digest()
    for name, value in operation.assigned.items():
        response = send(operation, ada, path, {**operation.example, name: value})
        assert rejected(response, 422, "invalid-body") & {f"#/{name} unknown", f"#/{name} read-only"}, name
    assert tables.digest() == before


@pytest.mark.mostly_on_one_database
@each_taking
def test_hostile_text_is_stored_like_any_other(ada: Person, tables: Tables, operation: Taking) -> None:
    """API8:2023. Each text is stored and returned unchanged, or rejected by its schema; nothing executes it."""
    texts = [name for name, node in operation.properties.items() if _followed(node).get("type") == "string"]
    path = path_of(operation, ada, tables)
    for name in texts:
        for hostile in HOSTILE:
            response = send(operation, ada, path, {**operation.example, name: hostile})
            assert response.status_code < 500, (name, hostile)
            assert response.headers.get("Content-Type", "application/json").startswith("application/")
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            if response.is_success and response.content and name in response.json():
                assert response.json()[name] == hostile
    ok(ada.client.get("/v1/users/me"))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_in_a_path_or_a_query_is_only_invalid(ada: Person, hostile: str) -> None:
    for path, parameters in (
        (f"{ada.home}/tasks", {"cursor": hostile}),
        (f"{ada.home}/tasks", {"sort": hostile}),
        (f"{ada.home}/tasks", {"project_id": hostile}),
        ("/v1/workspaces", {"limit": hostile}),
    ):
        refused_as = ada.client.get(path, params=parameters).json()["type"].rpartition(":")[2]
        assert refused_as in {"invalid-parameters", "invalid-cursor"}
    response = ada.client.get(f"{ada.home}/tasks/{quote(hostile, safe='')}")
    assert response.status_code in {400, 404}
    assert hostile not in response.text


def test_a_log_in_does_not_show_which_accounts_exist(client: Client, ada: Person) -> None:
    """API2:2023. The response is the same; `tests/unit/test_sessions.py` counts that the work is the same, too."""
    known, unknown = (
        client.post("/v1/sessions", json={"email": email, "password": "not the password"})
        for email in (ada.user["email"], new_email())
    )
    assert (known.status_code, problem_of(known)) == (unknown.status_code, problem_of(unknown))
    assert {name for name in known.headers if name != "x-request-id"} == set(unknown.headers) - {"x-request-id"}


def test_an_invitation_does_not_show_which_accounts_exist(ada: Person, bob: Person) -> None:
    home = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Household')['id']}"
    responses = [
        created(ada.client.post(f"{home}/invitations", json={"email": email, "role": "viewer"}))
        for email in (bob.user["email"], new_email())
    ]
    own = {"id", "email", "token"}
    known, unknown = ({k: v for k, v in body.items() if k not in own and not k.endswith("_at")} for body in responses)
    assert known == unknown


def test_a_user_cannot_end_what_belongs_to_another_account(client: Client, ada: Person, bob: Person) -> None:
    """API1:2023. Each resource of an account is looked up among the caller's own."""
    session = ada.tokens["session_id"]
    token = created(ada.client.post("/v1/tokens", json={"name": "x", "scopes": ["read"]}))["id"]
    for path in (f"/v1/sessions/{session}", f"/v1/tokens/{token}"):
        rejected(bob.client.delete(path), 404, "not-found")
    ok(ada.client.get("/v1/users/me"))
    created(client.post("/v1/sessions", json={"email": ada.user["email"], "password": PASSWORD}))

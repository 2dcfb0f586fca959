"""Who may call what: each guarded operation of the contract, with each kind of caller."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from domain.roles import ROLES, Role
from tests.integration.checking import METHODS, read_contract
from tests.integration.clients import Client, Person, done, refused, register
from tests.integration.tables import Tables

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"
NO_IDS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Guarded:
    """An operation with `x-access`. `body` is a valid one, where it takes one, with its media type."""

    operation_id: str
    method: str
    path: str
    access: dict[str, str]
    body: tuple[str, Any] | None

    @property
    def in_workspace(self) -> bool:
        return "{workspace_id}" in self.path

    @property
    def path_ids(self) -> set[str]:
        return set(re.findall(r"{(\w+)}", self.path))

    def path_in(self, workspace_id: str, ids: Mapping[str, str] = NO_IDS) -> str:
        """The operation's path, with *ids*; where there is none, with one that leads to nothing in the workspace."""
        known = {**ids, "workspace_id": workspace_id}
        return re.sub(r"{(\w+)}", lambda found: known.get(found[1], UNKNOWN_ID), self.path)

    def call(self, client: Client, workspace_id: str = UNKNOWN_ID, *, ids: Mapping[str, str] = NO_IDS) -> Any:
        media_type, body = self.body or (None, None)
        if isinstance(body, dict):
            body = {name: ids.get(name, value) for name, value in body.items()}
        headers = {"Content-Type": media_type} if media_type else {}
        return client.request(self.method, self.path_in(workspace_id, ids), json=body, headers=headers)


def _guarded() -> Iterator[Guarded]:
    for path, item in read_contract()["paths"].items():
        for method in METHODS:
            if (operation := item.get(method, {})).get("x-access"):
                content = operation.get("requestBody", {}).get("content", {})
                body = next(
                    (
                        (media_type, next(iter(media["examples"].values()))["value"])
                        for media_type, media in content.items()
                    ),
                    None,
                )
                yield Guarded(operation["operationId"], method.upper(), path, operation["x-access"], body)


GUARDED = tuple(_guarded())
IN_WORKSPACE = tuple(guarded for guarded in GUARDED if guarded.in_workspace)
TOO_SMALL = tuple((guarded, role) for guarded in IN_WORKSPACE for role in ROLES[: ROLES.index(guarded.access["role"])])
BAD_BODIES = {
    "malformed JSON": ("application/json", b"{"),
    "an unknown property": ("application/json", b'{"nope": 1}'),
    "another media type": ("text/html", b"<p>"),
    "a body that is too large": ("application/json", b'"' + b"x" * 300_000 + b'"'),
    "no body": ("application/json", b""),
}


@dataclass(frozen=True, slots=True)
class Household:
    """A workspace with a member of each role, a stranger, and a client whose session has ended."""

    workspace_id: str
    members: dict[Role, Person]
    stranger: Person
    ended: Client


@pytest.fixture(scope="module")
def household(server: str, tables: Tables) -> Iterator[Household]:
    with Client(server) as client:
        owner = register(client)
        workspace_id = owner.create("/v1/workspaces", name="Household")["id"]
        members: dict[Role, Person] = {role: register(client, name=role) for role in ROLES[:-1]}
        for role, member in members.items():
            tables.add_member(workspace_id, member.id, role=role)
        session = owner.log_in()
        done(owner.client.delete(f"/v1/sessions/{session['session_id']}"))
        ended = client.with_token(session["access_token"])
        stranger = register(client)
        yield Household(workspace_id, members, stranger, ended)


@contextmanager
def unchanged(tables: Tables) -> Iterator[None]:
    """What is called while the context lasts changes nothing."""
    before = tables.digest()
    yield
    assert tables.digest() == before


operations = pytest.mark.parametrize("operation", GUARDED, ids=lambda operation: operation.operation_id)
workspace_operations = pytest.mark.parametrize("operation", IN_WORKSPACE, ids=lambda operation: operation.operation_id)


def test_every_operation_in_a_workspace_asks_for_a_role() -> None:
    assert len(GUARDED) >= 26
    assert all("role" in operation.access for operation in IN_WORKSPACE)


@operations
def test_no_token_no_answer(client: Client, tables: Tables, operation: Guarded) -> None:
    with unchanged(tables):
        answer = operation.call(client)
    refused(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="tickbox"'


@operations
def test_the_token_of_an_ended_session_opens_nothing(household: Household, tables: Tables, operation: Guarded) -> None:
    with unchanged(tables):
        answer = operation.call(household.ended)
    refused(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="tickbox", error="invalid_token"'


@workspace_operations
def test_somebody_else_s_workspace_does_not_exist(household: Household, tables: Tables, operation: Guarded) -> None:
    with unchanged(tables):
        theirs = operation.call(household.stranger.client, household.workspace_id)
        nobodys = operation.call(household.stranger.client, UNKNOWN_ID)
    refused(theirs, 404, "not-found")
    assert theirs.content == nobodys.content


@workspace_operations
@pytest.mark.parametrize("bad", BAD_BODIES)
def test_it_does_not_exist_whatever_the_request_is_like(
    household: Household, tables: Tables, operation: Guarded, bad: str
) -> None:
    media_type, content = BAD_BODIES[bad]
    with unchanged(tables):
        answer = household.stranger.client.request(
            operation.method,
            operation.path_in(household.workspace_id),
            content=content,
            params={"nope": "1"},
            headers={"Content-Type": media_type, "Accept": "text/html"},
        )
    refused(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("operation", "role"), TOO_SMALL, ids=[f"{operation.operation_id}-{role}" for operation, role in TOO_SMALL]
)
def test_a_role_that_is_too_small_is_not_enough(
    household: Household, tables: Tables, operation: Guarded, role: Role
) -> None:
    with unchanged(tables):
        answer = operation.call(household.members[role].client, household.workspace_id)
    refused(answer, 403, "insufficient-role")


@workspace_operations
def test_the_role_that_the_contract_names_is_enough(client: Client, tables: Tables, operation: Guarded) -> None:
    """It does what it is for; where the path names what is not made here, that is what is not found."""
    owner, member = register(client), register(client)
    workspace_id = owner.create("/v1/workspaces", name="Household")["id"]
    role: Any = operation.access["role"]
    tables.add_member(workspace_id, member.id, role=role)
    home = f"/v1/workspaces/{workspace_id}"
    project_id = owner.create(f"{home}/projects", name="Garden")["id"]
    task_id = owner.create(f"{home}/tasks", title="Sow", project_id=project_id)["id"]
    ids = {"workspace_id": workspace_id, "project_id": project_id, "task_id": task_id}
    answer = operation.call(member.client, workspace_id, ids=ids)
    if operation.path_ids <= ids.keys():
        assert answer.is_success, answer.text
    else:
        assert answer.status_code in {200, 201, 204, 404, 422}


def test_a_role_is_looked_up_anew_for_each_call(ada: Person, bob: Person, tables: Tables) -> None:
    workspace = ada.create("/v1/workspaces", name="Household")
    path = f"/v1/workspaces/{workspace['id']}"
    tables.add_member(workspace["id"], bob.id, role="viewer")
    refused(bob.client.post(f"{path}/tasks", json={"title": "Wash up"}), 403, "insufficient-role")
    tables.set_role(workspace["id"], bob.id, role="editor")
    bob.create(f"{path}/tasks", title="Wash up")


def test_a_workspace_id_that_is_none_is_refused_after_the_token_was_looked_at(client: Client, ada: Person) -> None:
    path = "/v1/workspaces/mine/tasks"
    refused(client.get(path), 401, "unauthenticated")
    found = refused(ada.client.get(path), 400, "invalid-parameters")
    assert {place.split()[0] for place in found} == {"workspace_id"}

"""Workspaces, and the number that orders their changes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from httpx import Response

from domain import workspaces
from domain.roles import Role
from persistence import erasures
from tests.support.clients import (
    PASSWORD,
    Client,
    Person,
    created,
    everything,
    log_in,
    new_email,
    no_content,
    ok,
    pages,
    rejected,
)
from tests.support.purging import purged
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN = "/v1/workspaces/019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


def path_of(workspace: dict[str, str]) -> str:
    return f"/v1/workspaces/{workspace['id']}"


def test_a_new_workspace_belongs_to_its_creator_and_has_an_inbox(ada: Person) -> None:
    response = ada.client.post("/v1/workspaces", json={"name": "Household"})
    workspace = created(response)
    assert {name: workspace[name] for name in ("name", "personal", "role", "head", "revision")} == {
        "name": "Household",
        "personal": False,
        "role": "owner",
        "head": 1,
        "revision": 1,
    }
    assert (response.headers["Location"], response.headers["ETag"]) == (path_of(workspace), '"1"')
    assert ok(ada.client.get(response.headers["Location"])) == workspace
    (inbox,) = everything(ada.client, f"{path_of(workspace)}/projects")
    assert (inbox["is_inbox"], inbox["workspace_id"]) == (True, workspace["id"])


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "#/name required"),
        ({"name": " \t"}, "#/name pattern"),
        ({"name": "x" * 121}, "#/name max-length"),
        ({"name": "Household", "personal": True}, "#/personal read-only"),
    ],
)
def test_an_invalid_workspace_is_rejected(ada: Person, body: object, fault: str) -> None:
    assert rejected(ada.client.post("/v1/workspaces", json=body), 422, "invalid-body") == {fault}


def test_my_workspaces_are_listed_oldest_first_in_pages(ada: Person) -> None:
    ids = [ada.workspace_id, *(ada.create("/v1/workspaces", name=f"Attic {n}")["id"] for n in range(4))]
    found = pages(ada.client, "/v1/workspaces", limit=2)
    assert [[workspace["id"] for workspace in page] for page in found] == [ids[:2], ids[2:4], ids[4:]]


def test_the_personal_workspace_is_listed_first_whatever_ids_clients_choose(ada: Person) -> None:
    old_ids = [f"016f5e66-e800-7000-8000-{n:012}" for n in (3, 2, 1)]
    for name, workspace_id in zip("abc", old_ids, strict=True):
        ada.create("/v1/workspaces", id=workspace_id, name=name)
    for limit in (1, 2, 50):
        found = everything(ada.client, "/v1/workspaces", limit=limit)
        assert [each["id"] for each in found] == [ada.workspace_id, *old_ids]


def test_the_personal_workspace_of_an_invited_user_is_listed_first(client: Client, ada: Person, tables: Tables) -> None:
    shared = ada.create("/v1/workspaces", name="Household")["id"]
    invitation = ada.create(f"/v1/workspaces/{shared}/invitations", email=new_email(), role="viewer")
    token = tables.send_invitation(invitation["id"])
    account = {"email": invitation["email"], "password": PASSWORD, "name": "Bob", "invitation_token": token}
    created(client.post("/v1/users", json=account))
    bob = client.with_token(log_in(client, invitation["email"])["access_token"])
    for limit in (1, 2):
        found = everything(bob, "/v1/workspaces", limit=limit)
        assert [each["personal"] for each in found] == [True, False]


def test_the_list_shows_my_role_in_each(ada: Person, bob: Person, tables: Tables) -> None:
    shared = bob.create("/v1/workspaces", name="Household")
    tables.add_member(shared["id"], ada.id, role="viewer")
    assert [(w["id"], w["role"]) for w in everything(ada.client, "/v1/workspaces")] == [
        (ada.workspace_id, "owner"),
        (shared["id"], "viewer"),
    ]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "a" * 512, "%00"])
def test_an_invented_cursor_is_rejected(ada: Person, cursor: str) -> None:
    response = ada.client.get("/v1/workspaces", params={"cursor": cursor})
    assert rejected(response, 400, "invalid-cursor") == {"cursor cursor"}


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("limit=0", "limit minimum"),
        ("limit=201", "limit maximum"),
        ("limit=ten", "limit type"),
        ("page=2", "page unknown"),
    ],
)
def test_invalid_parameters_are_rejected(ada: Person, query: str, fault: str) -> None:
    assert rejected(ada.client.get(f"/v1/workspaces?{query}"), 400, "invalid-parameters") == {fault}


def test_a_cursor_of_another_list_is_rejected(ada: Person) -> None:
    ada.create("/v1/workspaces", name="Attic")
    ada.log_in()
    cursor = ok(ada.client.get("/v1/workspaces", params={"limit": 1}))["next_cursor"]
    rejected(ada.client.get("/v1/sessions", params={"cursor": cursor}), 400, "invalid-cursor")


def test_an_unchanged_list_is_not_sent_again(ada: Person) -> None:
    etag = ada.client.get("/v1/workspaces").headers["ETag"]
    assert ada.client.get("/v1/workspaces", headers={"If-None-Match": f'"x", {etag}'}).status_code == 304
    ada.create("tasks", title="Buy milk")
    assert ada.client.get("/v1/workspaces", headers={"If-None-Match": etag}).status_code == 200  # its head has changed


def test_renaming_takes_a_number_and_returns_it(ada: Person) -> None:
    workspace = ada.create("/v1/workspaces", name="Household")
    ada.create(f"{path_of(workspace)}/tasks", title="Wash up")
    response = ada.client.merge(path_of(workspace), {"name": "The Lovelaces"})
    renamed = ok(response)
    assert renamed == {
        **workspace,
        "name": "The Lovelaces",
        "head": 3,
        "revision": 3,
        "updated_at": renamed["updated_at"],
    }
    assert renamed["updated_at"] > workspace["updated_at"]
    assert response.headers["ETag"] == '"3"'
    assert ok(ada.client.get(path_of(workspace))) == renamed


def test_an_unchanged_name_takes_no_number(ada: Person, tables: Tables) -> None:
    workspace = ada.create("/v1/workspaces", name="Household")
    before = tables.digest()
    assert ok(ada.client.merge(path_of(workspace), {"name": "Household"})) == workspace
    assert tables.digest() == before


def test_the_personal_workspace_can_be_renamed(ada: Person) -> None:
    assert ok(ada.client.merge(ada.home, {"name": "Mine"}))["name"] == "Mine"


@pytest.mark.parametrize(
    ("body", "fault"), [({}, "# min-properties"), ({"name": None}, "#/name type"), ({"head": 1}, "#/head read-only")]
)
def test_an_invalid_patch_is_rejected(ada: Person, body: object, fault: str) -> None:
    assert rejected(ada.client.merge(ada.home, body), 422, "invalid-body") == {fault}


def test_the_entity_tag_of_a_workspace_ignores_changes_of_its_content(ada: Person) -> None:
    etag = ada.client.get(ada.home).headers["ETag"]
    ada.create("tasks", title="Buy milk")
    assert ada.head() == 2
    assert ada.client.get(ada.home, headers={"If-None-Match": etag}).status_code == 304
    ok(ada.client.merge(ada.home, {"name": "Mine"}))
    assert ada.client.get(ada.home, headers={"If-None-Match": etag}).status_code == 200


def test_a_deleted_workspace_is_deleted_with_everything_in_it(
    ada: Person, bob: Person, tables: Tables, module_database_url: str
) -> None:
    before = tables.digest()
    workspace = ada.create("/v1/workspaces", name="Household")
    path = path_of(workspace)
    tables.add_member(workspace["id"], bob.id, role="editor")
    project = ada.create(f"{path}/projects", name="Garden")
    task = ada.create(f"{path}/tasks", title="Sow", project_id=project["id"])
    no_content(ada.client.delete(path))
    for gone in (path, f"{path}/projects", f"{path}/projects/{project['id']}", f"{path}/tasks/{task['id']}"):
        rejected(ada.client.get(gone), 404, "not-found")
        rejected(bob.client.get(gone), 404, "not-found")
    rejected(ada.client.delete(path), 404, "not-found")
    rejected(ada.client.post(f"{path}/tasks", json={"title": "Late"}), 404, "not-found")
    assert workspace not in everything(ada.client, "/v1/workspaces")
    purged(module_database_url, erasures.purge)
    departed = {"departures": before["departures"]}  # for list_my_changes of those who were in it
    assert tables.digest() | departed == before


def test_the_personal_workspace_cannot_be_deleted(ada: Person, tables: Tables) -> None:
    before = tables.digest()
    rejected(ada.client.delete(ada.home), 409, "personal-workspace")
    assert tables.digest() == before


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
def test_only_an_owner_can_delete_a_workspace(ada: Person, bob: Person, tables: Tables, role: Role) -> None:
    workspace = ada.create("/v1/workspaces", name="Household")
    tables.add_member(workspace["id"], bob.id, role=role)
    rejected(bob.client.delete(path_of(workspace)), 403, "insufficient-role")


def test_a_workspace_that_does_not_exist_is_not_found(ada: Person) -> None:
    rejected(ada.client.get(UNKNOWN), 404, "not-found")


def test_each_write_with_an_effect_raises_the_head_by_one(ada: Person) -> None:
    workspace = path_of(ada.create("/v1/workspaces", name="Household"))
    project = f"{workspace}/projects/{ada.create(f'{workspace}/projects', name='Garden')['id']}"
    task = f"{workspace}/tasks/{ada.create(f'{workspace}/tasks', title='Sow')['id']}"
    assert ada.head(workspace) == 3
    writes: list[Callable[[], Response]] = [
        lambda: ada.client.merge(project, {"name": "Balcony"}),
        lambda: ada.client.post(f"{project}/archive"),
        lambda: ada.client.post(f"{project}/unarchive"),
        lambda: ada.client.merge(task, {"title": "Sow peas"}),
        lambda: ada.client.post(f"{task}/complete"),
        lambda: ada.client.post(f"{task}/reopen"),
        lambda: ada.client.merge(workspace, {"name": "The Lovelaces"}),
    ]
    for number, write in enumerate(writes, start=4):
        assert ok(write())["revision"] == number
        assert ada.head(workspace) == number
    no_content(ada.client.delete(task))
    no_content(ada.client.delete(project))
    assert ada.head(workspace) == 12


@pytest.mark.on_each_database
def test_concurrent_writes_each_take_a_number_of_their_own(ada: Person) -> None:
    def create(number: int) -> int:
        return int(ada.create("tasks", title=f"Task {number}")["revision"])

    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(create, range(24)))
    assert sorted(numbers) == list(range(2, 26))
    assert ada.head() == 25
    positions = [task["position"] for task in everything(ada.client, f"{ada.home}/tasks", sort="position")]
    assert len(set(positions)) == 24


def test_a_member_row_added_late_is_seen_at_once(ada: Person, bob: Person, tables: Tables) -> None:
    rejected(bob.client.get(ada.home), 404, "not-found")
    tables.add_member(ada.workspace_id, bob.id, role="viewer")
    assert ok(bob.client.get(ada.home))["role"] == "viewer"


@pytest.mark.on_each_database
def test_the_number_of_workspaces_of_a_user_is_bounded_however_they_are_joined(
    ada: Person, bob: Person, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Household')['id']}"
    invitation = ada.create(f"{home}/invitations", email=bob.user["email"], role="viewer")
    token = tables.send_invitation(invitation["id"])
    monkeypatch.setattr(workspaces, "MOST", 3)
    with ThreadPoolExecutor(6) as pool:
        created_at_once = [pool.submit(bob.client.post, "/v1/workspaces", json={"name": "Household"}) for _ in range(6)]
        responses = [each.result() for each in created_at_once]
    mine = [response for response in responses if response.status_code == 201]
    assert len(mine) == 2, "and the personal one"
    for response in responses:
        if response not in mine:
            rejected(response, 409, "too-many-workspaces")
    rejected(bob.client.post("/v1/invitations/accept", json={"token": token}), 409, "too-many-workspaces")
    no_content(bob.client.delete(path_of(mine[0].json())))
    ok(bob.client.post("/v1/invitations/accept", json={"token": token}))

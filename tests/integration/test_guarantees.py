"""No lost updates and safe retries, for every write that the contract promises them for."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from persistence import erasures
from persistence.idempotency import idempotency_keys
from tests.support import request_values
from tests.support.checking import EVENT_STREAM, read_contract
from tests.support.clients import Client, Person, created, new_id, no_content, ok, rejected
from tests.support.matrix import Caller
from tests.support.prepared import FROM_TRASH, OPERATIONS, WRITES, Surroundings, taking, with_client_id
from tests.support.purging import purged
from tests.support.tables import NOW, Tables

pytestmark = pytest.mark.unmeasured

GUARDED = taking("If-Match") - FROM_TRASH
KEYED = taking("Idempotency-Key")
KEPT = {"client_ids", "idempotency_keys"}
RETURNING_TAG = {name for name, operation in OPERATIONS.items() if operation.returns_tag}
MAKING = ("create_workspace", "create_project", "create_task")


def test_resources_that_requests_need_with_other_bodies_are_other_resources(ada: Person, tables: Tables) -> None:
    setting, caller = Surroundings(founder=ada, tables=tables), Caller(name="ada", person=ada, headers=())
    sow, weed = (request_values._create("tasks", title=title) for title in ("Sow", "Weed"))  # noqa: SLF001  # the rows of VALUES are such
    ids = [value(setting, caller) for value in (sow, weed, sow)]
    titles = [ok(ada.client.get(f"{setting.home}/tasks/{task_id}"))["title"] for task_id in ids]
    assert (titles, ids[0]) == (["Sow", "Weed", "Sow"], ids[2])


def test_every_get_that_needs_a_token_supports_if_none_match_but_for_streams() -> None:
    reads = [item["get"] for item in read_contract()["paths"].values() if "get" in item]
    guarded = [
        read
        for read in reads
        if read.get("security") != [] and EVENT_STREAM not in read["responses"]["200"].get("content", {})
    ]
    assert len(guarded) > 10
    for operation in guarded:
        assert {"$ref": "#/components/parameters/IfNoneMatch"} in operation["parameters"]
        assert "304" in operation["responses"]
        assert "ETag" in operation["responses"]["200"]["headers"]


# ---------------------------------------------------------------------------------------------------------------------
# If-Match, If-None-Match
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.mostly_on_one_database
@pytest.mark.parametrize("operation_id", sorted(GUARDED))
def test_a_write_of_an_old_version_changes_nothing(ada: Person, tables: Tables, operation_id: str) -> None:
    write = WRITES[operation_id](ada, tables)
    before = tables.digest()
    rejected(write.send(If_Match='"0"'), 412, "precondition-failed")
    rejected(write.send(If_Match=f"W/{write.entity_tag()}"), 412, "precondition-failed")
    assert tables.digest() == before


@pytest.mark.mostly_on_one_database
@pytest.mark.parametrize("operation_id", sorted(GUARDED))
def test_a_write_of_a_version_that_the_client_excludes_changes_nothing(
    ada: Person, tables: Tables, operation_id: str
) -> None:
    write = WRITES[operation_id](ada, tables)
    before = tables.digest()
    for given in (write.entity_tag(), f"W/{write.entity_tag()}", "*"):
        response = write.send(If_None_Match=given)
        rejected(response, 412, "precondition-failed")
        assert response.headers["ETag"] == write.entity_tag()
    assert tables.digest() == before


def test_a_condition_on_a_create_is_about_the_collection(ada: Person, tables: Tables) -> None:
    tasks = f"{ada.home}/tasks"
    etag = ada.client.get(tasks).headers["ETag"]
    created(ada.client.post(tasks, json={"title": "Sow"}, headers={"If-Match": etag}))
    before = tables.digest()
    for condition in ({"If-Match": etag}, {"If-None-Match": "*"}):
        rejected(ada.client.post(tasks, json={"title": "Reap"}, headers=condition), 412, "precondition-failed")
    assert tables.digest() == before


def test_a_read_can_require_a_version(ada: Person) -> None:
    task = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    etag = ada.client.get(task).headers["ETag"]
    ok(ada.client.get(task, headers={"If-Match": f", {etag},"}))
    response = ada.client.get(task, headers={"If-Match": '"0"'})
    rejected(response, 412, "precondition-failed")
    assert response.headers["ETag"] == etag


@pytest.mark.mostly_on_one_database
@pytest.mark.parametrize("operation_id", sorted(GUARDED))
def test_a_write_of_the_current_version_succeeds(ada: Person, tables: Tables, operation_id: str) -> None:
    write = WRITES[operation_id](ada, tables)
    assert write.send(If_Match=f'"0", {write.entity_tag()}').is_success


@pytest.mark.mostly_on_one_database
@pytest.mark.parametrize("operation_id", sorted(GUARDED & KEYED & RETURNING_TAG))
def test_a_write_returns_the_entity_tag_for_the_next_one(ada: Person, tables: Tables, operation_id: str) -> None:
    write = WRITES[operation_id](ada, tables)
    before = write.entity_tag()
    response = write.send(If_Match=before)
    assert response.headers["etag"] == write.entity_tag() != before
    rejected(write.send(If_Match=before), 412, "precondition-failed")


def test_a_busy_workspace_can_be_renamed(ada: Person) -> None:
    etag = ada.client.get(ada.home).headers["etag"]
    ada.create("tasks", title="Sow")
    ok(ada.client.merge(ada.home, {"name": "Home"}, If_Match=etag))


def test_a_condition_does_not_show_a_stranger_what_exists(ada: Person, bob: Person) -> None:
    task = ada.create("tasks", title="Sow")
    response = bob.client.delete(f"{ada.home}/tasks/{task['id']}", headers={"If-Match": '"0"'})
    rejected(response, 404, "not-found")


def test_a_condition_on_a_resource_that_does_not_exist_is_not_found(ada: Person) -> None:
    rejected(ada.client.delete(f"{ada.home}/tasks/{new_id()}", headers={"If-Match": "*"}), 404, "not-found")


# ---------------------------------------------------------------------------------------------------------------------
# Idempotency-Key
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.mostly_on_one_database
@pytest.mark.parametrize("operation_id", sorted(KEYED))
def test_a_repeated_request_gets_the_same_response_and_changes_nothing(
    ada: Person, tables: Tables, operation_id: str
) -> None:
    write = WRITES[operation_id](ada, tables)
    first = write.send(Idempotency_Key="k")
    before = tables.digest()
    again = write.send(Idempotency_Key='"k"')
    assert first.is_success
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.headers.get(name) for name in ("etag", "location")] == [
        first.headers.get(name) for name in ("etag", "location")
    ]
    assert tables.digest() == before


@pytest.mark.mostly_on_one_database
@pytest.mark.parametrize("operation_id", sorted(KEYED))
def test_another_request_with_the_key_is_rejected(ada: Person, tables: Tables, operation_id: str) -> None:
    write = WRITES[operation_id](ada, tables)
    home = f"/v1/workspaces/{write.workspace_id}"
    created(ada.client.post(f"{home}/tasks", json={"title": "first"}, headers={"Idempotency-Key": "k"}))
    ok(ada.client.merge("/v1/users/me", {"name": "A"}, Idempotency_Key="k"))
    before = tables.digest()
    response = write.send(Idempotency_Key="k")
    assert rejected(response, 422, "idempotency-key-reused") == {"Idempotency-Key reused"}
    assert tables.digest() == before


def test_a_repeated_request_gets_its_response_before_its_condition_is_checked(ada: Person, tables: Tables) -> None:
    write = WRITES["update_task"](ada, tables)
    headers = {"If_Match": write.entity_tag(), "Idempotency_Key": "k"}
    assert ok(write.send(**headers)) == ok(write.send(**headers))


def test_keys_belong_to_one_user_and_one_workspace(ada: Person, bob: Person, tables: Tables) -> None:
    shared = created(ada.client.post("/v1/workspaces", json={"name": "Shared"}, headers={"Idempotency-Key": "k"}))
    path = f"/v1/workspaces/{shared['id']}/tasks"
    tables.add_member(shared["id"], bob.id, role="editor")
    headers = {"Idempotency-Key": "k"}
    ids = {
        created(person.client.post(where, json={"title": "Sow"}, headers=headers))["id"]
        for person, where in ((ada, path), (bob, path), (ada, f"{ada.home}/tasks"))
    }
    assert len(ids) == 3


def test_a_key_outlives_the_session_that_used_it(ada: Person, client: Client) -> None:
    headers = {"Idempotency-Key": "k"}
    first = created(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers=headers))
    later = client.with_token(ada.log_in()["access_token"])
    assert created(later.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers=headers)) == first


def test_a_rejected_request_leaves_its_key_unused(ada: Person) -> None:
    headers = {"Idempotency-Key": "k"}
    body = {"title": "Sow", "project_id": new_id()}
    rejected(ada.client.post(f"{ada.home}/tasks", json=body, headers=headers), 422, "invalid-body")
    created(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers=headers))


def test_a_removed_member_gets_no_kept_response(ada: Person, bob: Person, tables: Tables) -> None:
    shared = created(bob.client.post("/v1/workspaces", json={"name": "Shared"}))
    tables.add_member(shared["id"], ada.id, role="editor")
    path, headers = f"/v1/workspaces/{shared['id']}/tasks", {"Idempotency-Key": "k"}
    created(ada.client.post(path, json={"title": "Sow"}, headers=headers))
    tables.remove_member(shared["id"], ada.id)
    rejected(ada.client.post(path, json={"title": "Sow"}, headers=headers), 404, "not-found")


def test_a_key_can_be_used_again_after_a_day(ada: Person, tables: Tables) -> None:
    headers = {"Idempotency-Key": "k"}
    first = created(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers=headers))
    tables.write(update(idempotency_keys).values(recorded_at=NOW.replace(year=2020)))
    second = created(ada.client.post(f"{ada.home}/tasks", json={"title": "Reap"}, headers=headers))
    assert second["id"] != first["id"]
    assert created(ada.client.post(f"{ada.home}/tasks", json={"title": "Reap"}, headers=headers)) == second


def test_kept_responses_are_deleted_with_the_account_and_with_the_workspace(
    ada: Person, bob: Person, tables: Tables, module_database_url: str
) -> None:
    shared = created(bob.client.post("/v1/workspaces", json={"name": "Shared", "id": new_id()}))
    gone = created(ada.client.post("/v1/workspaces", json={"name": "Gone", "id": new_id()}))
    tables.add_member(shared["id"], ada.id, role="editor")
    for workspace in (shared, gone, {"id": ada.workspace_id}):
        body = {"title": "Sow", "id": new_id()}
        created(ada.client.post(f"/v1/workspaces/{workspace['id']}/tasks", json=body, headers={"Idempotency-Key": "k"}))
    no_content(ada.client.delete(f"/v1/workspaces/{gone['id']}"))
    no_content(ada.client.delete("/v1/users/me"))
    purged(module_database_url, erasures.purge)
    kept = [table for table in tables.mentions(ada.id, gone["id"], ada.workspace_id) if table in KEPT]
    assert kept == []
    # The account that created it is deleted; the id of the task in it stays taken.
    assert tables.mentions(shared["id"]).keys() & KEPT == {"client_ids"}


# ---------------------------------------------------------------------------------------------------------------------
# ids from clients
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation_id", MAKING)
def test_a_created_resource_has_the_id_that_the_client_sent(ada: Person, tables: Tables, operation_id: str) -> None:
    write = with_client_id(WRITES[operation_id](ada, tables))
    thing = created(write.send())
    assert write.body is not None
    assert thing["id"] == write.body["id"]
    assert ok(ada.client.get(f"{write.path}/{thing['id']}")) == thing


@pytest.mark.parametrize("operation_id", MAKING)
def test_the_same_request_again_creates_nothing_and_returns_what_exists(
    ada: Person, tables: Tables, operation_id: str
) -> None:
    write = with_client_id(WRITES[operation_id](ada, tables))
    path = f"{write.path}/{created(write.send())['id']}"
    name = "title" if operation_id == "create_task" else "name"
    ok(ada.client.merge(path, {name: "changed"}))
    before = tables.digest()
    response = write.send()
    assert (ok(response)[name], response.headers["etag"]) == ("changed", ada.client.get(path).headers["etag"])
    assert tables.digest() == before


@pytest.mark.parametrize("operation_id", MAKING)
def test_another_request_with_the_id_or_one_for_a_deleted_resource_is_rejected(
    ada: Person, tables: Tables, operation_id: str
) -> None:
    write = with_client_id(WRITES[operation_id](ada, tables))
    path = f"{write.path}/{created(write.send())['id']}"
    name = "title" if operation_id == "create_task" else "name"
    assert write.body is not None
    other = ada.client.post(write.path, json={**write.body, name: "another"})
    assert rejected(other, 409, "id-taken") == {"#/id id-taken"}
    no_content(ada.client.delete(path))
    before = tables.digest()
    assert rejected(write.send(), 409, "id-taken") == {"#/id id-taken"}
    assert tables.digest() == before


@pytest.mark.parametrize("operation_id", MAKING)
def test_an_id_that_the_server_created_stays_taken_after_a_deletion(
    ada: Person, tables: Tables, module_database_url: str, operation_id: str
) -> None:
    write = WRITES[operation_id](ada, tables)
    thing = created(write.send())
    body = {**(write.body or {}), "id": thing["id"]}
    rejected(ada.client.post(write.path, json=body), 409, "id-taken")
    no_content(ada.client.delete(f"{write.path}/{thing['id']}"))
    rejected(ada.client.post(write.path, json=body), 409, "id-taken")
    purged(module_database_url, erasures.purge)
    response = ada.client.post(write.path, json=body)
    if operation_id == "create_workspace":  # its log, and so its tombstone, was deleted with it
        created(response)
    else:
        rejected(response, 409, "id-taken")


def test_the_id_of_a_task_cannot_be_used_for_a_project(ada: Person) -> None:
    client_id = new_id()
    ada.create("tasks", title="Sow", id=client_id)
    rejected(ada.client.post(f"{ada.home}/projects", json={"name": "Garden", "id": client_id}), 409, "id-taken")


def test_an_id_in_capitals_is_the_same_id(ada: Person) -> None:
    client_id = new_id()
    task = ada.create("tasks", title="Sow", id=client_id.upper())
    assert task["id"] == client_id
    assert ok(ada.client.post(f"{ada.home}/tasks", json={"title": "Sow", "id": client_id})) == task


def test_a_workspace_of_another_user_is_not_shown_to_a_caller_with_its_id(ada: Person, bob: Person) -> None:
    body = {"name": "Household", "id": new_id()}
    created(ada.client.post("/v1/workspaces", json=body))
    rejected(bob.client.post("/v1/workspaces", json=body), 409, "id-taken")

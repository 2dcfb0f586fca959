"""Registration, and one's own account."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from persistence import erasures
from persistence.users import users
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
    register,
    rejected,
)
from tests.support.purging import purged
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database


def test_registering_creates_an_account_with_a_personal_workspace_and_its_inbox(client: Client) -> None:
    email = new_email()
    response = client.post(
        "/v1/users", json={"email": email, "password": PASSWORD, "name": "Ada", "time_zone": "Europe/London"}
    )
    user = created(response)
    assert (user["email"], user["name"], user["time_zone"], user["revision"]) == (email, "Ada", "Europe/London", 1)
    assert response.headers["ETag"] == '"1"'
    mine = client.with_token(log_in(client, email)["access_token"])
    assert ok(mine.get(response.headers["Location"])) == user
    (workspace,) = ok(mine.get("/v1/workspaces"))["items"]
    assert (workspace["personal"], workspace["role"], workspace["head"]) == (True, "owner", 1)
    (inbox,) = ok(mine.get(f"/v1/workspaces/{workspace['id']}/projects"))["items"]
    assert (inbox["is_inbox"], inbox["archived_at"], inbox["revision"]) == (True, None, 1)


def test_the_default_time_zone_is_utc(ada: Person) -> None:
    assert ada.user["time_zone"] == "UTC"


def test_an_address_can_be_registered_once_in_any_case(client: Client, ada: Person) -> None:
    body = {"email": ada.user["email"].upper(), "password": PASSWORD, "name": "Imposter"}
    rejected(client.post("/v1/users", json=body), 409, "email-taken")


@pytest.mark.on_each_database
def test_of_two_concurrent_registrations_of_an_address_one_succeeds(client: Client, tables: Tables) -> None:
    email = new_email()
    bodies = [{"email": spelled, "password": PASSWORD, "name": "Ada"} for spelled in (email, email.title())]
    with ThreadPoolExecutor(2) as threads:
        responses = list(threads.map(lambda body: client.post("/v1/users", json=body).status_code, bodies))
    assert sorted(responses) == [201, 409]
    assert tables.rows(select(func.count()).where(users.c.email_key == email)) == [(1,)]


def test_a_log_in_ignores_the_case_of_the_address(client: Client, ada: Person) -> None:
    assert log_in(client, ada.user["email"].swapcase())["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"email": "ada at example.com"}, {"#/email format"}),
        ({"email": "a" * 250 + "@example.com"}, {"#/email format"}),
        ({"email": f"{'a' * 64}@{'example.' * 25}com"}, {"#/email max-length"}),
        ({"password": "seven77"}, {"#/password min-length"}),
        ({"password": "x" * 129}, {"#/password max-length"}),
        ({"password": "password"}, {"#/password common"}),
        ({"password": "Baseball"}, {"#/password common"}),
        ({"email": "ada.lovelace@example.com", "password": "ADA.LOVELACE"}, {"#/password common"}),
        ({"name": "Ada Lovelace", "password": "ada lovelace"}, {"#/password common"}),
        ({"name": " "}, {"#/name pattern"}),
        ({"name": None}, {"#/name type"}),
        ({"time_zone": "Mars/Olympus"}, {"#/time_zone time-zone"}),
        ({"time_zone": "europe/berlin"}, {"#/time_zone time-zone"}),
        ({"time_zone": "localtime"}, {"#/time_zone time-zone"}),
        ({"time_zone": "Factory"}, {"#/time_zone time-zone"}),
        ({"time_zone": "posixrules"}, {"#/time_zone time-zone"}),
        ({"time_zone": "posix/Europe/Berlin"}, {"#/time_zone time-zone"}),
        ({"time_zone": "../../etc/localtime"}, {"#/time_zone pattern"}),
        ({"time_zone": "/usr/share/zoneinfo/UTC"}, {"#/time_zone pattern"}),
        ({"time_zone": "Europe/Berlin\n"}, {"#/time_zone pattern"}),
        ({"time_zone": "Europe//Berlin"}, {"#/time_zone pattern"}),
        ({"time_zone": "Europe/" + "B" * 58}, {"#/time_zone max-length"}),
        ({"time_zone": ""}, {"#/time_zone pattern"}),
        ({"admin": True}, {"#/admin unknown"}),
    ],
)
def test_an_invalid_account_is_rejected(client: Client, change: dict[str, object], faults: set[str]) -> None:
    body = {"email": new_email(), "password": PASSWORD, "name": "Ada", **change}
    found = rejected(client.post("/v1/users", json=body), 422, "invalid-body")
    assert found == faults


def test_all_errors_are_reported_at_once(client: Client) -> None:
    found = rejected(client.post("/v1/users", json={"email": 1, "name": "", "nickname": "A"}), 422, "invalid-body")
    assert found >= {"#/email type", "#/name min-length", "#/nickname unknown", "#/password required"}


def test_an_unchanged_account_is_not_sent_again(ada: Person) -> None:
    etag = ada.client.get("/v1/users/me").headers["ETag"]
    assert ada.client.get("/v1/users/me", headers={"If-None-Match": etag}).status_code == 304
    ok(ada.client.merge("/v1/users/me", {"name": "Ada King"}))
    assert ada.client.get("/v1/users/me", headers={"If-None-Match": etag}).status_code == 200


def test_a_patch_changes_only_what_it_names(ada: Person) -> None:
    moved = ok(ada.client.merge("/v1/users/me", {"time_zone": "America/New_York"}))
    assert moved == {
        **ada.user,
        "time_zone": "America/New_York",
        "revision": 2,
        "updated_at": moved["updated_at"],
    }
    assert dt.datetime.fromisoformat(moved["updated_at"]) > dt.datetime.fromisoformat(ada.user["updated_at"])
    assert ok(ada.client.get("/v1/users/me")) == moved


def test_a_patch_that_changes_nothing_changes_nothing(ada: Person, tables: Tables) -> None:
    before = tables.digest()
    response = ada.client.merge("/v1/users/me", {"name": ada.user["name"], "time_zone": "UTC"})
    assert ok(response) == ada.user
    assert response.headers["ETag"] == '"1"'
    assert tables.digest() == before


def test_a_new_name_is_stored_in_all_my_memberships(ada: Person, bob: Person, tables: Tables) -> None:
    shared = bob.create("/v1/workspaces", name="Household")
    tables.add_member(shared["id"], ada.id, role="viewer", name="Ada")
    ok(ada.client.merge("/v1/users/me", {"name": "Ada King"}))
    assert tables.memberships(ada.id) == [("Ada King", 2), ("Ada King", 2)]
    assert (ada.head(), bob.head(f"/v1/workspaces/{shared['id']}")) == (2, 2)
    assert tables.memberships(bob.id) == [("Bob", 1), ("Bob", 1)]


def test_all_errors_of_a_patch_are_reported_at_once(ada: Person) -> None:
    found = rejected(ada.client.merge("/v1/users/me", {"name": "\u200b", "time_zone": "Nowhere"}), 422, "invalid-body")
    assert found == {"#/name blank", "#/time_zone time-zone"}


def test_a_stored_zone_that_is_not_offered_any_more_is_read_kept_and_replaced(ada: Person, tables: Tables) -> None:
    tables.write(update(users).where(users.c.id == UUID(ada.id)).values(time_zone="localtime"))
    me = ok(ada.client.get("/v1/users/me"))
    assert me["time_zone"] == "localtime"
    renamed = ok(ada.client.merge("/v1/users/me", {"name": "Ada King", "time_zone": "localtime"}))
    assert (renamed["name"], renamed["time_zone"]) == ("Ada King", "localtime")
    assert ok(ada.client.merge("/v1/users/me", {"time_zone": "Asia/Tokyo"}))["time_zone"] == "Asia/Tokyo"


def test_a_new_time_zone_changes_no_workspace(ada: Person) -> None:
    ok(ada.client.merge("/v1/users/me", {"time_zone": "Asia/Tokyo"}))
    assert ada.head() == 1


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "# min-properties"),
        ({"name": None}, "#/name type"),
        ({"email": "new@example.com"}, "#/email read-only"),
        ({"time_zone": "Nowhere"}, "#/time_zone time-zone"),
        ({"time_zone": "localtime"}, "#/time_zone time-zone"),
        ({"time_zone": "EUROPE/BERLIN"}, "#/time_zone time-zone"),
        ({"time_zone": None}, "#/time_zone type"),
        ([], "# type"),
    ],
)
def test_an_invalid_patch_is_rejected(ada: Person, body: object, fault: str) -> None:
    assert rejected(ada.client.merge("/v1/users/me", body), 422, "invalid-body") == {fault}


def test_a_patch_may_have_the_media_type_json(ada: Person) -> None:
    before = ok(ada.client.get("/v1/users/me"))
    after = ok(ada.client.patch("/v1/users/me", json={"name": "Ada King"}))
    assert after == before | {"name": "Ada King", "updated_at": after["updated_at"], "revision": after["revision"]}


def test_a_patch_with_another_media_type_is_rejected(ada: Person) -> None:
    response = ada.client.patch("/v1/users/me", content=b'{"name": "x"}', headers={"Content-Type": "text/plain"})
    rejected(response, 415, "unsupported-media-type")
    assert response.headers["Accept-Patch"] == "application/merge-patch+json, application/json"


def test_a_new_password_replaces_the_old_one_and_ends_the_other_sessions(client: Client, ada: Person) -> None:
    other = client.with_token(ada.log_in()["access_token"])
    body = {"current_password": PASSWORD, "new_password": "tea and analytical engines"}
    no_content(ada.client.put("/v1/users/me/password", json=body))
    rejected(other.get("/v1/users/me"), 401, "unauthenticated")
    assert [s["current"] for s in everything(ada.client, "/v1/sessions")] == [True]
    old = client.post("/v1/sessions", json={"email": ada.user["email"], "password": PASSWORD})
    rejected(old, 401, "invalid-credentials")
    log_in(client, ada.user["email"], "tea and analytical engines")


def test_a_changed_password_leaves_the_account_s_representation(ada: Person) -> None:
    body = {"current_password": PASSWORD, "new_password": "tea and analytical engines"}
    no_content(ada.client.put("/v1/users/me/password", json=body))
    assert ok(ada.client.get("/v1/users/me")) == ada.user


def test_a_wrong_current_password_changes_nothing(client: Client, ada: Person, tables: Tables) -> None:
    other = client.with_token(ada.log_in()["access_token"])
    before = tables.digest()
    body = {"current_password": "wrong", "new_password": "tea and analytical engines"}
    response = ada.client.put("/v1/users/me/password", json=body)
    assert rejected(response, 422, "invalid-body") == {"#/current_password password"}
    assert tables.digest() == before
    ok(other.get("/v1/users/me"))


def test_an_invalid_new_password_is_rejected(ada: Person) -> None:
    response = ada.client.put("/v1/users/me/password", json={"current_password": PASSWORD, "new_password": "short"})
    assert rejected(response, 422, "invalid-body") == {"#/new_password min-length"}


@pytest.mark.parametrize("new", ["trustno1", "e-mail address"])
def test_a_guessable_new_password_is_rejected(ada: Person, new: str) -> None:
    password = ada.user["email"].upper() if new == "e-mail address" else new
    response = ada.client.put("/v1/users/me/password", json={"current_password": PASSWORD, "new_password": password})
    assert rejected(response, 422, "invalid-body") == {"#/new_password common"}


def test_a_password_may_have_any_characters(client: Client) -> None:
    body = {"email": new_email(), "password": "\N{CROWN}" * 127 + "e\N{COMBINING ACUTE ACCENT}"}
    rejected(client.post("/v1/users", json={**body, "name": "Ada"}), 422, "invalid-body")
    longest = body["password"][1:]
    created(client.post("/v1/users", json={**body, "password": longest, "name": "Ada"}))
    composed = longest[:-2] + "\N{LATIN SMALL LETTER E WITH ACUTE}"
    log_in(client, body["email"], composed)
    response = client.post("/v1/sessions", json={"email": body["email"], "password": longest[1:]})
    rejected(response, 401, "invalid-credentials")


@pytest.mark.on_each_database
def test_of_two_concurrent_password_changes_one_succeeds(client: Client, ada: Person) -> None:
    others = [client.with_token(ada.log_in()["access_token"]) for _ in range(2)]
    words = ["tea and analytical engines", "notes on the engine"]

    def change(mine: Client, word: str) -> int:
        body = {"current_password": PASSWORD, "new_password": word}
        return mine.put("/v1/users/me/password", json=body).status_code

    with ThreadPoolExecutor(2) as threads:
        responses = list(threads.map(change, others, words))
    # The loser is rejected by the password that the winner has set, or because the winner has ended its session.
    assert responses.count(204) == 1
    assert set(responses) <= {204, 401, 422}
    log_in(client, ada.user["email"], words[responses.index(204)])


def test_a_deleted_account_is_deleted_with_all_that_was_only_its_own(
    client: Client, ada: Person, tables: Tables, module_database_url: str
) -> None:
    alone = ada.create("/v1/workspaces", name="Attic")
    ada.create(f"/v1/workspaces/{alone['id']}/tasks", title="Sort the attic")
    ada.create("tasks", title="Buy milk")
    no_content(ada.client.delete("/v1/users/me"))
    assert tables.mentions(ada.id).keys() <= {"tasks", "events"}, "in her own workspaces, until they are emptied"
    purged(module_database_url, erasures.purge)
    assert tables.mentions(ada.id, ada.workspace_id, alone["id"]) == {}
    rejected(ada.client.get("/v1/users/me"), 401, "unauthenticated")
    body = {"email": ada.user["email"], "password": PASSWORD}
    rejected(client.post("/v1/sessions", json=body), 401, "invalid-credentials")


def test_the_address_of_a_deleted_account_can_be_registered_again(client: Client, ada: Person) -> None:
    no_content(ada.client.delete("/v1/users/me"))
    created(client.post("/v1/users", json={"email": ada.user["email"], "password": PASSWORD, "name": "Ada II"}))


def test_a_deleted_account_leaves_shared_workspaces(ada: Person, bob: Person, tables: Tables) -> None:
    shared = bob.create("/v1/workspaces", name="Household")
    path = f"/v1/workspaces/{shared['id']}"
    tables.add_member(shared["id"], ada.id, role="editor")
    task = ada.create(f"{path}/tasks", title="Wash up")
    no_content(ada.client.delete("/v1/users/me"))
    assert ok(bob.client.get(f"{path}/tasks/{task['id']}")) == task
    assert bob.head(path) == task["revision"] + 1
    assert tables.memberships(ada.id) == []


def test_the_only_owner_of_a_shared_workspace_cannot_delete_their_account(
    ada: Person, bob: Person, tables: Tables
) -> None:
    shared = ada.create("/v1/workspaces", name="Household")
    tables.add_member(shared["id"], bob.id, role="admin")
    before = tables.digest()
    rejected(ada.client.delete("/v1/users/me"), 409, "sole-owner")
    assert tables.digest() == before


def test_one_of_two_owners_can_delete_their_account(ada: Person, bob: Person, tables: Tables) -> None:
    shared = ada.create("/v1/workspaces", name="Household")
    tables.add_member(shared["id"], bob.id, role="owner")
    no_content(ada.client.delete("/v1/users/me"))
    assert ok(bob.client.get(f"/v1/workspaces/{shared['id']}"))["role"] == "owner"


def test_resources_that_a_deleted_account_created_keep_its_id(ada: Person, bob: Person, tables: Tables) -> None:
    shared = bob.create("/v1/workspaces", name="Household")
    tables.add_member(shared["id"], ada.id, role="editor")
    task = ada.create(f"/v1/workspaces/{shared['id']}/tasks", title="Wash up")
    no_content(ada.client.delete("/v1/users/me"))
    kept = ok(bob.client.get(f"/v1/workspaces/{shared['id']}/tasks/{task['id']}"))
    assert kept["created_by"] == ada.id


def test_two_accounts_may_have_the_same_name(client: Client) -> None:
    first, second = register(client), register(client)
    assert first.id != second.id
    assert ok(second.client.get("/v1/users/me"))["email"] == second.user["email"]


def test_only_the_owner_s_cache_may_keep_an_account(client: Client) -> None:
    response = register(client).client.get("/v1/users/me")
    assert (response.headers["Cache-Control"], response.headers["Vary"]) == ("private, no-cache", "Authorization")

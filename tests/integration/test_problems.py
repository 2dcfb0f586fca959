"""The problems of the real contract: all errors at once, one for each value, in words that say what to do."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response

from tests.support.clients import PASSWORD, Client, Person, created, new_email, ok, problem_of, rejected
from tests.support.one_database import databases  # noqa: F401  # they are about texts

UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
VERSION_4 = "0b7c1f4e-5d0a-4f43-9d0e-2f6a1c9b8e77"
A_DAY = {"date": "2026-04-18"}


def texts(response: Response) -> dict[str, str]:
    """The text of each error by its place; there is one for each place."""
    faults = response.json()["errors"]
    found = {fault.get("pointer") or fault.get("parameter") or fault.get("header"): fault["detail"] for fault in faults}
    assert len(found) == len(faults), faults
    return found


def test_all_rules_that_a_new_task_breaks_are_reported_at_once(ada: Person) -> None:
    due = {**A_DAY, "time_zone": "Europe/Atlantis"}
    body = {"title": "Sow", "project_id": UNKNOWN_ID, "due": due}
    assert rejected(ada.client.post(f"{ada.home}/tasks", json=body), 422, "invalid-body") == {
        "#/due/time required",
        "#/due/time_zone time-zone",
        "#/project_id project",
    }
    assert ada.head() == 1


def test_all_rules_that_a_changed_due_breaks_are_reported_at_once(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    response = ada.client.merge(path, {"due": {"time_zone": "Europe/Atlantis"}})
    assert rejected(response, 422, "invalid-body") == {
        "#/due/date required",
        "#/due/time required",
        "#/due/time_zone time-zone",
    }


def test_all_rules_that_a_registration_breaks_are_reported_at_once(client: Client) -> None:
    unfit = {"password": "password", "time_zone": "Mars/Olympus", "invitation_token": "tbi_nobody"}
    body = {"email": new_email(), "name": "Ada", **unfit}
    assert rejected(client.post("/v1/users", json=body), 422, "invalid-body") == {
        "#/password common",
        "#/time_zone time-zone",
        "#/invitation_token token",
    }


def test_both_passwords_of_a_change_are_checked(ada: Person) -> None:
    body = {"current_password": "not the password", "new_password": "password"}
    response = ada.client.put("/v1/users/me/password", json=body)
    assert rejected(response, 422, "invalid-body") == {"#/current_password password", "#/new_password common"}
    created(ada.client.post("/v1/sessions", json={"email": ada.user["email"], "password": PASSWORD}))


def test_all_rules_that_a_new_token_breaks_are_reported_at_once(ada: Person) -> None:
    limit = {"workspace_ids": [UNKNOWN_ID], "expires_at": "2020-01-01T00:00:00Z"}
    response = ada.client.post("/v1/tokens", json={"name": "Script", "scopes": ["account"], **limit})
    assert rejected(response, 422, "invalid-body") == {
        "#/scopes not-limitable",
        "#/workspace_ids workspace",
        "#/expires_at past",
    }


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            {"status": "completed", "completed_at": None},
            {
                f"#/{name}": "This property is read-only here. "
                "To change it, use complete_task, cancel_task or reopen_task."
                for name in ("status", "completed_at")
            },
        ),
        (
            {"position": "a0", "id": UNKNOWN_ID, "created_at": "2026-01-01T00:00:00Z", "revision": 2},
            {
                "#/position": "This property is read-only here. To change it, use move_task.",
                **{
                    f"#/{name}": "This property is read-only. Leave it out."
                    for name in ("id", "created_at", "revision")
                },
            },
        ),
        ({"colour": "red"}, {"#/colour": "There is no such property here."}),
        ({"title": " "}, {"#/title": "This must have a character that is not white space."}),
        (
            {"due": {"date": "0999-01-01"}},
            {"#/due/date": "This must be a date in or after the year 1000, such as 2026-01-31."},
        ),
        ({"due": {"time": "9:00"}}, {"#/due/time": "This must be a time of day, such as 09:30 or 09:30:15."}),
        (
            {"due": {"time_zone": ""}},
            {"#/due/time_zone": "This must be the name of an IANA time zone, such as Europe/Berlin."},
        ),
    ],
)
def test_a_patch_of_a_read_only_property_names_the_operation_that_changes_it(
    ada: Person, body: dict[str, Any], found: dict[str, str]
) -> None:
    response = ada.client.merge(f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}", body)
    assert (response.status_code, texts(response)) == (422, found)


def test_what_an_action_does_not_take_is_unknown_and_not_read_only(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    response = ada.client.post(f"{path}/cancel", json={"occurrence": None, "status": "cancelled"})
    assert rejected(response, 422, "invalid-body") == {"#/occurrence unknown", "#/status unknown"}
    response = ada.client.post(f"{path}/complete", json={"status": "completed"})
    assert rejected(response, 422, "invalid-body") == {"#/status read-only"}


def test_null_where_a_value_is_wanted_says_that_it_is_null(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    null = "This cannot be null: send a value, or leave it out if it is optional."
    wrong = {"description": None, "title": 1, "due": {"date": "2027-02-28", "time": 9}}
    found = {"#/description": null, "#/title": "This must be a string.", "#/due/time": "This must be a string or null."}
    assert texts(ada.client.merge(path, wrong)) == found
    new = ada.client.post("/v1/tokens", json={"name": None, "scopes": ["read", None]})
    assert texts(new) == {"#/name": null, "#/scopes/1": "This must be a string."}


@pytest.mark.parametrize(
    ("kind", "writable", "changed_by"),
    [
        (
            "user",
            {"name", "time_zone", "reminder_time"},
            {"email": "change_email", "email_verified_at": "verify_email"},
        ),
        ("workspace", {"name"}, {"role": "update_member"}),
        ("member", {"role"}, {"name": "update_me"}),
        (
            "project",
            {"name", "description"},
            {"archived_at": "archive_project or unarchive_project", "position": "move_project"},
        ),
        (
            "task",
            {
                "title",
                "description",
                "priority",
                "start",
                "due",
                "recurrence",
                "label_ids",
                "assignee_ids",
                "depends_on_ids",
                "metadata",
            },
            dict.fromkeys(("status", "completed_at"), "complete_task, cancel_task or reopen_task")
            | dict.fromkeys(("project_id", "section_id", "parent_id", "position"), "move_task"),
        ),
    ],
)
def test_each_property_that_a_patch_does_not_take_is_read_only(
    ada: Person, kind: str, writable: set[str], changed_by: dict[str, str]
) -> None:
    path = {
        "user": "/v1/users/me",
        "workspace": ada.home,
        "member": f"{ada.home}/members/{ada.user['id']}",
        "project": f"{ada.home}/projects/{ada.create('projects', name='Garden')['id']}",
        "task": f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}",
    }[kind]
    others = {name: value for name, value in ok(ada.client.get(path)).items() if name not in writable}
    assert changed_by.keys() <= others.keys()
    response = ada.client.merge(path, others)
    assert rejected(response, 422, "invalid-body") == {f"#/{name} read-only" for name in others}
    assert texts(response) == {
        f"#/{name}": f"This property is read-only here. To change it, use {changed_by[name]}."
        if name in changed_by
        else "This property is read-only. Leave it out."
        for name in others
    }


@pytest.mark.parametrize(
    ("value", "code", "detail"),
    [
        (VERSION_4, "pattern", "This must be a UUIDv7 (RFC 9562). A UUID of another version is not accepted."),
        ("019cb30a", "format", "This must be a UUID."),
        (7, "type", "This must be a string or null."),
    ],
)
def test_an_id_of_another_kind_is_rejected_with_the_kind_that_is_needed(
    ada: Person, value: object, code: str, detail: str
) -> None:
    response = ada.client.post(f"{ada.home}/tasks", json={"id": value, "title": "Sow"})
    assert rejected(response, 422, "invalid-body") == {f"#/id {code}"}
    assert texts(response) == {"#/id": detail}


def test_no_regular_expression_is_in_a_response(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    response = ada.client.merge(path, {}, If_Match="7", Idempotency_Key='a"b')
    assert rejected(response, 400, "invalid-parameters") >= {"If-Match pattern", "Idempotency-Key pattern"}
    assert not any(sign in detail for detail in texts(response).values() for sign in ("^", "{", "[", "\\"))


@pytest.mark.parametrize("key", ["", "k" * 256, '"' + "k" * 256 + '"', "k" * 1000])
def test_a_key_of_a_wrong_length_is_rejected_with_consistent_lengths(ada: Person, key: str) -> None:
    response = ada.client.post(f"{ada.home}/projects", json={"name": "Garden"}, headers={"Idempotency-Key": key})
    rejected(response, 400, "invalid-parameters")
    detail = texts(response)["Idempotency-Key"]
    assert "257" in detail
    assert "1 to 255" in detail or len(key) > 257


def test_a_body_in_another_encoding_is_rejected_with_the_one_that_is_needed(ada: Person) -> None:
    url, headers = f"{ada.home}/projects", {"Content-Type": "application/json"}
    latin = ada.client.post(url, content='{"name": "Grün"}'.encode("latin-1"), headers=headers)
    rejected(latin, 400, "malformed-request")
    assert latin.json()["detail"] == "The body must be UTF-8."
    cut = ada.client.post(url, content='{"name": "Grün"'.encode(), headers=headers)
    rejected(cut, 400, "malformed-request")
    assert "is not valid JSON" in cut.json()["detail"]


def test_an_unknown_path_is_reported_differently_from_a_missing_right(ada: Person, bob: Person) -> None:
    unknown, not_mine = ada.client.get("/v1/nowhere"), ada.client.get(bob.home)
    rejected(unknown, 404, "not-found")
    rejected(not_mine, 404, "not-found")
    assert problem_of(unknown)["detail"] == "There is no such path. Check it against the contract."
    assert problem_of(not_mine)["detail"] == "Not found, or you do not have access to it."


def test_a_repeated_write_is_marked_as_repeated(ada: Person) -> None:
    responses = [
        ada.client.post(f"{ada.home}/tasks", json={"title": "Sow"}, headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    first, again = (created(response) for response in responses)
    assert first == again
    assert [response.headers.get("Idempotency-Replayed") for response in responses] == [None, "true"]


def test_a_stale_write_is_rejected_with_the_current_version(ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    stale = ada.client.merge(path, {"title": "Reap"}, If_Match='"1"')
    rejected(stale, 412, "precondition-failed")
    assert stale.headers["Cache-Control"] == "no-store"
    assert ok(ada.client.merge(path, {"title": "Reap"}, If_Match=stale.headers["ETag"]))["title"] == "Reap"

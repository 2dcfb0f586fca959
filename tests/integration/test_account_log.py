"""The account log, as its owner reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, get_args

import pytest

from domain.model.account_log import AccountEventType
from tests.support.checking import read_contract
from tests.support.clients import (
    PASSWORD,
    Client,
    Person,
    everything,
    new_email,
    no_content,
    ok,
    pages,
    rejected,
)
from tests.support.programs import run
from tests.support.tables import Tables

EVENTS = "/v1/users/me/events"
NEW_PASSWORD = "tea and analytical engines"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux)"}

pytestmark = [pytest.mark.unmeasured, pytest.mark.mostly_on_one_database]


def log_of(person: Person) -> list[dict[str, Any]]:
    """The events, newest first."""
    return everything(person.client, EVENTS)


def reuse(person: Person, tables: Tables) -> None:
    other = person.log_in()
    for _ in range(2):
        response = person.client.post("/v1/sessions/refresh", json={"refresh_token": other["refresh_token"]})
        tables.age_refresh_tokens(other["session_id"])
    rejected(response, 401, "session-ended")


def end_all(person: Person, _tables: Tables) -> None:
    """The log can then be read only through another session."""
    no_content(person.client.delete("/v1/sessions"))
    person.client.headers["Authorization"] = f"Bearer {person.log_in()['access_token']}"


def end_current(person: Person, _tables: Tables) -> None:
    """The log can then be read only through another session."""
    no_content(person.client.delete("/v1/sessions/current"))
    person.client.headers["Authorization"] = f"Bearer {person.log_in()['access_token']}"


def change_password(person: Person, _tables: Tables) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    no_content(person.client.put("/v1/users/me/password", json=body, headers=BROWSER))


def make_token(person: Person, _tables: Tables) -> dict[str, Any]:
    return person.create("/v1/tokens", name="Script", scopes=["read"])


TELLS: Mapping[str, tuple[Callable[[Person, Tables], Any], list[str]]] = {
    "create_session": (lambda person, _: person.log_in(), ["session.started"]),
    "delete_session": (
        lambda person, _: no_content(person.client.delete(f"/v1/sessions/{person.log_in()['session_id']}")),
        ["session.started", "session.ended"],
    ),
    "delete_current_session": (end_current, ["session.ended", "session.started"]),
    "delete_all_sessions": (end_all, ["sessions.ended", "session.started"]),
    "refresh_session": (reuse, ["session.started", "session.reused"]),
    "change_password": (change_password, ["password.changed"]),
    "create_personal_token": (make_token, ["token.created"]),
    "delete_personal_token": (
        lambda person, _: no_content(person.client.delete(f"/v1/tokens/{make_token(person, _)['id']}")),
        ["token.created", "token.deleted"],
    ),
    "update_me": (lambda person, _: ok(person.client.merge("/v1/users/me", {"name": "Ada King"})), []),
}


@pytest.mark.parametrize("operation_id", TELLS)
def test_an_operation_that_changes_the_account_is_logged_for_its_owner_only(
    ada: Person, bob: Person, tables: Tables, operation_id: str
) -> None:
    act, wanted = TELLS[operation_id]
    act(ada, tables)
    logged = [event["type"] for event in reversed(log_of(ada))]
    assert logged == ["account.registered", "session.started", *wanted]
    assert [event["type"] for event in log_of(bob)] == ["session.started", "account.registered"]


def test_the_contract_lists_every_type() -> None:
    schema = read_contract()["components"]["schemas"]["AccountEvent"]["properties"]["type"]
    assert set(schema["x-extensible-enum"]) == set(get_args(AccountEventType))


def test_an_event_has_its_time_address_and_session(ada: Person, tables: Tables) -> None:
    before = dt.datetime.now(dt.UTC)
    change_password(ada, tables)
    changed, started, registered = log_of(ada)
    assert (changed["address"], changed["device"]) == ("127.0.0.1", BROWSER["User-Agent"])
    assert before <= dt.datetime.fromisoformat(changed["recorded_at"]) <= dt.datetime.now(dt.UTC)
    assert changed["session_id"] == started["session_id"] == ada.tokens["session_id"]
    assert (registered["session_id"], registered["token_id"]) == (None, None)
    assert registered["device"] == ada.client.headers["User-Agent"]
    assert changed["id"] > started["id"] > registered["id"]


def test_a_session_that_was_ended_is_logged_by_its_id(ada: Person) -> None:
    other = ada.log_in()["session_id"]
    no_content(ada.client.delete(f"/v1/sessions/{other}"))
    assert [event["session_id"] for event in log_of(ada)[:2]] == [other, other]


def test_changes_by_the_operator_are_logged(ada: Person, module_database_url: str) -> None:
    settings = {"database_url": module_database_url}
    assert run("user", "password", ada.user["email"], settings=settings, stdin=NEW_PASSWORD + "\n").exit_code == 0
    body = {"email": ada.user["email"], "password": NEW_PASSWORD}
    ada.client.headers["Authorization"] = f"Bearer {ada.client.post('/v1/sessions', json=body).json()['access_token']}"
    reset = log_of(ada)[1]
    assert (reset["type"], reset["address"], reset["device"], reset["session_id"]) == (
        "password.reset",
        None,
        None,
        None,
    )


def test_rejected_requests_are_not_logged(client: Client, ada: Person, tables: Tables) -> None:
    before = tables.digest()
    wrong = {"email": ada.user["email"], "password": "wrong"}
    rejected(client.post("/v1/sessions", json=wrong), 401, "invalid-credentials")
    rejected(ada.client.delete(f"/v1/sessions/{ada.id}"), 404, "not-found")
    body = {"current_password": "wrong", "new_password": NEW_PASSWORD}
    rejected(ada.client.put("/v1/users/me/password", json=body), 422, "invalid-body")
    body = {"email": ada.user["email"], "password": PASSWORD, "name": "Imposter"}
    rejected(client.post("/v1/users", json=body), 409, "email-taken")
    assert tables.digest() == before


def test_no_secret_and_no_email_address_is_logged(ada: Person, tables: Tables) -> None:
    for act, _ in TELLS.values():
        act(ada, tables)
    text = ada.client.get(EVENTS, params={"limit": 200}).text
    for secret in ("@", "tbs_", "tbr_", PASSWORD, NEW_PASSWORD, "$argon2"):
        assert secret not in text


def test_the_log_comes_in_pages(ada: Person, bob: Person) -> None:
    for _ in range(3):
        ada.log_in()
    found = pages(ada.client, EVENTS, limit=2)
    assert [len(page) for page in found] == [2, 2, 1]
    ids = [event["id"] for page in found for event in page]
    assert ids == sorted(ids, reverse=True)
    cursor = ok(ada.client.get(EVENTS, params={"limit": 2}))["next_cursor"]
    assert rejected(bob.client.get(EVENTS, params={"cursor": cursor}), 400, "invalid-cursor") == {"cursor cursor"}


def test_an_unchanged_log_is_not_sent_again(ada: Person) -> None:
    etag = ada.client.get(EVENTS).headers["ETag"]
    assert ada.client.get(EVENTS, headers={"If-None-Match": etag}).status_code == 304
    ada.log_in()
    assert ada.client.get(EVENTS, headers={"If-None-Match": etag}).status_code == 200


def test_the_log_is_deleted_with_the_account(client: Client, ada: Person, tables: Tables) -> None:
    agent = f"unmistakable/{new_email().partition('@')[0]}"
    body = {"email": ada.user["email"], "password": PASSWORD}
    client.post("/v1/sessions", json=body, headers={"User-Agent": agent})
    assert tables.holds_text(agent)
    no_content(ada.client.delete("/v1/users/me"))
    assert not tables.holds_text(agent)

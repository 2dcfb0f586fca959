"""Logging in, refreshing, logging out."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import argon2
import pytest
from sqlalchemy import func, select

from app.adapters.passwords.argon2_hasher import Argon2Passwords
from app.main import make_parts
from app.settings import Settings
from domain import secret_tokens
from domain import sessions as session_services
from domain.model.sessions import WrongCredentials
from persistence.sessions import access_tokens, refresh_tokens, sessions
from persistence.unit_of_work import SqlUnitOfWork
from tests.support.clients import (
    PASSWORD,
    Client,
    Person,
    created,
    everything,
    new_email,
    no_content,
    ok,
    pages,
    problem_of,
    rejected,
)
from tests.support.programs import our_contract, run
from tests.support.tables import Tables

pytestmark = pytest.mark.mostly_on_one_database

UNKNOWN_ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"


def refresh(client: Client, token: str) -> dict[str, str]:
    tokens: dict[str, str] = ok(client.post("/v1/sessions/refresh", json={"refresh_token": token}))
    return tokens


def test_logging_in_returns_recognisable_tokens_for_an_hour(client: Client, ada: Person) -> None:
    response = client.post("/v1/sessions", json={"email": ada.user["email"], "password": PASSWORD})
    tokens = response.json()
    assert (response.status_code, tokens["token_type"], tokens["expires_in"]) == (201, "Bearer", 3600)
    assert secret_tokens.digest_of(tokens["access_token"], kind="session")
    assert secret_tokens.digest_of(tokens["refresh_token"], kind="refresh")
    assert response.headers["Location"] == f"/v1/sessions/{tokens['session_id']}"
    assert response.headers["Cache-Control"] == "no-store"
    no_content(client.with_token(tokens["access_token"]).delete(response.headers["Location"]))


def test_the_database_stores_no_token_and_no_password(ada: Person, tables: Tables) -> None:
    mine = sessions.c.id == UUID(ada.tokens["session_id"])
    assert tables.rows(select(sessions.c.user_id).where(mine)) == [(UUID(ada.id),)]
    for token in (ada.tokens["access_token"], ada.tokens["refresh_token"], PASSWORD):
        assert not tables.holds_text(token)


def test_a_failed_log_in_does_not_say_why(client: Client, ada: Person) -> None:
    body = {"email": ada.user["email"], "password": "nanoseconds are short"}
    wrong = client.post("/v1/sessions", json=body)
    unknown = client.post("/v1/sessions", json={**body, "email": new_email()})
    for response in (wrong, unknown):
        rejected(response, 401, "invalid-credentials")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="tickbox"'
    assert problem_of(wrong) == problem_of(unknown)
    assert wrong.headers.keys() == unknown.headers.keys()


class _ObservedPasswords(Argon2Passwords):
    """Passwords that record the parameters with which they hashed."""

    def __init__(self) -> None:
        super().__init__()
        self.uow: list[argon2.Parameters] = []

    def _matches(self, stored: str, password: str) -> bool:
        self.uow.append(argon2.extract_parameters(stored))
        return super()._matches(stored, password)


async def test_a_failed_log_in_takes_the_same_work_for_an_unknown_address(
    module_database_url: str, ada: Person
) -> None:
    parts = make_parts(Settings(database_url=module_database_url), our_contract().document)
    # The server of these tests hashes with less work. Hashes that the program has stored are of full strength.
    settings = {"database_url": module_database_url}
    stored = await asyncio.to_thread(run, "user", "password", ada.user["email"], settings=settings, stdin=PASSWORD)
    assert stored.exit_code == 0
    passwords = _ObservedPasswords()
    dependencies = replace(parts.dependencies, passwords=passwords)
    for email in (ada.user["email"], new_email()):
        async with SqlUnitOfWork(
            dependencies, principal=None, workspace_id=None, safe=False, admit=lambda _role: None
        ) as uow:
            with pytest.raises(WrongCredentials):
                await session_services.log_in(uow, email=email, password="nanoseconds are short")
    passwords.close()
    await parts.close()
    known, unknown = passwords.uow
    assert known == unknown


def test_a_failed_log_in_leaves_no_rows(client: Client, ada: Person, tables: Tables) -> None:
    before = tables.digest()
    rejected(
        client.post("/v1/sessions", json={"email": ada.user["email"], "password": "wrong"}), 401, "invalid-credentials"
    )
    assert tables.digest() == before


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"email": "ada@example.com"}, "#/password required"),
        ({"email": "ada@example.com", "password": ""}, "#/password min-length"),
        ({"email": "ada@example.com", "password": 12345678}, "#/password type"),
        ({"email": "ada@example.com", "password": "x" * 129}, "#/password max-length"),
        ({"email": "ada@example.com", "password": PASSWORD, "remember": True}, "#/remember unknown"),
    ],
)
def test_an_invalid_log_in_is_rejected(client: Client, body: object, fault: str) -> None:
    assert rejected(client.post("/v1/sessions", json=body), 422, "invalid-body") == {fault}


def test_my_sessions_are_listed_oldest_first_and_the_current_one_is_marked(ada: Person, bob: Person) -> None:
    second = ada.log_in()
    listed = everything(ada.client, "/v1/sessions")
    assert [(s["id"], s["current"]) for s in listed] == [
        (ada.tokens["session_id"], True),
        (second["session_id"], False),
    ]
    assert [s["id"] for s in everything(bob.client, "/v1/sessions")] == [bob.tokens["session_id"]]
    (first, _) = listed
    lifetime = dt.datetime.fromisoformat(first["expires_at"]) - dt.datetime.fromisoformat(first["created_at"])
    assert lifetime == dt.timedelta(days=30)
    assert first["last_refreshed_at"] == first["created_at"]


@pytest.mark.parametrize(
    ("body", "agent", "device"),
    [
        ({"device": "Ada's \N{MOBILE PHONE}"}, "curl/8", "Ada's \N{MOBILE PHONE}"),
        ({}, "Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)"),
        ({}, "x" * 8000, "x" * 100),
        ({}, "tab\tand \xe9", "taband \xe9"),
        ({}, "", None),
        ({}, None, None),
    ],
)
def test_a_session_is_listed_with_its_device(
    client: Client, ada: Person, body: dict[str, str], agent: str | None, device: str | None
) -> None:
    """*agent* None leaves the header out."""
    request = client.build_request(
        "POST",
        "/v1/sessions",
        json={"email": ada.user["email"], "password": PASSWORD, **body},
        headers={b"User-Agent": (agent or "").encode("latin-1")},
    )
    if agent is None:
        del request.headers["User-Agent"]
    begun = created(client.send(request))
    assert {s["id"]: s["device"] for s in everything(ada.client, "/v1/sessions")}[begun["session_id"]] == device


@pytest.mark.parametrize(
    ("device", "fault"), [("", "min-length"), (" \t", "pattern"), ("x" * 101, "max-length"), (1, "type")]
)
def test_the_name_of_a_device_is_one_line(client: Client, ada: Person, device: object, fault: str) -> None:
    body = {"email": ada.user["email"], "password": PASSWORD, "device": device}
    assert f"#/device {fault}" in rejected(client.post("/v1/sessions", json=body), 422, "invalid-body")


def test_sessions_come_in_pages(ada: Person) -> None:
    ids = [ada.tokens["session_id"], *(ada.log_in()["session_id"] for _ in range(4))]
    assert [[s["id"] for s in page] for page in pages(ada.client, "/v1/sessions", limit=2)] == [
        ids[:2],
        ids[2:4],
        ids[4:],
    ]


def test_a_cursor_belongs_to_its_owner(ada: Person, bob: Person) -> None:
    ada.log_in()
    cursor = ok(ada.client.get("/v1/sessions", params={"limit": 1}))["next_cursor"]
    response = bob.client.get("/v1/sessions", params={"cursor": cursor})
    assert rejected(response, 400, "invalid-cursor") == {"cursor cursor"}


def test_an_unchanged_list_is_not_sent_again(ada: Person) -> None:
    etag = ada.client.get("/v1/sessions").headers["ETag"]
    assert ada.client.get("/v1/sessions", headers={"If-None-Match": etag}).status_code == 304
    ada.log_in()
    assert ada.client.get("/v1/sessions", headers={"If-None-Match": etag}).status_code == 200


def test_an_expired_session_is_not_listed(ada: Person, tables: Tables) -> None:
    old = ada.log_in()
    tables.expire_session(old["session_id"])
    assert [s["id"] for s in everything(ada.client, "/v1/sessions")] == [ada.tokens["session_id"]]


def test_the_tokens_of_an_ended_session_are_rejected(client: Client, ada: Person) -> None:
    tokens = ada.log_in()
    other = client.with_token(tokens["access_token"])
    ok(other.get("/v1/users/me"))
    no_content(ada.client.delete(f"/v1/sessions/{tokens['session_id']}"))
    response = other.get("/v1/users/me")
    rejected(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="tickbox", error="invalid_token"'
    spent = client.post("/v1/sessions/refresh", json={"refresh_token": tokens["refresh_token"]})
    rejected(spent, 401, "session-ended")


def test_a_session_ends_once(ada: Person) -> None:
    path = f"/v1/sessions/{ada.log_in()['session_id']}"
    no_content(ada.client.delete(path))
    rejected(ada.client.delete(path), 404, "not-found")


def test_the_current_session_can_be_ended(ada: Person) -> None:
    no_content(ada.client.delete(f"/v1/sessions/{ada.tokens['session_id']}"))
    rejected(ada.client.get("/v1/users/me"), 401, "unauthenticated")


def test_the_location_of_a_log_in_leads_to_the_session(client: Client, ada: Person) -> None:
    response = client.post("/v1/sessions", json={"email": ada.user["email"], "password": PASSWORD})
    there = client.with_token(created(response)["access_token"])
    begun = there.get(response.headers["Location"])
    assert (ok(begun)["id"], ok(begun)["current"]) == (created(response)["session_id"], True)
    assert ok(ada.client.get(response.headers["Location"])) == ok(begun) | {"current": False}
    etag = {"If-None-Match": begun.headers["ETag"]}
    assert there.get(response.headers["Location"], headers=etag).status_code == 304


def test_logging_out_needs_no_id_of_the_session(client: Client, ada: Person) -> None:
    tokens = ada.log_in()
    there = client.with_token(tokens["access_token"])
    current = ok(there.get("/v1/sessions/current"))
    assert (current["id"], current["current"]) == (tokens["session_id"], True)
    no_content(there.delete("/v1/sessions/current"))
    rejected(there.delete("/v1/sessions/current"), 401, "unauthenticated")
    rejected(client.post("/v1/sessions/refresh", json={"refresh_token": tokens["refresh_token"]}), 401, "session-ended")
    assert [each["id"] for each in everything(ada.client, "/v1/sessions")] == [ada.tokens["session_id"]]


def test_a_personal_token_has_no_current_session(ada: Person) -> None:
    script = ada.client.with_token(ada.create("/v1/tokens", name="Script", scopes=["account"])["token"])
    rejected(script.get("/v1/sessions/current"), 404, "not-found")
    rejected(script.delete("/v1/sessions/current"), 404, "not-found")
    assert len(everything(ada.client, "/v1/sessions")) == 1


@pytest.mark.parametrize("which", ["somebody else's", "an expired one", "nobody's"])
def test_only_my_own_live_sessions_are_found(ada: Person, bob: Person, tables: Tables, which: str) -> None:
    expired = ada.log_in()["session_id"]
    tables.expire_session(expired)
    ids = {"somebody else's": bob.tokens["session_id"], "an expired one": expired, "nobody's": UNKNOWN_ID}
    rejected(ada.client.get(f"/v1/sessions/{ids[which]}"), 404, "not-found")


@pytest.mark.parametrize("whose", ["somebody else's", "nobody's"])
def test_only_my_own_sessions_can_be_ended(ada: Person, bob: Person, whose: str) -> None:
    session_id = bob.tokens["session_id"] if whose == "somebody else's" else UNKNOWN_ID
    rejected(ada.client.delete(f"/v1/sessions/{session_id}"), 404, "not-found")
    ok(bob.client.get("/v1/users/me"))


def test_an_invalid_id_is_rejected(ada: Person) -> None:
    found = rejected(ada.client.delete("/v1/sessions/me"), 400, "invalid-parameters")
    assert {place.split()[0] for place in found} == {"session_id"}


def test_logging_out_everywhere_ends_all_of_my_sessions(client: Client, ada: Person, bob: Person) -> None:
    other = client.with_token(ada.log_in()["access_token"])
    no_content(ada.client.delete("/v1/sessions"))
    for mine in (ada.client, other):
        rejected(mine.get("/v1/users/me"), 401, "unauthenticated")
    ok(bob.client.get("/v1/users/me"))


def test_an_access_token_expires_and_a_refresh_creates_the_next(client: Client, ada: Person, tables: Tables) -> None:
    tables.expire_access_tokens(ada.tokens["session_id"])
    rejected(ada.client.get("/v1/users/me"), 401, "unauthenticated")
    tokens = refresh(client, ada.tokens["refresh_token"])
    assert tokens["session_id"] == ada.tokens["session_id"]
    ok(client.with_token(tokens["access_token"]).get("/v1/users/me"))


def test_a_refresh_keeps_the_old_access_token_and_extends_the_session(client: Client, ada: Person) -> None:
    (before,) = everything(ada.client, "/v1/sessions")
    tokens = refresh(client, ada.tokens["refresh_token"])
    assert tokens["refresh_token"] != ada.tokens["refresh_token"]
    (after,) = everything(ada.client, "/v1/sessions")
    assert after["created_at"] == before["created_at"]
    assert after["last_refreshed_at"] > before["last_refreshed_at"]
    assert after["expires_at"] > before["expires_at"]


def test_a_session_can_be_refreshed_many_times(client: Client, ada: Person) -> None:
    token = ada.tokens["refresh_token"]
    for _ in range(4):
        token = refresh(client, token)["refresh_token"]
    assert len(everything(ada.client, "/v1/sessions")) == 1


def test_reusing_a_spent_refresh_token_ends_its_session(client: Client, ada: Person, tables: Tables) -> None:
    newer = refresh(client, ada.tokens["refresh_token"])
    tables.age_refresh_tokens(ada.tokens["session_id"])
    again = client.post("/v1/sessions/refresh", json={"refresh_token": ada.tokens["refresh_token"]})
    rejected(again, 401, "session-ended")
    for token in (ada.tokens["access_token"], newer["access_token"]):
        rejected(client.with_token(token).get("/v1/users/me"), 401, "unauthenticated")
    for token in (newer["refresh_token"], ada.tokens["refresh_token"]):
        response = client.post("/v1/sessions/refresh", json={"refresh_token": token})
        rejected(response, 401, "session-ended")
    assert tables.mentions(ada.tokens["session_id"]) == {"account_events": 2}


def test_reusing_a_spent_refresh_token_ends_no_other_session(client: Client, ada: Person, tables: Tables) -> None:
    other = ada.log_in()
    refresh(client, other["refresh_token"])
    tables.age_refresh_tokens(other["session_id"])
    rejected(client.post("/v1/sessions/refresh", json={"refresh_token": other["refresh_token"]}), 401, "session-ended")
    assert [s["id"] for s in everything(ada.client, "/v1/sessions")] == [ada.tokens["session_id"]]


def test_a_client_that_lost_the_response_can_refresh_again(client: Client, ada: Person, tables: Tables) -> None:
    lost = refresh(client, ada.tokens["refresh_token"])
    renewed = refresh(client, ada.tokens["refresh_token"])
    ok(client.with_token(renewed["access_token"]).get("/v1/users/me"))
    tables.age_refresh_tokens(ada.tokens["session_id"])
    newest = refresh(client, renewed["refresh_token"])
    ok(client.with_token(newest["access_token"]).get("/v1/users/me"))
    late = client.post("/v1/sessions/refresh", json={"refresh_token": lost["refresh_token"]})
    rejected(late, 401, "session-ended")
    rejected(client.with_token(newest["access_token"]).get("/v1/users/me"), 401, "unauthenticated")


def refresh_at_once(client: Client, token: str) -> list[tuple[int, dict[str, str]]]:
    """The statuses and bodies of many requests that refresh with one token at once."""

    def attempt(_number: int) -> tuple[int, dict[str, str]]:
        response = client.post("/v1/sessions/refresh", json={"refresh_token": token})
        return response.status_code, response.json()

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(attempt, range(8)))


@pytest.mark.on_each_database
def test_concurrent_refreshes_all_succeed_and_one_has_the_live_token(
    client: Client, ada: Person, tables: Tables
) -> None:
    responses = refresh_at_once(client, ada.tokens["refresh_token"])
    assert [status for status, _ in responses] == [200] * 8
    digests = {secret_tokens.digest_of(tokens["refresh_token"], kind="refresh"): tokens for _, tokens in responses}
    mine = (refresh_tokens.c.session_id == UUID(ada.tokens["session_id"]), refresh_tokens.c.replaced_at.is_(None))
    ((live,),) = tables.rows(select(refresh_tokens.c.digest).where(*mine))
    tables.age_refresh_tokens(ada.tokens["session_id"])
    newest = refresh(client, digests[bytes(live)]["refresh_token"])
    for tokens in (*digests.values(), newest):
        ok(client.with_token(tokens["access_token"]).get("/v1/users/me"))


@pytest.mark.on_each_database
def test_of_concurrent_uses_of_an_old_token_one_ends_the_session(client: Client, ada: Person, tables: Tables) -> None:
    newer = refresh(client, ada.tokens["refresh_token"])
    tables.age_refresh_tokens(ada.tokens["session_id"])
    responses = refresh_at_once(client, ada.tokens["refresh_token"])
    assert [status for status, _ in responses] == [401] * 8
    details = Counter(problem["detail"] for _, problem in responses)
    assert sorted(details.values()) == [1, 7]  # one request ended the session, the others find it ended
    rejected(client.with_token(newer["access_token"]).get("/v1/users/me"), 401, "unauthenticated")


@pytest.mark.parametrize("kind", ["of an ended session", "expired", "an access token", "garbage", "mistyped"])
def test_an_invalid_refresh_token_is_rejected(client: Client, ada: Person, tables: Tables, kind: str) -> None:
    token = ada.tokens["refresh_token"]
    if kind == "of an ended session":
        no_content(ada.client.delete("/v1/sessions"))
    elif kind == "expired":
        tables.expire_session(ada.tokens["session_id"])
    else:
        last = "0" if token[-1] != "0" else "1"
        token = {"an access token": ada.tokens["access_token"], "garbage": "x", "mistyped": token[:-1] + last}[kind]
    response = client.post("/v1/sessions/refresh", json={"refresh_token": token})
    rejected(response, 401, "session-ended")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="tickbox"'


def test_a_refresh_without_a_token_is_rejected(client: Client) -> None:
    assert rejected(client.post("/v1/sessions/refresh", json={}), 422, "invalid-body") == {"#/refresh_token required"}


def test_the_tokens_of_an_old_session_do_not_accumulate(client: Client, ada: Person, tables: Tables) -> None:
    session_id = ada.tokens["session_id"]
    tables.expire_access_tokens(session_id)
    refresh(client, ada.tokens["refresh_token"])
    count = select(func.count()).select_from(access_tokens).where(access_tokens.c.session_id == UUID(session_id))
    assert tables.rows(count) == [(1,)]
    spent = select(func.count()).select_from(refresh_tokens).where(refresh_tokens.c.session_id == UUID(session_id))
    assert tables.rows(spent) == [(2,)]  # the spent token is remembered, so that it is recognised when it is used again


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Basic YTpi", "Bearer nonsense", "Bearer tbs_" + "0" * 49, "tbs_x", "Bearer a b"],
)
def test_a_header_without_a_valid_token_is_rejected(client: Client, header: str) -> None:
    response = client.get("/v1/users/me", headers={"Authorization": header})
    rejected(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith('Bearer realm="tickbox", error="')


def test_without_a_token_the_challenge_names_no_error(client: Client) -> None:
    response = client.get("/v1/users/me")
    rejected(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="tickbox"'


def test_a_refresh_token_is_not_an_access_token(client: Client, ada: Person) -> None:
    mine = client.with_token(ada.tokens["refresh_token"])
    rejected(mine.get("/v1/users/me"), 401, "unauthenticated")


def test_the_token_is_checked_before_the_body(client: Client) -> None:
    response = client.post(f"/v1/workspaces/{UNKNOWN_ID}/tasks", content=b"{", headers={"Content-Type": "text/html"})
    rejected(response, 401, "unauthenticated")

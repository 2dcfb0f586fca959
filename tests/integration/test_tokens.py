"""Personal tokens: each can do what it was created for, and no more."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.jobs.last_used import LastUses
from app.main import URN_PREFIX, build, make_parts
from app.settings import Settings
from domain.principals import SCOPES, Principal
from persistence.sessions import access_tokens, sessions
from persistence.tokens import personal_tokens
from tests.support.clients import Client, Person, created, everything, no_content, ok, pages, rejected
from tests.support.programs import our_contract
from tests.support.server import serving
from tests.support.tables import NOW, Tables
from tickbox_contract.engine.protocol import bounded_protocol

pytestmark = pytest.mark.mostly_on_one_database

FAR = "2099-03-02T08:00:00Z"


def token_of(person: Person, *scopes: str, **limits: Any) -> dict[str, Any]:
    return created(person.client.post("/v1/tokens", json={"name": "Script", "scopes": scopes, **limits}))


def script_of(person: Person, *scopes: str, **limits: Any) -> Client:
    """A client with a new token of this person."""
    return person.client.with_token(token_of(person, *scopes, **limits)["token"])


def test_a_token_is_returned_once_and_stored_as_a_digest(ada: Person, tables: Tables) -> None:
    response = ada.client.post("/v1/tokens", json={"name": "Script", "scopes": ["write", "read"], "expires_at": FAR})
    token = created(response)
    assert response.headers["Location"] == f"/v1/tokens/{token['id']}"
    assert response.headers["Cache-Control"] == "no-store"
    secret = token.pop("token")
    assert ok(ada.client.get("/v1/tokens"))["items"] == [token]
    assert (token["scopes"], token["expires_at"], token["workspace_ids"]) == (["read", "write"], FAR, None)
    assert not tables.holds_text(secret)


def test_the_location_of_a_new_token_leads_to_it_without_the_token_itself(ada: Person, bob: Person) -> None:
    response = ada.client.post("/v1/tokens", json={"name": "Script", "scopes": ["read"]})
    token = created(response)
    secret = token.pop("token")
    found = ada.client.get(response.headers["Location"])
    assert (ok(found), secret in found.text) == (token, False)
    again = ada.client.get(response.headers["Location"], headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304
    rejected(bob.client.get(response.headers["Location"]), 404, "not-found")
    no_content(ada.client.delete(response.headers["Location"]))
    rejected(ada.client.get(response.headers["Location"]), 404, "not-found")


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_with_any_scope_can_read_itself(ada: Person, scope: str) -> None:
    token = token_of(ada, scope, expires_at=FAR)
    assert ok(ada.client.with_token(token["token"]).get("/v1/tokens/current")) == {
        "type": "personal",
        "user_id": ada.id,
        "user_name": "Ada",
        "session_id": None,
        "token_id": token["id"],
        "scopes": [scope],
        "workspace_ids": None,
        "expires_at": FAR,
    }


def test_a_token_for_one_workspace_reports_that_workspace(ada: Person) -> None:
    current = ok(script_of(ada, "write", workspace_ids=[ada.workspace_id]).get("/v1/tokens/current"))
    assert (current["workspace_ids"], current["expires_at"]) == ([ada.workspace_id], None)


def test_a_session_s_token_can_be_read_too(ada: Person, tables: Tables) -> None:
    current = ok(ada.client.get("/v1/tokens/current"))
    assert (current["type"], current["session_id"], current["token_id"]) == ("session", ada.tokens["session_id"], None)
    assert current["scopes"] == list(SCOPES)
    ends = select(access_tokens.c.expires_at).where(access_tokens.c.session_id == UUID(ada.tokens["session_id"]))
    assert [row[0] for row in tables.rows(ends)] == [dt.datetime.fromisoformat(current["expires_at"])]


def test_a_token_that_a_session_creates_may_expire_after_it(ada: Person) -> None:
    assert token_of(ada, "read")["expires_at"] is None


def test_the_expiry_of_a_token_is_returned_in_utc(ada: Person) -> None:
    body = {"name": "Script", "scopes": ["read"], "expires_at": "2099-01-01T00:00:00+02:00"}
    assert created(ada.client.post("/v1/tokens", json=body))["expires_at"] == "2098-12-31T22:00:00Z"


def test_a_time_in_lower_case_is_accepted_and_returned_in_capitals(ada: Person) -> None:
    body = {"name": "Script", "scopes": ["read"], "expires_at": "2099-01-01t00:00:00z"}
    assert created(ada.client.post("/v1/tokens", json=body))["expires_at"] == "2099-01-01T00:00:00Z"


def test_a_token_with_the_scope_read_cannot_write(ada: Person) -> None:
    script = script_of(ada, "read")
    ok(script.get(f"{ada.home}/tasks"))
    ok(script.get("/v1/workspaces"))
    rejected(script.post(f"{ada.home}/tasks", json={"title": "Sow"}), 403, "insufficient-scope")
    rejected(script.merge(ada.home, {"name": "Home"}), 403, "insufficient-scope")
    rejected(script.get("/v1/users/me"), 403, "insufficient-scope")
    rejected(script.get("/v1/tokens"), 403, "insufficient-scope")


def test_no_scope_includes_another(ada: Person) -> None:
    script = script_of(ada, "write")
    created(script.post(f"{ada.home}/tasks", json={"title": "Sow"}))
    rejected(script.get(f"{ada.home}/tasks"), 403, "insufficient-scope")


def test_a_token_for_one_workspace_has_no_access_to_another(ada: Person) -> None:
    household = ada.create("/v1/workspaces", name="Household")
    script = script_of(ada, "read", "write", "manage", workspace_ids=[household["id"].upper()])
    home = f"/v1/workspaces/{household['id']}"
    created(script.post(f"{home}/tasks", json={"title": "Wash up"}))
    assert [workspace["id"] for workspace in everything(script, "/v1/workspaces")] == [household["id"]]
    rejected(script.get(f"{ada.home}/tasks"), 404, "not-found")
    rejected(script.post(f"{ada.home}/tasks", json={"title": "Sow"}), 404, "not-found")
    for path, body in (("/v1/workspaces", {"name": "Another"}), ("/v1/invitations/accept", {"token": "tbi_x"})):
        response = script.post(path, json=body)
        rejected(response, 403, "insufficient-scope")
        assert "limited to certain workspaces" in response.json()["detail"]
    missing = script.get("/v1/users/me")
    rejected(missing, 403, "insufficient-scope")
    assert "'account', which your token does not have" in missing.json()["detail"]
    rejected(ada.client.get("/v1/workspaces/019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"), 404, "not-found")


def test_a_token_never_creates_a_broader_one(ada: Person) -> None:
    script = script_of(ada, "account", "read", expires_at=FAR)
    wanted = {"name": "Broader", "scopes": ["account", "write"], "expires_at": FAR}
    assert rejected(script.post("/v1/tokens", json=wanted), 422, "invalid-body") == {"#/scopes broader"}
    longer = {"name": "Longer", "scopes": ["account"]}
    assert rejected(script.post("/v1/tokens", json=longer), 422, "invalid-body") == {"#/expires_at broader"}
    created(script.post("/v1/tokens", json={"name": "As broad", "scopes": ["read"], "expires_at": FAR}))


def test_invalid_scopes_workspaces_and_expiries_are_rejected(ada: Person, bob: Person) -> None:
    def places(**body: Any) -> set[str]:
        return rejected(
            ada.client.post("/v1/tokens", json={"name": "x", "scopes": ["read"], **body}), 422, "invalid-body"
        )

    assert places(scopes=[]) == {"#/scopes min-items"}
    assert places(scopes=["admin"]) == {"#/scopes/0 enum"}
    assert places(scopes=["read", "read"]) == {"#/scopes unique-items"}
    assert places(expires_at="2020-01-01T00:00:00Z") == {"#/expires_at past"}
    assert places(expires_at="2099-01-01T00:00:00") == {"#/expires_at format"}
    assert places(workspace_ids=[bob.workspace_id]) == {"#/workspace_ids workspace"}
    assert places(scopes=["account"], workspace_ids=[ada.workspace_id]) == {"#/scopes not-limitable"}
    assert ok(ada.client.get("/v1/tokens"))["items"] == []


def test_a_deleted_token_is_rejected(ada: Person, bob: Person) -> None:
    token = token_of(ada, "read", "account")
    script = ada.client.with_token(token["token"])
    rejected(bob.client.delete(f"/v1/tokens/{token['id']}"), 404, "not-found")
    no_content(script.delete(f"/v1/tokens/{token['id']}"))
    rejected(script.get("/v1/workspaces"), 401, "unauthenticated")
    rejected(ada.client.delete(f"/v1/tokens/{token['id']}"), 404, "not-found")


def test_an_expired_token_is_rejected_and_not_listed(ada: Person, tables: Tables) -> None:
    token = token_of(ada, "read", expires_at=FAR)
    tables.expire_token(token["id"])
    rejected(ada.client.with_token(token["token"]).get("/v1/workspaces"), 401, "unauthenticated")
    assert ok(ada.client.get("/v1/tokens"))["items"] == []


def test_a_mistyped_token_is_rejected(ada: Person) -> None:
    secret = token_of(ada, "read")["token"]
    for wrong in (secret[:-1], secret + "0", secret.swapcase(), "tbp_" + secret, secret.replace("tbp_", "tbs_")):
        rejected(ada.client.with_token(wrong).get("/v1/workspaces"), 401, "unauthenticated")


def test_tokens_outlive_sessions_and_passwords_but_not_their_account(ada: Person) -> None:
    script = script_of(ada, "read")
    no_content(ada.client.delete("/v1/sessions"))
    ok(script.get("/v1/workspaces"))
    again = ada.client.with_token(ada.log_in()["access_token"])
    no_content(again.delete("/v1/users/me"))
    rejected(script.get("/v1/workspaces"), 401, "unauthenticated")


def test_a_token_can_end_all_sessions_and_stays_valid(ada: Person) -> None:
    script = script_of(ada, "account")
    (session,) = ok(script.get("/v1/sessions"))["items"]
    assert session["current"] is False
    no_content(script.delete("/v1/sessions"))
    rejected(ada.client.get("/v1/users/me"), 401, "unauthenticated")
    ok(script.get("/v1/users/me"))


def test_tokens_come_in_pages(ada: Person) -> None:
    ids = [token_of(ada, "read")["id"] for _ in range(5)]
    found = pages(ada.client, "/v1/tokens", limit=2)
    assert [len(page) for page in found] == [2, 2, 1]
    assert [token["id"] for page in found for token in page] == ids


def test_the_last_use_is_stored_without_a_write_for_each_request(
    module_database_url: str, ada: Person, tables: Tables
) -> None:
    token = token_of(ada, "read")
    row = select(personal_tokens.c.last_used_at).where(personal_tokens.c.id == UUID(token["id"]))
    ok(ada.client.with_token(token["token"]).get("/v1/workspaces"))
    assert tables.rows(row) == [(None,)]

    uses = LastUses()
    later = NOW + dt.timedelta(days=90_000)
    uses.note(Principal(user_id=UUID(ada.id), token_id=UUID(token["id"])), at=later)
    uses.note(Principal(user_id=UUID(ada.id), session_id=UUID(ada.tokens["session_id"])), at=later)
    asyncio.run(_write(uses, module_database_url))
    assert tables.rows(row) == [(later,)]
    mine = sessions.c.id == UUID(ada.tokens["session_id"])
    assert tables.rows(select(sessions.c.last_used_at).where(mine)) == [(later,)]

    uses.note(Principal(user_id=UUID(ada.id), token_id=UUID(token["id"])), at=NOW)
    asyncio.run(_write(uses, module_database_url))
    assert tables.rows(row) == [(later,)], "another process knew of a later use"


async def _write(uses: LastUses, url: str) -> None:
    dependencies = make_parts(Settings(database_url=url), our_contract().document).dependencies
    try:
        await uses.write(dependencies)
    finally:
        await dependencies.database.close()


def test_a_server_that_stops_stores_the_last_uses(ada: Person, tables: Tables, module_database_url: str) -> None:
    token = token_of(ada, "read")
    application = build(Settings(database_url=module_database_url), contract=our_contract())
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}", token=token["token"]) as script,
    ):
        ok(script.get("/v1/workspaces"))
    assert ok(ada.client.get("/v1/tokens"))["items"][0]["last_used_at"] is not None

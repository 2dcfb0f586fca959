"""Users with a token of an identity provider: a real one, in its own process."""

from __future__ import annotations

import itertools
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.main import URN_PREFIX, build
from app.settings import Settings
from persistence import erasures
from persistence.identities import identities
from persistence.queued_emails import outbox
from persistence.users import users
from tests.integration.test_races import at_once, statuses
from tests.integration.test_statements import statements_of
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
    problem_of,
    rejected,
)
from tests.support.databases import SqliteDatabases
from tests.support.logs import check_log, check_payloads
from tests.support.programs import environment, our_contract, quick_passwords, run
from tests.support.providers import AUDIENCE, RealProvider
from tests.support.purging import purged
from tests.support.server import serving
from tests.support.tables import Tables
from tickbox_contract.engine.protocol import bounded_protocol

pytestmark = pytest.mark.mostly_on_one_database

MANY = 20
INVALID = 'Bearer realm="tickbox", error="invalid_token"'

_numbers = itertools.count(1)


@dataclass
class Time:
    """The clock from which the servers know how old their keys are."""

    seconds: float = 0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module")
def time() -> Time:
    return Time()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    provider = RealProvider(tmp_path_factory.mktemp("provider"))
    provider.start()
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def server(module_database_url: str, provider: RealProvider, time: Time) -> Iterator[str]:
    """A server that accepts the provider's tokens, with registration closed."""
    with served(module_database_url, provider, time) as url:
        yield url


@contextmanager
def served(url: str, provider: RealProvider, time: Time) -> Iterator[str]:
    settings = Settings(
        database_url=url, registration="closed", oidc_issuer=provider.issuer, oidc_audience=("unused", AUDIENCE)
    )
    application = build(
        settings, monotonic=time, background=False, contract=our_contract(), passwords=quick_passwords()
    )
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def subject() -> str:
    """The subject of a person whom the server has never seen."""
    return f"ada-{next(_numbers)}"


def first_request(client: Client, token: str) -> Person:
    """A client with *token*, after its first request."""
    mine = client.with_token(token)
    me = ok(mine.get("/v1/users/me"))
    homes = [each["id"] for each in ok(mine.get("/v1/workspaces"))["items"] if each["personal"]]
    (home,) = homes
    return Person(mine, me, {}, f"/v1/workspaces/{home}")


def register(url: str, email: str) -> None:
    """An account with a password, created by the operator."""
    settings = {"database_url": url}
    result = run("user", "create", email, "--name", "Ada", settings=settings, stdin=PASSWORD + "\n")
    assert result.exit_code == 0, result.stderr


# --- the first use, and later ones ---


def test_a_first_use_creates_an_account_with_a_personal_workspace(
    client: Client, provider: RealProvider, tables: Tables, subject: str
) -> None:
    email = f"{subject}@example.com"
    token = provider.id_token(subject, email=email, email_verified=True, name="Ada", zoneinfo="Europe/London")
    ada = first_request(client, token)
    assert (ada.user["email"], ada.user["name"], ada.user["time_zone"]) == (email, "Ada", "Europe/London")
    (workspace,) = everything(ada.client, "/v1/workspaces")
    assert (workspace["personal"], workspace["role"], workspace["head"]) == (True, "owner", 1)
    task = ada.create("tasks", title="Sow")
    assert task["created_by"] == ada.id
    log = check_log(tables, ada.workspace_id)
    assert [event.actor_id for event in log] == [None, None, None, ada.id]
    check_payloads(ada, log)


def test_a_later_use_is_the_same_account_whatever_other_claims_say(
    client: Client, provider: RealProvider, subject: str
) -> None:
    first = first_request(client, provider.id_token(subject, name="Ada"))
    later = provider.id_token(subject, name="Augusta", email="other@example.com", email_verified=True)
    assert first_request(client, later).user == first.user


@pytest.mark.parametrize(
    "claims", [{}, {"email": "eve@example.com"}, {"email": "eve@example.com", "email_verified": False}, {"email": 1}]
)
def test_without_a_verified_address_the_account_has_none(
    client: Client, provider: RealProvider, subject: str, claims: dict[str, Any]
) -> None:
    assert first_request(client, provider.id_token(subject, **claims)).user["email"] is None


def test_a_token_may_be_as_long_as_those_with_many_groups(client: Client, provider: RealProvider, subject: str) -> None:
    token = provider.id_token(subject, groups=[f"group {number}" for number in range(600)])
    assert len(token) > 10_000
    first_request(client, token)


def test_a_first_use_may_be_a_write(client: Client, provider: RealProvider, subject: str) -> None:
    mine = client.with_token(provider.id_token(subject))
    headers = {"Idempotency-Key": "first"}
    workspace = created(mine.post("/v1/workspaces", json={"name": "Household"}, headers=headers))
    assert created(mine.post("/v1/workspaces", json={"name": "Household"}, headers=headers)) == workspace
    assert len(everything(mine, "/v1/workspaces")) == 2


def test_a_first_use_for_an_unknown_workspace_creates_the_account_and_gets_404(
    client: Client, provider: RealProvider, subject: str
) -> None:
    mine = client.with_token(provider.id_token(subject))
    rejected(mine.get("/v1/workspaces/019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"), 404, "not-found")
    rejected(mine.get("/v1/workspaces/nonsense"), 400, "invalid-parameters")
    assert ok(mine.get("/v1/users/me"))["name"] == "New user"


@pytest.mark.on_each_database
@pytest.mark.parametrize("verified", [True, False])
def test_concurrent_first_uses_create_one_account(
    client: Client,
    provider: RealProvider,
    tables: Tables,
    subject: str,
    verified: bool,  # noqa: FBT001 -- a parameter of a test
) -> None:
    token = provider.id_token(subject, email=f"{subject}@example.com", email_verified=verified, name="Ada")
    before = tables.rows(select(func.count()).select_from(users))[0][0]
    ada = Person(client.with_token(token), {}, {}, "")
    responses = at_once(ada, [{"method": "GET", "url": "/v1/users/me"}] * MANY)
    assert statuses(responses) == {200: MANY}
    assert len({response.content for response in responses}) == 1
    assert responses[0].json()["email"] == (f"{subject}@example.com" if verified else None)
    assert tables.rows(select(func.count()).where(identities.c.subject == subject)) == [(1,)]
    assert tables.rows(select(func.count()).select_from(users)) == [(before + 1,)]
    assert len(everything(ada.client, "/v1/workspaces")) == 1


def test_a_later_use_takes_one_statement_to_authenticate(client: Client, provider: RealProvider, subject: str) -> None:
    ada = first_request(client, provider.id_token(subject))
    statements = statements_of(lambda: ok(ada.client.get(ada.home)))
    assert statements == ["SELECT identities", "SELECT members"]


def test_the_role_in_a_workspace_is_that_of_the_membership(
    client: Client, provider: RealProvider, tables: Tables, subject: str
) -> None:
    ada, eve = (
        first_request(client, provider.id_token(subject)),
        first_request(client, provider.id_token(f"{subject}-other")),
    )
    shared = ada.create("/v1/workspaces", name="Household")["id"]
    path = f"/v1/workspaces/{shared}/tasks"
    rejected(eve.client.get(path), 404, "not-found")
    tables.add_member(shared, eve.id, role="viewer")
    ok(eve.client.get(path))
    rejected(eve.client.post(path, json={"title": "Sow"}), 403, "insufficient-role")
    tables.remove_member(shared, eve.id)
    rejected(eve.client.get(path), 404, "not-found")


# --- accounts of the same person, and of others ---


def test_an_account_cannot_be_taken_over_by_its_address(
    client: Client, provider: RealProvider, module_database_url: str, tables: Tables, subject: str
) -> None:
    email = f"{subject}@example.com"
    register(module_database_url, email)
    registered = client.with_token(log_in(client, email)["access_token"])
    me, row = ok(registered.get("/v1/users/me")), select(users).where(users.c.email_key == email)
    before = tables.rows(row)
    eve = first_request(client, provider.id_token(subject, email=email.upper(), email_verified=True))
    assert eve.user["email"] is None
    assert eve.id != me["id"]
    assert tables.rows(row) == before
    assert len(everything(registered, "/v1/sessions")) == 1
    assert first_request(client, provider.id_token(subject, email=email, email_verified=True)).user == eve.user


def test_logging_in_to_an_account_without_a_password_fails(
    client: Client, provider: RealProvider, tables: Tables, subject: str
) -> None:
    email = f"{subject}@example.com"
    first_request(client, provider.id_token(subject, email=email, email_verified=True))
    before = tables.digest()
    responses = [
        client.post("/v1/sessions", json={"email": address, "password": PASSWORD})
        for address in (email, "nobody@example.com")
    ]
    for response in responses:
        rejected(response, 401, "invalid-credentials")
    assert problem_of(responses[0]) == problem_of(responses[1])
    assert tables.digest() == before


def test_a_user_without_a_password_cannot_change_it(client: Client, provider: RealProvider, subject: str) -> None:
    ada = first_request(client, provider.id_token(subject))
    body = {"current_password": "None", "new_password": "tea and analytical engines"}
    assert rejected(ada.client.put("/v1/users/me/password", json=body), 422, "invalid-body") == {
        "#/current_password password"
    }


def test_with_a_token_of_the_provider_no_session_is_the_current_one(
    client: Client, provider: RealProvider, module_database_url: str, subject: str
) -> None:
    email = f"{subject}@example.com"
    ada = first_request(client, provider.id_token(subject, email=email, email_verified=True))
    assert everything(ada.client, "/v1/sessions") == []
    given = run("user", "password", email, settings={"database_url": module_database_url}, stdin=PASSWORD + "\n")
    assert given.exit_code == 0, given.stderr
    with_session = client.with_token(log_in(client, email)["access_token"])
    assert ok(with_session.get("/v1/users/me")) == ada.user
    assert [session["current"] for session in everything(ada.client, "/v1/sessions")] == [False]
    no_content(ada.client.delete("/v1/sessions"))
    rejected(with_session.get("/v1/users/me"), 401, "unauthenticated")
    ok(ada.client.get("/v1/users/me"))


def test_a_token_of_the_provider_describes_itself_and_belongs_to_no_session(
    client: Client, provider: RealProvider, tables: Tables, subject: str
) -> None:
    ada = first_request(client, provider.id_token(subject, name="Ada"))
    assert ok(ada.client.get("/v1/tokens/current")) == {
        "type": "provider",
        "user_id": ada.id,
        "user_name": "Ada",
        "session_id": None,
        "token_id": None,
        "scopes": ["read", "write", "manage", "account"],
        "workspace_ids": None,
        "expires_at": None,
    }
    before = tables.digest()
    rejected(ada.client.get("/v1/sessions/current"), 404, "not-found")
    rejected(ada.client.delete("/v1/sessions/current"), 404, "not-found")
    assert tables.digest() == before


def test_a_user_without_a_password_needs_none_to_change_the_address(
    client: Client, provider: RealProvider, tables: Tables, subject: str
) -> None:
    ada = first_request(client, provider.id_token(subject))
    for proof in ({}, {"current_password": None}, {"current_password": "whatever it is"}):
        response = ada.client.put("/v1/users/me/email", json={"email": new_email(), **proof})
        assert response.status_code == 202, response.text  # accepted
    assert ok(ada.client.get("/v1/users/me")) == ada.user
    waiting = select(outbox.c.kind).where(outbox.c.user_id == UUID(ada.id))
    assert [kind for (kind,) in tables.rows(waiting)] == ["email_change"]


def test_a_user_who_deletes_their_account_and_returns_gets_a_new_one(
    client: Client, provider: RealProvider, tables: Tables, module_database_url: str, subject: str
) -> None:
    email = f"{subject}@example.com"
    token = provider.id_token(subject, email=email, email_verified=True)
    ada = first_request(client, token)
    no_content(ada.client.delete("/v1/users/me"))
    purged(module_database_url, erasures.purge)
    assert tables.mentions(ada.id, ada.workspace_id) == {}
    assert tables.rows(select(identities).where(identities.c.subject == subject)) == []
    again = first_request(client, token)
    assert again.id != ada.id
    assert again.user["email"] == email
    assert tables.rows(select(identities.c.user_id).where(identities.c.subject == subject)) == [(UUID(again.id),)]


# --- what is rejected ---


def test_a_token_for_another_program_creates_nothing(
    client: Client, provider: RealProvider, tables: Tables, subject: str
) -> None:
    before = tables.digest()
    for token in (provider.id_token(subject, audience="another"), provider.id_token(subject)[:-5], "a.b.c", ".."):
        response = client.with_token(token).get("/v1/users/me")
        rejected(response, 401, "unauthenticated")
        assert response.headers["WWW-Authenticate"] == INVALID
    assert tables.digest() == before


def test_nothing_from_a_token_is_logged(
    client: Client, provider: RealProvider, subject: str, caplog: pytest.LogCaptureFixture
) -> None:
    good, other = provider.id_token(subject, name="Augusta"), provider.id_token(subject, audience="another")
    with caplog.at_level(logging.DEBUG):
        first_request(client, good)
        rejected(client.with_token(other).get("/v1/users/me"), 401, "unauthenticated")
    written = "\n".join(str(vars(record)) for record in caplog.records if record.name != "aiosqlite")
    assert "it is for another audience" in written
    for secret in (*good.split(".")[1:], *other.split(".")[1:], "Augusta"):
        assert secret not in written


# --- keys that change, and a provider that is down ---


def test_users_keep_their_accounts_when_a_key_changes(
    client: Client, provider: RealProvider, time: Time, subject: str
) -> None:
    old = provider.id_token(subject)
    ada = first_request(client, old)
    provider.stop()
    ok(ada.client.get("/v1/users/me"))
    provider.start()
    new = provider.id_token(subject)
    rejected(client.with_token(new).get("/v1/users/me"), 401, "unauthenticated")
    time.seconds += 30
    assert first_request(client, new).user == ada.user
    rejected(client.with_token(old).get("/v1/users/me"), 401, "unauthenticated")


def test_a_server_without_keys_returns_503_until_the_provider_is_back(
    module_database_url: str, provider: RealProvider, time: Time, subject: str
) -> None:
    token = provider.id_token(subject)
    provider.stop()
    try:
        with served(module_database_url, provider, time) as url, Client(url, token=token) as client:
            response = client.get("/v1/users/me")
            rejected(response, 503, "unavailable")
            assert response.headers["Retry-After"] == "1"
            ok(client.get("/readyz"))
            rejected(client.with_token("tbs_nonsense").get("/v1/users/me"), 401, "unauthenticated")
            provider.start()
            time.seconds += 60
            rejected(client.get("/v1/users/me"), 401, "unauthenticated")
            ok(client.with_token(provider.id_token(subject)).get("/v1/users/me"))
    finally:
        provider.stop()
        provider.start()
        time.seconds += 60  # for the tests after this one


# --- a server without a provider ---


def test_without_a_provider_its_tokens_are_rejected(
    module_database_url: str, provider: RealProvider, subject: str
) -> None:
    application = build(
        Settings(database_url=module_database_url),
        background=False,
        contract=our_contract(),
        passwords=quick_passwords(),
    )
    token = provider.id_token(subject)
    with (
        serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port),
        Client(f"http://{host}:{port}", token=token) as client,
    ):
        rejected(client.get("/v1/users/me"), 401, "unauthenticated")


@pytest.mark.parametrize(("issuer", "loaded"), [("", False), ("https://login.example", True)])
def test_without_a_provider_its_libraries_are_not_loaded(
    sqlite_databases: SqliteDatabases,
    issuer: str,
    loaded: bool,  # noqa: FBT001 -- a parameter of a test
) -> None:
    settings = {"database_url": sqlite_databases.migrated()}
    settings |= {"oidc_issuer": issuer, "oidc_audience": AUDIENCE} if issuer else {}
    program = """
import sys
from app.main import build
from app.settings import Settings
build(Settings())
print({"jwt", "cryptography", "app.adapters.oidc.verifier"} & sys.modules.keys())
"""
    found = subprocess.run(
        [sys.executable, "-c", program], env=environment(**settings), capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert (found.stdout == "set()\n") != loaded

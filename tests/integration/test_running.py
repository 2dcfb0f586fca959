"""The program as users run it: `tickbox serve` and the other commands."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from sqlalchemy import make_url, select

import migrations
from app.adapters.logging import UNSENT
from app.adapters.passwords.argon2_hasher import LANES, MEMORY_KIB, PASSES
from app.cli import main
from app.databases import unreachable
from app.settings import Settings
from domain.errors import StorageUnavailable
from persistence.urls import name_of
from persistence.users import users
from tests.support.checking import read_contract
from tests.support.clients import PASSWORD, Client, created, log_in, new_email, no_content, ok, register, rejected
from tests.support.databases import FEW_BACKENDS, PostgresDatabases
from tests.support.patience import PATIENCE_S
from tests.support.programs import TICKBOX, Program, counting, environment, patiently, run, serve
from tests.support.tables import Tables
from tests.support.wire import Address, connected, exchange, read_reply, request

pytestmark = pytest.mark.mostly_on_one_database

DOCKERFILE = Path(__file__).parents[2] / "Dockerfile"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def address_of(program: Program) -> Address:
    url = urlsplit(program.url)
    assert url.hostname is not None
    assert url.port is not None
    return url.hostname, url.port


def one_line(text: str) -> str:
    """The error of a command, which must be one line."""
    (line,) = text.splitlines()
    return line


@pytest.fixture(scope="module")
def program(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A running server with its default settings, except for its limits."""
    with serve(tmp_path_factory.mktemp("serve"), counting(), database_url=module_database_url) as program:
        yield program


@pytest.fixture
def client(program: Program) -> Iterator[Client]:
    with Client(program.url) as client:
        yield client


# --- serving ---


def test_the_server_prints_a_first_request(program: Program) -> None:
    url = program.url
    expected = program.stderr.read_text()
    for hint in (f"curl {url}/openapi.yaml", f"curl {url}/v1/users", f"curl {url}/v1/sessions", "Ctrl-C"):
        assert hint in expected


def test_the_printed_first_request_works(client: Client) -> None:
    ok(client.get("/readyz"))
    register(client)


def test_each_request_is_a_line_of_json_in_the_log(client: Client, program: Program) -> None:
    trace = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
    response = client.get("/livez", headers=trace)
    (line,) = program.logged(response.headers["X-Request-Id"])
    assert line.pop("duration_ms") >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", line.pop("timestamp"))
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "tickbox.requests",
        "request_id": response.headers["X-Request-Id"],
        "trace_id": TRACE_ID,
        "method": "GET",
        "operation_id": "check_liveness",
        "status": 200,
    }


@pytest.mark.parametrize("trace", ["", "00-1-2-3", f"00-{TRACE_ID.upper()}-00f067aa0ba902b7-01", "x" * 200])
def test_an_invalid_traceparent_is_not_logged(client: Client, program: Program, trace: str) -> None:
    response = client.get("/livez", headers={"traceparent": trace})
    (line,) = program.logged(response.headers["X-Request-Id"])
    assert "trace_id" not in line


def test_an_unknown_path_is_not_logged(client: Client, program: Program) -> None:
    response = client.get("/secret-in-a-path")
    (line,) = program.logged(response.headers["X-Request-Id"])
    assert (line["status"], line["operation_id"]) == (404, None)
    assert "secret-in-a-path" not in program.output


def test_a_request_id_of_the_client_is_not_used(client: Client) -> None:
    assert client.get("/livez", headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] != "mine"


@pytest.mark.on_each_database
def test_no_secret_is_ever_logged(client: Client, program: Program) -> None:
    ada = register(client)
    renewed = ok(client.post("/v1/sessions/refresh", json={"refresh_token": ada.tokens["refresh_token"]}))
    rejected(client.post("/v1/sessions/refresh", json={"refresh_token": "tbr_mistyped"}), 401, "session-ended")
    new = "tea and analytical engines"
    body = {"email": ada.user["email"], "password": "a wrong password"}
    rejected(client.post("/v1/sessions", json=body), 401, "invalid-credentials")
    rejected(client.post("/v1/sessions", json={**body, "password": 7, "pin": "pin-kilo-echo"}), 422, "invalid-body")
    rejected(client.with_token("tbs_leaked").get("/v1/users/me?token=tbs_in_query"), 401, "unauthenticated")
    no_content(ada.client.put("/v1/users/me/password", json={"current_password": PASSWORD, "new_password": new}))
    script = created(ada.client.post("/v1/tokens", json={"name": "script", "scopes": ["account"]}))["token"]
    last = ada.client.with_token(script).get("/v1/users/me")
    program.logged(last.headers["X-Request-Id"])
    issued = [tokens[name] for tokens in (ada.tokens, renewed) for name in ("access_token", "refresh_token")]
    # "correct horse ..." is in the hints that are printed at the start.
    # Without a mail server, the texts of e-mails are logged on purpose.
    written = "".join(line for line in program.stdout.read_text().splitlines() if UNSENT not in line)
    for secret in (
        *issued,
        script,
        PASSWORD,
        new,
        "a wrong password",
        "pin-kilo-echo",
        "mistyped",
        "leaked",
        "in_query",
        "$argon2",
    ):
        assert secret not in written
    assert ada.user["email"] not in written


def test_a_password_is_stored_as_a_hash_of_full_strength(client: Client, module_database_url: str) -> None:
    """Most other tests hash with less work; the program does not."""
    ada = register(client)
    tables = Tables(module_database_url)
    ((stored,),) = tables.rows(select(users.c.password_hash).where(users.c.id == UUID(ada.id)))
    tables.close()
    assert stored.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")
    assert (MEMORY_KIB, PASSES, LANES) == (7 * 1024, 5, 1)


def test_every_response_has_the_security_headers(client: Client) -> None:
    for response in (client.get("/livez"), client.get("/nope"), client.put("/livez"), client.options("/livez")):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Server" not in response.headers
        assert "Strict-Transport-Security" not in response.headers


def test_a_response_with_an_entity_tag_may_be_stored_by_the_client(client: Client) -> None:
    assert client.get("/openapi.yaml").headers["Cache-Control"] == "private, no-cache"


def test_a_body_over_the_limit_is_rejected(client: Client) -> None:
    body = {"email": new_email(), "password": PASSWORD, "name": "x" * 262_144}
    rejected(client.post("/v1/users", json=body), 413, "content-too-large")
    rejected(client.post("/v1/users", json={**body, "name": "x" * 200_000}), 422, "invalid-body")


def test_browsers_may_not_send_requests_unless_they_are_allowed_to(client: Client) -> None:
    response = client.get("/livez", headers={"Origin": "https://app.example"})
    assert "Access-Control-Allow-Origin" not in response.headers
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    preflight = client.options("/v1/users", headers=asked)
    assert (preflight.status_code, "Access-Control-Allow-Origin" in preflight.headers) == (204, False)


def test_a_stopping_server_finishes_running_requests_and_accepts_no_new_ones(sqlite_url: str, tmp_path: Path) -> None:
    body = f'{{"email": "{new_email()}", "password": "{PASSWORD}", "name": "Ada"}}'.encode()
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    writer = sqlite3.connect(str(make_url(sqlite_url).database), isolation_level=None)
    with contextlib.closing(writer), serve(tmp_path, database_url=sqlite_url) as program:
        address = address_of(program)
        with connected(address) as connection:
            writer.execute("BEGIN IMMEDIATE")  # the request waits for this, after its password was hashed
            connection.sendall(request("POST", "/v1/users", *lines) + body)
            httpx.get(f"{program.url}/livez", trust_env=False)  # sent later: the server has the whole request by now
            program.process.send_signal(signal.SIGTERM)
            _wait_until_closed(address)
            writer.execute("ROLLBACK")
            reply = read_reply(connection, method="POST")
            assert reply.status == 201
            assert connection.recv(1) == b""
        assert program.process.wait(PATIENCE_S) == 0
        assert [line["status"] for line in program.log if line["event"] == "request"] == [200, 201]
        assert {line["level"] for line in program.log if line["logger"] != UNSENT} == {"info"}
        assert "Traceback" not in program.output


def test_a_stopping_server_rejects_a_request_that_has_only_partly_arrived(sqlite_url: str, tmp_path: Path) -> None:
    with serve(tmp_path, database_url=sqlite_url) as program:
        address = address_of(program)
        with connected(address) as connection:
            lines = ("Content-Type: application/json", "Content-Length: 100", "Expect: 100-continue")
            connection.sendall(request("POST", "/v1/users", *lines))
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # the operation waits for the body
            program.process.send_signal(signal.SIGTERM)
            reply = read_reply(connection, method="POST")
            assert (reply.status, reply.slug) == (408, "request-timeout")
            assert connection.recv(1) == b""
        assert program.process.wait(PATIENCE_S) == 0
        assert "Traceback" not in program.output


def _wait_until_closed(address: Address) -> None:
    for _ in patiently():
        try:
            socket.create_connection(address, timeout=PATIENCE_S).close()
        except ConnectionError:
            return
    raise TimeoutError("it still takes connections")


def test_ctrl_c_stops_the_server(sqlite_url: str, tmp_path: Path) -> None:
    with serve(tmp_path, database_url=sqlite_url) as program:
        assert httpx.get(f"{program.url}/livez", trust_env=False).status_code == 200
        assert program.stop(signal.SIGINT) == 0
        assert "Traceback" not in program.output
        assert "Aborted" not in program.output


def test_the_health_check_of_the_image_uses_the_port_that_is_set(program: Program) -> None:
    (found,) = re.findall(r"^HEALTHCHECK .*\\\n +(\[.*\])$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    interpreter, *arguments = json.loads(found)
    assert interpreter == "python"
    port = address_of(program)[1]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed_port = listener.getsockname()[1]
    for number, healthy in ((port, True), (closed_port, False)):
        checked = subprocess.run(
            [sys.executable, *arguments],
            env=environment(port=str(number)),
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (checked.returncode == 0) == healthy, checked.stderr


# --- settings ---


ALLOWED, PUBLIC_URL, LIFETIME_S = "https://app.example", "https://tickbox.example", 60


@pytest.fixture(scope="module")
def configured_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings that do not touch each other, each with another value than the default."""
    return {
        "database_url": f"sqlite:///{tmp_path_factory.mktemp('configured')}/tickbox.db?timeout=5",
        "registration": "closed",
        "cors_origins": f"{ALLOWED}, https://b.example",
        "public_url": PUBLIC_URL,
        "body_limit_bytes": "1024",
        "access_token_lifetime_s": str(LIFETIME_S),
    }


@pytest.fixture(scope="module")
def configured(configured_settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A running server with these settings."""
    assert run("migrate", settings=configured_settings).exit_code == 0
    with serve(tmp_path_factory.mktemp("serve"), **configured_settings) as program:
        yield program


@pytest.fixture
def visitor(configured: Program) -> Iterator[Client]:
    """A client of that server."""
    with Client(configured.url) as client:
        yield client


def test_closed_registration_is_open_only_to_the_operator(visitor: Client, configured_settings: dict[str, str]) -> None:
    email = new_email()
    body = {"email": email, "password": PASSWORD, "name": "Ada"}
    rejected(visitor.post("/v1/users", json=body), 403, "registration-closed")
    result = run("user", "create", email, "--name", "Ada", settings=configured_settings, stdin=PASSWORD + "\n")
    assert result.exit_code == 0, result.stderr
    tokens = log_in(visitor, email)
    me = ok(visitor.with_token(tokens["access_token"]).get("/v1/users/me"))
    assert result.stdout == f"created {me['id']} in {name_of(configured_settings['database_url'])}\n"
    assert (me["email"], me["name"], me["time_zone"]) == (email, "Ada", "UTC")


def test_token_lifetimes_can_be_set(visitor: Client, configured_settings: dict[str, str]) -> None:
    email = new_email()
    result = run("user", "create", email, "--name", "Ada", settings=configured_settings, stdin=PASSWORD + "\n")
    assert result.exit_code == 0, result.stderr
    assert log_in(visitor, email)["expires_in"] == LIFETIME_S


def test_browsers_may_send_requests_from_the_origins_that_are_set(visitor: Client) -> None:
    other = "https://evil.example"
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization, content-type"}
    preflight = visitor.options("/v1/users/me", headers={"Origin": ALLOWED, **asked})
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    headers = set(preflight.headers["Access-Control-Allow-Headers"].split(", "))
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"} <= headers
    assert "X-Request-Id" in preflight.headers
    refusal = visitor.options("/v1/users/me", headers={"Origin": other, **asked})
    assert (refusal.status_code, refusal.content) == (204, b"")
    assert "Access-Control-Allow-Origin" not in refusal.headers
    response = visitor.get("/v1/users/me", headers={"Origin": ALLOWED})
    rejected(response, 401, "unauthenticated")
    assert response.headers["Access-Control-Allow-Origin"] == ALLOWED
    assert "ETag" in response.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in visitor.get("/livez", headers={"Origin": other}).headers


def test_with_a_public_https_url_responses_have_strict_transport_security(visitor: Client) -> None:
    assert visitor.get("/livez").headers["Strict-Transport-Security"] == "max-age=31536000"
    body = {"email": new_email(), "password": PASSWORD, "name": "x" * 1024}
    rejected(visitor.post("/v1/users", json=body), 413, "content-too-large")


def test_requests_that_are_not_http_get_the_headers_of_every_response(configured: Program) -> None:
    reply = exchange(address_of(configured), [b"GET /livez HTTP/1.1\r\n\r\n"])
    assert reply.slug == "malformed-request"
    assert {"date", "link", "strict-transport-security", "content-security-policy"} <= reply.headers.keys()
    assert (reply.headers["x-content-type-options"], reply.headers["cache-control"]) == ("nosniff", "no-store")


def test_an_sqlite_url_may_have_a_timeout(visitor: Client, configured_settings: dict[str, str]) -> None:
    assert configured_settings["database_url"].endswith("?timeout=5")
    ok(visitor.get("/readyz"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"port": "http"}, "TICKBOX_PORT: "),
        ({"port": "65536"}, "TICKBOX_PORT: "),
        ({"database_url": "mysql://localhost/tickbox"}, "TICKBOX_DATABASE_URL: "),
        ({"database_url": "nonsense"}, "TICKBOX_DATABASE_URL: must be sqlite:///path or"),
        ({"registration": "maybe"}, "TICKBOX_REGISTRATION: "),
        ({"response_check": "off"}, "TICKBOX_RESPONSE_CHECK: "),
        ({"body_limit_bytes": "-1"}, "TICKBOX_BODY_LIMIT_BYTES: "),
        ({"log_level": "loud"}, "TICKBOX_LOG_LEVEL: "),
        ({"oidc_issuer": "https://login.example"}, "TICKBOX_OIDC_AUDIENCE: must name the audience"),
        ({"oidc_audience": "tickbox"}, "TICKBOX_OIDC_AUDIENCE: must be empty without"),
        ({"oidc_issuer": "http://login.example", "oidc_audience": "a"}, "TICKBOX_OIDC_ISSUER: must be an"),
        ({"oidc_issuer": "https://login.example/?a=b", "oidc_audience": "a"}, "TICKBOX_OIDC_ISSUER: must"),
        ({"oidc_issuer": "login.example", "oidc_audience": "a"}, "TICKBOX_OIDC_ISSUER: must be an"),
        ({"database_url": "sqlite://"}, "TICKBOX_DATABASE_URL"),
        ({"database_url": "sqlite://var/t.db"}, "TICKBOX_DATABASE_URL: an SQLite URL has three slashes"),
        ({"database_url": "sqlite:///t.db?mode=ro"}, "TICKBOX_DATABASE_URL: the parameter 'mode' has no effect"),
        ({"database_url": "postgresql:/host"}, "TICKBOX_DATABASE_URL: must be sqlite:///path or"),
        ({"database_url": "postgresql://h/d?colour=red"}, "TICKBOX_DATABASE_URL: the parameter 'colour'"),
        ({"database_url": "postgresql://127.0.0.1:1/nowhere"}, "TICKBOX_DATABASE_URL"),
        ({"database_url": "sqlite:////nowhere/at/all.db"}, "/nowhere/at"),
    ],
)
def test_an_invalid_setting_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], expected: str
) -> None:
    found = run("serve", settings={"port": "0", **settings})
    assert found.exit_code == 1
    assert expected in one_line(found.stderr)
    assert found.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("migrate",), ("user", "password", "a@example.com")])
def test_each_variable_that_is_not_a_setting_is_reported(command: tuple[str, ...], tmp_path: Path) -> None:
    settings = {"database_url": f"sqlite:///{tmp_path}/none.db", "registraton": "closed", "hots": "::"}
    found = run(*command, settings=settings, stdin=PASSWORD + "\n")
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.splitlines() == [
        "Error: TICKBOX_HOTS: this setting does not exist; did you mean TICKBOX_HOST?",
        "       TICKBOX_REGISTRATON: this setting does not exist; did you mean TICKBOX_REGISTRATION?",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_variable_of_the_tests_is_accepted(sqlite_url: str) -> None:
    found = run("migrate", settings={"database_url": sqlite_url, "test_anything": "1"})
    assert (found.exit_code, found.stderr) == (0, "")


@pytest.mark.parametrize("host", ["host.invalid", "x" * 64])
def test_an_invalid_host_is_reported_in_one_line(sqlite_url: str, host: str) -> None:
    found = run("serve", "--host", host, "--port", "0", settings={"database_url": sqlite_url})
    assert (found.exit_code, found.stdout) == (1, "")
    reason = re.search(rf"cannot listen on {host}:0 \((.+)\): set", one_line(found.stderr))
    assert reason is not None
    assert re.fullmatch(r"[A-Za-z ]+", reason[1])
    assert "unknown error" not in reason[1].lower()


def test_a_port_in_use_is_reported_in_one_line(sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = run("serve", "--port", port, settings={"database_url": sqlite_url})
    assert (found.exit_code, found.stdout) == (1, "")
    expected = f"Error: another program uses port {port}: stop it, or set TICKBOX_PORT"
    assert one_line(found.stderr) == expected


def test_a_folder_that_cannot_be_created_is_reported_in_one_line() -> None:
    found = run("migrate", settings={"database_url": "sqlite:////proc/nowhere/tickbox.db"})
    assert (found.exit_code, found.stdout) == (1, "")
    assert "/proc/nowhere" in one_line(found.stderr)


@pytest.mark.on_each_database
def test_a_database_that_was_never_migrated_is_reported_in_one_line(empty_database_url: str) -> None:
    found = run("serve", "--port", "0", settings={"database_url": empty_database_url})
    assert (found.exit_code, found.stdout) == (1, "")
    assert "tickbox migrate" in one_line(found.stderr)


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("migrate",)])
def test_a_database_that_does_not_exist_is_reported_in_one_line(
    command: tuple[str, ...], postgres_databases: PostgresDatabases
) -> None:
    url = postgres_databases.empty()
    postgres_databases.remove(url)
    found = run(*command, settings={"database_url": url})
    assert found.exit_code == 1
    assert urlsplit(url).path in one_line(found.stderr)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("cors_origins", "https://app.example/", "TICKBOX_CORS_ORIGINS: must be origins such as"),
        ("public_url", "nonsense", "TICKBOX_PUBLIC_URL: must begin with http:// or https://"),
        ("app_url", "nonsense", "TICKBOX_APP_URL: must begin with http:// or https://"),
        ("smtp_url", "http://me:secret@mail.example", "TICKBOX_SMTP_URL: must be smtp://user:password@"),
        ("listen_url", "sqlite:///var/tickbox.db", "TICKBOX_LISTEN_URL: must be a URL of PostgreSQL"),
        ("listen_url", "mysql://host/name", "TICKBOX_LISTEN_URL: must be"),
        ("streams", "0", "TICKBOX_STREAMS: must be 1 or more"),
        ("stream_heartbeat_s", "301", "TICKBOX_STREAM_HEARTBEAT_S: must be 300 or less"),
        ("mail_from", "Tickbox", "TICKBOX_MAIL_FROM: must be an address such as"),
        ("rate_limit", "0/minute", "TICKBOX_RATE_LIMIT: must be a number of requests in a time, such as"),
        ("rate_limit_address", "often", "TICKBOX_RATE_LIMIT_ADDRESS: must be a number of requests"),
        ("rate_limit_credentials", "1/second;5/hour", "TICKBOX_RATE_LIMIT_CREDENTIALS: must be a number"),
        ("rate_limit_storage_url", "memcached://host:11211", "TICKBOX_RATE_LIMIT_STORAGE_URL: must be"),
        ("rate_limit_storage_url", "redis://host:nine", "TICKBOX_RATE_LIMIT_STORAGE_URL: must be redis:"),
        ("rate_limit_storage_url", "redis://host?colour=red", "TICKBOX_RATE_LIMIT_STORAGE_URL: must be"),
        ("oidc_jwks_origins", "https://keys.example/jwks", "TICKBOX_OIDC_JWKS_ORIGINS: must be origins such as"),
        ("oidc_jwks_origins", "http://keys.example", "TICKBOX_OIDC_JWKS_ORIGINS: must be origins such as"),
        ("oidc_jwks_origins", "https://keys.example", "TICKBOX_OIDC_JWKS_ORIGINS: must be empty without"),
        ("trusted_proxies", "*", "TICKBOX_TRUSTED_PROXIES: must be addresses or networks such as"),
        ("trusted_proxies", "127.0.0.1, 10.0.0.1/8", "TICKBOX_TRUSTED_PROXIES: must be addresses or"),
    ],
)
def test_a_setting_that_can_never_work_is_reported_in_one_line(
    name: str, value: str, expected: str, sqlite_url: str
) -> None:
    found = run("serve", "--port", "0", settings={"database_url": sqlite_url, name: value})
    assert found.exit_code == 1
    assert expected in one_line(found.stderr)
    assert "secret" not in found.stderr


def test_audiences_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKBOX_OIDC_ISSUER", "https://login.example/")
    monkeypatch.setenv("TICKBOX_OIDC_AUDIENCE", "tickbox, https://tickbox.example/api,")
    settings = Settings()
    assert settings.oidc_issuer == "https://login.example/"
    assert settings.oidc_audience == ("tickbox", "https://tickbox.example/api")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKBOX_HOST", "")
    assert Settings().host == "127.0.0.1"


# --- the other commands ---


@pytest.mark.on_each_database
def test_migrating_goes_up_and_down(empty_database_url: str) -> None:
    settings = {"database_url": empty_database_url}
    head, name = migrations.head(), name_of(empty_database_url)
    for arguments, expected in (
        ((), f"migrated {name}: empty -> {head}"),
        ((), f"{name} is at revision {head}: nothing to do"),
        (("--down", "base"), f"migrated {name}: {head} -> empty"),
        ((), f"migrated {name}: empty -> {head}"),
    ):
        found = run("migrate", *arguments, settings=settings)
        assert (found.exit_code, found.stdout, found.stderr) == (0, f"{expected}\n", "")


def test_migrating_creates_the_sqlite_file_and_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = run("migrate", settings={"database_url": "sqlite:///var/tickbox.db"})
    assert (found.exit_code, found.stderr) == (0, "")
    assert (tmp_path / "var" / "tickbox.db").exists()


def test_an_unknown_revision_is_reported_in_one_line(sqlite_url: str) -> None:
    found = run("migrate", "--down", "nope", settings={"database_url": sqlite_url})
    assert found.exit_code == 1
    assert one_line(found.stderr).startswith("Error: ")


def test_migrating_a_database_that_does_not_respond_is_reported_in_one_line() -> None:
    found = run("migrate", settings={"database_url": "postgresql://127.0.0.1:1/nowhere"})
    assert found.exit_code == 1
    assert "TICKBOX_DATABASE_URL" in one_line(found.stderr)


def test_the_routes_are_those_of_the_contract() -> None:
    heads, *lines = run("routes", settings={}).stdout.splitlines()
    assert heads.split() == ["METHOD", "PATH", "OPERATION", "SCOPE", "ROLE", "PROBLEMS"]
    wanted = {
        (method.upper(), path, operation["operationId"], *_needs(operation))
        for path, item in read_contract()["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }
    assert {tuple(line.split()) for line in lines} == wanted
    assert len(lines) == len(wanted)


def _needs(operation: dict[str, Any]) -> tuple[str, ...]:
    access = operation.get("x-access", {})
    needed = [access[name] for name in ("scope", "role") if name in access] or ["-"]
    return (*needed, *operation.get("x-problems", ()))


@pytest.mark.on_each_database
def test_a_new_password_by_the_operator_ends_all_sessions(client: Client, module_database_url: str) -> None:
    ada = register(client)
    new = "tea and analytical engines"
    settings = {"database_url": module_database_url}
    found = run("user", "password", ada.user["email"].upper(), settings=settings, stdin=new + "\n")
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout == f"password set, sessions ended in {name_of(module_database_url)}\n"
    rejected(ada.client.get("/v1/users/me"), 401, "unauthenticated")
    old = client.post("/v1/sessions", json={"email": ada.user["email"], "password": PASSWORD})
    rejected(old, 401, "invalid-credentials")
    log_in(client, ada.user["email"], new)


@pytest.mark.parametrize("databases", FEW_BACKENDS, indirect=True)
@pytest.mark.parametrize(
    ("repeated", "exit_code", "expected"),
    [
        ("tea and analytical engines", 0, "password set, sessions ended"),
        ("tea and analytical engine", 1, "Error: the passwords differ"),
    ],
)
def test_on_a_terminal_a_password_is_requested_twice(
    client: Client, module_database_url: str, repeated: str, exit_code: int, expected: str
) -> None:
    email = register(client).user["email"]
    new = "tea and analytical engines"
    status, output = typed("user", "password", email, responses=(new, repeated), database_url=module_database_url)
    assert status == exit_code
    assert expected in output
    assert new not in output
    log_in(client, email, new if exit_code == 0 else PASSWORD)


def typed(*arguments: str, responses: tuple[str, ...], database_url: str) -> tuple[int, str]:
    """Run a command on a terminal and type *answers* at its prompts. Its exit code, and what was shown."""
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [TICKBOX, *arguments],
        env=environment(database_url=database_url),
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,  # `communicate` would not see what was read before
        start_new_session=True,  # the command must not find the terminal that the tests were started from
    )
    assert process.stdout is not None
    shown = b""
    for response in responses:
        while not shown.endswith(b": "):
            letter = process.stdout.read(1)
            assert letter, shown
            shown += letter
        os.write(keyboard, f"{response}\n".encode())
        shown += process.stdout.read(1)
    rest, _ = process.communicate(timeout=PATIENCE_S)
    os.close(keyboard)
    os.close(terminal)
    return process.returncode, (shown + rest).decode()


def test_a_database_that_is_not_on_the_server_is_reported_in_one_line(postgres_databases: PostgresDatabases) -> None:
    url = postgres_databases.empty()
    postgres_databases.remove(url)
    found = run("migrate", settings={"database_url": url})
    assert found.exit_code == 1
    assert "TICKBOX_DATABASE_URL" in one_line(found.stderr)


@pytest.mark.parametrize(
    ("arguments", "password", "expected"),
    [
        (("create", "ada at example.com", "--name", "Ada"), PASSWORD, "email"),
        (("create", "new@example.com", "--name", " "), PASSWORD, "name: This must have a character that is not white"),
        (("create", "new@example.com", "--name", "Ada"), "short", "password"),
        (("create", "new@example.com", "--name", "Ada"), "", "password"),
        (("create", "new@example.com", "--name", "Ada", "--time-zone", "Mars"), PASSWORD, "time zone"),
        (("create", "new@example.com", "--name", "Ada"), "iloveyou", "password"),
        (("create", "ada.lovelace@example.com", "--name", "Ada"), "Ada.Lovelace", "password"),
        (("password", "nobody@example.com"), PASSWORD, "No account"),
    ],
)
def test_the_contract_s_limits_apply_to_the_operator_too(
    sqlite_url: str, arguments: tuple[str, ...], password: str, expected: str
) -> None:
    settings = {"database_url": sqlite_url}
    found = run("user", *arguments, settings=settings, stdin=password + "\n")
    assert (found.exit_code, found.stdout) == (1, "")
    assert expected in one_line(found.stderr)


def test_the_contract_s_limits_apply_to_a_new_password_by_the_operator(
    client: Client, module_database_url: str
) -> None:
    email = register(client).user["email"]
    found = run("user", "password", email, settings={"database_url": module_database_url}, stdin="short\n")
    assert (found.exit_code, found.stdout) == (1, "")
    assert "new_password: " in one_line(found.stderr)


def test_an_existing_account_cannot_be_created_again(client: Client, module_database_url: str) -> None:
    email = register(client).user["email"]
    settings = {"database_url": module_database_url}
    found = run("user", "create", email, "--name", "Ada", settings=settings, stdin=PASSWORD + "\n")
    assert found.exit_code == 1
    assert "e-mail address" in one_line(found.stderr)


def test_every_command_has_a_help_text() -> None:
    assert set(main.commands) == {"serve", "worker", "migrate", "settings", "routes", "gate", "scaffold", "user"}
    found = run("--help", settings={})
    assert found.exit_code == 0
    assert all(name in found.stdout for name in main.commands)


@pytest.mark.parametrize("group", [(), ("user",)])
def test_no_line_of_the_help_is_cut_off(group: tuple[str, ...]) -> None:
    found = run(*group, "--help", settings={})
    listed = found.stdout.partition("Commands:\n")[2].splitlines()
    assert listed
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


def test_an_account_that_does_not_exist_is_reported_before_a_password_is_read(sqlite_url: str) -> None:
    found = run("user", "password", "nobody@example.com", settings={"database_url": sqlite_url}, stdin="")
    assert found.exit_code == 1
    assert "No account has this e-mail address." in one_line(found.stderr)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (TimeoutError(), "(TimeoutError)"),
        (StorageUnavailable("its disk is full"), "(its disk is full)"),
        (OSError("no route\nto it"), "(no route)"),
    ],
)
def test_a_command_that_cannot_use_the_database_has_a_reason(cause: Exception, reason: str) -> None:
    assert reason in str(unreachable(Settings(database_url="postgresql://db.example/tickbox"), cause))

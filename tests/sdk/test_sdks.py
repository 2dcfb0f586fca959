"""One scenario, run by clients that five generators create from the contract: the gate's stage `clients`, on ours.

`gate.toml` beside this file names the clients. Each folder has the scenario in the client's language. The recipes
of the gate generate the clients with pinned generators, and compile both under strict settings. What a scenario did is
then read by an HTTP client that is not generated. It takes minutes and fills the caches of five package managers, so it
runs only on request: `make sdks`. Nothing that is generated is kept.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clients import Client, created, new_email, ok
from tests.support.databases import SqliteDatabases
from tests.support.programs import Program, run, serve

SETTINGS = Path(__file__).with_name("gate.toml")
WANTED = os.environ.get("TICKBOX_TEST_SDKS") == "1"
PASSWORD = "a password, in full and not masked"
pytestmark = pytest.mark.skipif(not WANTED, reason="it takes minutes: `make sdks` runs it")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("server")
    with serve(folder, database_url=SqliteDatabases(folder).migrated()) as running:
        yield running


@pytest.mark.parametrize("client", tomllib.loads(SETTINGS.read_text())["clients"], ids=lambda client: client["name"])
def test_a_generated_client_can_run_the_scenario(
    program: Program, client: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, address = client["name"], new_email()
    monkeypatch.setenv("TICKBOX_EMAIL", address)
    monkeypatch.setenv("TICKBOX_PASSWORD", PASSWORD)
    arguments = ("--config", str(SETTINGS), "--client", name, "--url", program.url)
    result = run("gate", "clients", *arguments, settings={})
    if "not installed" in result.output:
        pytest.skip(result.output)
    assert result.exit_code == 0, result.output
    assert "notice" not in result.output  # it was driven
    check(program.url, f"{name}.{address}")


def check(url: str, email: str) -> None:
    """Check what the scenario must have left, with a second log-in."""
    with Client(url) as anybody:
        session = created(anybody.post("/v1/sessions", json={"email": email, "password": PASSWORD}))
        client = anybody.with_token(session["access_token"])
        sessions = ok(client.get("/v1/sessions"))["items"]
        assert [each["id"] for each in sessions] == [session["session_id"]]  # the scenario ended its own session
        assert ok(client.get("/v1/users/me"))["name"] == "Ada"
        (token,) = ok(client.get("/v1/tokens"))["items"]
        assert (token["name"], token["scopes"]) == ("Script", ["read", "write"])
        household = ok(client.get("/v1/workspaces"))["items"][1]
        assert household["name"] == "Household"
        (task,) = ok(client.get(f"/v1/workspaces/{household['id']}/tasks"))["items"]
        assert (task["title"], task["priority"], task["status"]) == ("Plant", "high", "completed")
        assert task["due"] is None
        assert ok(client.get(f"/v1/workspaces/{household['id']}/projects/{task['project_id']}"))["name"] == "Garden"

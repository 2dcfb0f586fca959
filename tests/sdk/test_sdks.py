"""One scenario, run by clients that five generators create from the contract.

Each folder beside this file has the scenario in the client's language, and `run.sh`, which generates the client with a
pinned generator, compiles both under strict settings and runs the scenario. What it did is then read by an HTTP client
that is not generated. It takes minutes and fills the caches of five package managers, so it runs only on request: `make
sdks`. Nothing that is generated is kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checking import CONTRACT
from tests.support.clients import Client, created, new_email, ok
from tests.support.databases import SqliteDatabases
from tests.support.programs import Program, serve

HERE = Path(__file__).parent
WANTED = os.environ.get("TICKBOX_TEST_SDKS") == "1"
PATIENCE_S = 1800
PASSWORD = "a password, in full and not masked"
TOOLS = {
    "python": ("python3",),
    "typescript": ("node", "npm"),
    "go": ("go",),
    "java": ("java", "javac", "mvn"),
    "rust": ("cargo", "java", "mvn"),
}

pytestmark = pytest.mark.skipif(not WANTED, reason="it takes minutes: `make sdks` runs it")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("server")
    with serve(folder, database_url=SqliteDatabases(folder).migrated()) as running:
        yield running


@pytest.mark.parametrize("sdk", TOOLS)
def test_a_generated_client_can_run_the_scenario(program: Program, sdk: str, tmp_path: Path) -> None:
    if missing := [tool for tool in TOOLS[sdk] if shutil.which(tool) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    email = new_email()
    folder = shutil.copytree(HERE / sdk, tmp_path / sdk)
    given = {"CONTRACT": str(CONTRACT), "URL": program.url, "EMAIL": email, "PASSWORD": PASSWORD}
    done = subprocess.run(
        ["bash", "run.sh"],  # noqa: S607  # whichever the system has, as the tools are
        cwd=folder,
        env=os.environ | {f"TICKBOX_{name}": value for name, value in given.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    check(program.url, email)


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
        assert "due" not in task
        assert ok(client.get(f"/v1/workspaces/{household['id']}/projects/{task['project_id']}"))["name"] == "Garden"

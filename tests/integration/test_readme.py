"""The commands in the documents print exactly what the documents show, except for ids, times and tokens."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.main import URN_PREFIX, build
from app.settings import Settings
from tests.support.databases import SqliteDatabases
from tests.support.pages import Step, compare, run, steps
from tests.support.programs import our_contract
from tests.support.server import serving
from tickbox_contract.engine.protocol import bounded_protocol

ROOT = Path(__file__).parents[2]
SESSIONS = ("README.md", "docs/getting-started.md")
"""Pages with requests to a server."""
COMMANDS = ("docs/databases.md", "docs/gate.md")
"""Pages with commands in a folder with a contract that has one fault."""
ALONE = ("docs/guard-your-contract.md",)
"""Pages with commands of the gate by itself: tests/contract/test_distribution.py."""
FOLDER = "/srv/tickbox"
NAMELESS = ROOT / "tests" / "contract" / "gate" / "good.yaml"
STAND_IN = ROOT / "tests" / "support" / "curl_stand_in.py"
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture(params=["curl", "stand-in"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH with curl on it, or with the stand-in for it."""
    path = os.environ["PATH"]
    if request.param == "curl":
        if shutil.which("curl") is None:
            pytest.skip("there is no curl on this machine; the stand-in goes through the same")
        return path
    curl = tmp_path / "curl"
    curl.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{STAND_IN}" "$@"\n')
    curl.chmod(0o755)
    return f"{tmp_path}:{path}"


@pytest.fixture
def address(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    """The address of a server with an empty database, as `make serve` starts one."""
    url = sqlite_databases.migrated()
    application = build(Settings(database_url=url), contract=our_contract())
    with serving(application, protocol=bounded_protocol(URN_PREFIX), lifespan="on") as (host, port):
        yield f"http://{host}:{port}"
    sqlite_databases.remove(url)


def steps_of(page: str) -> list[Step]:
    return list(steps((ROOT / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", SESSIONS)
def test_the_walk_through_works_as_printed(page: str, address: str, path: str, tmp_path: Path) -> None:
    walk = steps_of(page)
    assert any(ADDRESS in step.command for step in walk)
    outputs = run([step.command.replace(ADDRESS, address) for step in walk], path=path, folder=tmp_path)
    compare(walk, [output.replace(address, ADDRESS) for output in outputs])


def test_getting_started_works_as_printed_after_the_readme(address: str, path: str, tmp_path: Path) -> None:
    readme, walk = map(steps_of, SESSIONS)
    commands = [step.command.replace(ADDRESS, address) for step in (*readme, *walk)]
    outputs = run(commands, path=path, folder=tmp_path)[len(readme) :]
    compare(walk, [output.replace(address, ADDRESS) for output in outputs])


@pytest.mark.parametrize("page", COMMANDS)
def test_the_commands_work_as_printed(page: str, tmp_path: Path) -> None:
    contract = NAMELESS.read_text(encoding="utf-8").replace("      operationId: list_books\n", "")
    (tmp_path / "openapi.yaml").write_text(contract, encoding="utf-8")
    walk = steps_of(page)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    outputs = run([step.command for step in walk], path=path, folder=tmp_path)
    compare(walk, [output.replace(str(tmp_path), FOLDER) for output in outputs])


def test_every_page_with_commands_and_their_output_is_tested() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    with_commands = {page.relative_to(ROOT).as_posix() for page in pages if "```console" in page.read_text("utf-8")}
    assert with_commands == {*SESSIONS, *COMMANDS, *ALONE}


def test_the_walk_through_covers_the_main_operations() -> None:
    text = " ".join(step.command for step in steps_of("docs/getting-started.md"))
    for part in ("/v1/users", "/v1/sessions", "/projects", "/tasks", "/complete", "status=open"):
        assert part in text

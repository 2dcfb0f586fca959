"""What `make gate` says in one line, with what to do, if the server is not one that it can use."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.gate import gate
from tests.support.one_database import databases  # noqa: F401  # what is refused here does not depend on its kind
from tests.support.programs import serve

pytestmark = pytest.mark.unmeasured


def said(*arguments: str) -> str:
    done = CliRunner().invoke(gate, [*arguments])
    assert done.exit_code == 1, done.output
    (line,) = done.output.splitlines()
    return line.removeprefix("Error: ")


def test_without_a_server_it_says_how_to_name_one() -> None:
    assert said().startswith("name the server, as in: make gate URL=http://127.0.0.1:8080 (docs/gate.md says")


def test_a_server_with_limits_or_a_used_database_is_refused(tmp_path: Path, database_url: str) -> None:
    limits = {"rate_limit": "600/minute", "rate_limit_address": "120/minute", "rate_limit_credentials": "10/minute"}
    with serve(tmp_path, database_url=database_url, **limits) as program:
        limited = said(program.url)
    assert limited.startswith("the server refused a request of the preparation: ")
    assert "429" in limited
    assert limited.endswith("Start it without limits, and with an empty database (docs/gate.md says how to start it)")
    with serve(tmp_path, database_url=database_url) as program:
        used = said(program.url)
    assert used == "the database is not empty: start the server with a new one (docs/gate.md says how to start it)"

"""The gate's stages that need a server, on ours: the probes, and the matrix of tokens and rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checking import CONTRACT
from tests.support.clients import Person, created
from tests.support.one_database import databases  # noqa: F401  # what is refused here reaches none
from tests.support.programs import run
from tests.support.tables import Tables
from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.live.callers import Secret
from tickbox_contract.gate.live.servers import Server
from tickbox_contract.gate.rules import RULES
from tickbox_contract.gate.rules import run as check

pytestmark = pytest.mark.unmeasured


@pytest.fixture
def settings(ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gate.toml for the server, with a reader's token beside Ada's own."""
    reader = created(ada.client.post("/v1/tokens", json={"name": "reader", "scopes": ["read"]}))
    monkeypatch.setenv("GATE_TOKEN", ada.tokens["access_token"])
    monkeypatch.setenv("GATE_READER", reader["token"])
    file = tmp_path / "gate.toml"
    file.write_text(f"""
[server]
token = "$GATE_TOKEN"
probe = "create_task"
[server.values]
workspace_id = "{ada.home.rpartition("/")[2]}"
[[server.callers]]
name = "the reader"
token = "$GATE_READER"
scope = ["read", "any"]
role = ["viewer", "editor", "admin", "owner"]
""")
    return file


def test_our_server_refuses_whoever_has_no_token_or_too_few_rights(server: str, settings: Path, tables: Tables) -> None:
    before = tables.digest()
    result = run("gate", "guarded", "--url", server, "--config", str(settings), settings={})
    assert (result.exit_code, result.output.splitlines()[:-1]) == (0, [])
    assert tables.digest() == before


def test_our_server_passes_the_probes(server: str, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE_TOKEN", ada.tokens["access_token"])
    asked = Server(
        url=server,
        token=Secret("GATE_TOKEN"),
        probe="create_task",
        values={"workspace_id": ada.home.rpartition("/")[2]},
    )
    probes = [rule for rule in RULES if rule.rule_id in {"hostile-requests", "refused-requests"}]
    report = check(
        CONTRACT.read_bytes(), file="ours", stages=["conforms"], rules=probes, surroundings=Surroundings(server=asked)
    )
    assert (report.findings, report.skipped, len(report.rules)) == ((), (), 2)

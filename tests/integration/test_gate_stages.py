"""The gate's stages that need a server, on ours: the probes, and the access matrix with every kind of caller."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support import gate_callers
from tests.support.checking import CONTRACT, read_contract
from tests.support.clients import Client, Person, created, no_content, ok, register
from tests.support.matrix import operations
from tests.support.one_database import databases  # noqa: F401  # what is refused here reaches none
from tests.support.programs import run
from tests.support.tables import Tables
from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.live.callers import Secret
from tickbox_contract.gate.live.servers import Server
from tickbox_contract.gate.rules import RULES
from tickbox_contract.gate.rules import run as check

pytestmark = pytest.mark.unmeasured

ENDING = {
    "delete_me": "the account",
    "delete_all_sessions": "all sessions",
    "delete_current_session": "the session",
    "change_password": "all other sessions",
    "leave_workspace": "the role",
}
"""Writes that end what a caller needs for the next one, and what."""
PERSONAL = {"update_comment"}
"""Writes for one person: a role is not enough."""


def allowed_writes() -> list[str]:
    """All other writes: those that delete come last, and what contains others after them."""
    writes = [each for each in operations(read_contract()) if not (each.safe or each.public)]
    assert {each.operation_id for each in writes} > ENDING.keys() | PERSONAL
    kept = [each for each in writes if each.operation_id not in ENDING.keys() | PERSONAL]
    deleting = [each for each in reversed(kept) if each.method == "DELETE"]
    return [each.operation_id for each in (*(each for each in kept if each not in deleting), *deleting)]


def test_our_server_guards_every_operation_from_every_kind_of_caller(
    server: str, tables: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(server) as client:
        settings = gate_callers.create(client)
    for name, token in settings.environment.items():
        monkeypatch.setenv(name, token)
    file = tmp_path / "gate.toml"
    file.write_text("\n".join(settings.lines), encoding="utf-8")
    before = tables.digest()
    result = run("gate", "guarded", "--url", server, "--config", str(file), settings={})
    assert (result.exit_code, result.output.splitlines()[:-1]) == (0, [])
    assert tables.digest() == before

    allowed = (line.replace("allowed-writes = []", f"allowed-writes = {allowed_writes()}") for line in settings.lines)
    file.write_text("\n".join(allowed), encoding="utf-8")
    result = run("gate", "guarded", "--url", server, "--config", str(file), settings={})
    assert (result.exit_code, result.output.splitlines()[:-1]) == (0, [])
    assert tables.digest() != before


def test_the_settings_in_the_documentation_suit_our_server(
    server: str, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/gate.md shows them as an example for our contract."""
    ada, bob, reader = (register(client, name=name) for name in ("Ada", "Bob", "Reader"))
    page = (CONTRACT.parents[1] / "docs" / "gate.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(\[server\]\n.*?)```", page, re.DOTALL)
    file = tmp_path / "gate.toml"
    file.write_text(example, encoding="utf-8")
    home = f"/v1/workspaces/{ada.create('/v1/workspaces', name='Household')['id']}"
    invitation = ada.create(f"{home}/invitations", email=reader.user["email"], role="viewer")
    ok(reader.client.post("/v1/invitations/accept", json={"token": invitation["token"]}))
    limited = created(reader.client.post("/v1/tokens", json={"name": "reader", "scopes": ["read"]}))
    old = created(ada.client.post("/v1/tokens", json={"name": "old", "scopes": ["read"]}))
    no_content(ada.client.delete(f"/v1/tokens/{old['id']}"))
    variables = {
        "TOKEN": ada.tokens["access_token"],
        "WORKSPACE_ID": home.rpartition("/")[2],
        "READER_TOKEN": limited["token"],
        "STRANGER_TOKEN": bob.tokens["access_token"],
        "STRANGERS_WORKSPACE": bob.workspace_id,
        "OLD_TOKEN": old["token"],
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = run("gate", "guarded", "--url", server, "--config", str(file), settings={})
    assert result.exit_code == 0, result.output
    warned = {line.split()[4] for line in result.output.splitlines() if " warning " in line}
    assert warned == {
        "get_session",
        "get_personal_token",
        "get_member",
        "get_invitation",
        "get_project",
        "get_section",
        "get_label",
        "get_task",
        "list_comments",
        "get_comment",
        "list_completions",
        "list_reminders",
        "get_reminder",
    }


def test_our_server_is_driven_by_a_client_that_is_generated_from_our_contract(server: str, tmp_path: Path) -> None:
    generate = "import sys, yaml; paths = yaml.safe_load(open(sys.argv[1]))['paths'].values(); "
    generate += (
        "print(*(o['operationId'] for p in paths for o in p.values() if 'operationId' in o), file=open('c', 'w'))"
    )
    drive = "import sys; from urllib.request import urlopen; assert urlopen(sys.argv[1] + '/livez').status == 200"
    file = tmp_path / "gate.toml"
    commands = {"generate": (generate, "$CONTRACT"), "drive": (drive, "$URL")}
    lines = [f"{step} = {json.dumps([[sys.executable, '-c', *parts]])}\n" for step, parts in commands.items()]
    file.write_text(f"[[clients]]\nname = 'ours'\noutput = '.'\n{''.join(lines)}")
    result = run("gate", "clients", "--url", server, "--config", str(file), settings={})
    assert (result.exit_code, result.output.splitlines()[:-1]) == (0, [])
    file.write_text(file.read_text().replace("/livez", "/no-such-path"))
    assert "HTTP Error 404" in run("gate", "clients", "--url", server, "--config", str(file), settings={}).output


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

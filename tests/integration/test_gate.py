"""`tickbox gate`, on our own contract and on others."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.programs import environment, run, tickbox
from tickbox_contract.gate.exceptions import SETTINGS_RULES
from tickbox_contract.gate.rule_sets import RULE_SETS
from tickbox_contract.gate.rules import RULES
from tickbox_contract.openapi.rules import STAGES

CONTRACTS = Path(__file__).parents[1] / "contract" / "gate"
ROOT = Path(__file__).parents[2]
GOOD, BAD = str(CONTRACTS / "good.yaml"), str(CONTRACTS / "bad.yaml")
GATE = Path(sys.executable).with_name("tickbox-contract")
ALL_RULES = [part for name in RULE_SETS for part in ("--rule-set", name)]
OF_ONE_FILE = sum(rule.stage in {"valid", "style", "complete"} for rule in RULES)
"""Rules that need nothing but the contract."""
RULES_BY_STAGE = {stage: sum(rule.stage == stage for rule in RULES) for stage in STAGES}


@pytest.mark.parametrize("stage", ["valid", "complete"])
def test_our_own_contract_passes(stage: str) -> None:
    result = run("gate", stage, settings={})
    assert (result.exit_code, result.output) == (0, result.output)
    assert result.output.startswith(f"{RULES_BY_STAGE[stage]} rules over ")  # type: ignore[index]  # a stage's name


def test_our_own_contract_follows_the_style() -> None:
    assert run("gate", "style", settings={}).exit_code == 0


def test_a_good_contract_of_another_service_passes() -> None:
    result = run("gate", "--contract", GOOD, *ALL_RULES, settings={})
    *_, models, summary = result.stdout.splitlines()
    assert result.exit_code == 0
    assert models.split()[:4] == ["complete", "current-models", "not", "checked"]
    assert summary == f"{OF_ONE_FILE - 2} rules over 7 operations; findings: valid 0, style 0, complete 0"


def test_a_bad_contract_fails() -> None:
    result = run("gate", "--contract", BAD, *ALL_RULES, settings={})
    assert result.exit_code == 1
    assert result.stdout.startswith("valid ")
    assert "bad.yaml:2 " in result.stdout


def test_without_a_choice_of_rules_the_style_of_others_is_their_own() -> None:
    result = run("gate", "style", "complete", "--contract", BAD, settings={})
    assert result.exit_code == 0
    assert "has no operationId" in result.stdout


def test_only_the_named_stages_run() -> None:
    result = run("gate", "valid", "style", "--contract", GOOD, settings={})
    assert result.stdout.endswith("; findings: valid 0, style 0\n")


def test_paths_are_printed_relative_to_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONTRACTS.parent)
    result = run("gate", "style", "--contract", BAD, *ALL_RULES, "--format", "github", settings={})
    assert result.stdout.startswith("::error file=gate/bad.yaml,line=2,title=openapi-3-0-4::")


def test_reports_are_written_beside_the_table(tmp_path: Path) -> None:
    junit, sarif = tmp_path / "junit.xml", tmp_path / "gate.sarif"
    reports = ("--junit", str(junit), "--sarif", str(sarif))
    result = run("gate", "--contract", BAD, *ALL_RULES, *reports, settings={})
    assert result.exit_code == 1
    cases = ET.parse(junit).getroot().iter("testcase")  # noqa: S314  # written just now
    assert len(list(cases)) == OF_ONE_FILE
    (logged,) = json.loads(sarif.read_text())["runs"]
    unchecked = result.stdout.count("not checked")
    assert len(logged["results"]) + unchecked + len(["summary"]) == len(result.stdout.splitlines())


def test_messages_compare_the_notes_with_the_contract(tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("As `GET /v1/films` shows.")
    result = run("gate", "--contract", GOOD, "--format", "messages", "--notes", str(notes), settings={})
    deliverable, clarification = map(json.loads, result.stdout.splitlines())
    assert (result.exit_code, deliverable["content"]["test_status"]) == (0, "passed")
    assert clarification["content"]["context"] == f"{notes}:1"


def test_our_own_notes_name_only_operations_that_exist() -> None:
    result = run("gate", "valid", "--format", "messages", settings={})
    assert [json.loads(line)["type"] for line in result.stdout.splitlines()] == ["deliverable"]


def test_handlers_are_looked_for_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    package = tmp_path / "their_handlers"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "books.py").write_text("def list_books(): ...\ndef add_book(): ...\n")
    result = run("gate", "complete", "--contract", GOOD, "--handlers", "their_handlers", settings={})
    missing = {line.split()[-3] for line in result.stdout.splitlines() if "operation-handler" in line}
    assert missing == {f"books.{name}_book" for name in ("get", "update", "remove", "lend")} | {"system.check_liveness"}


BROKEN = {
    "syntax": "def list_books(:",
    "fault": "raise ValueError('no\\nsettings')",
    "exit": "raise SystemExit(0)",
}


@pytest.mark.parametrize("name", ["books", "__init__"])
@pytest.mark.parametrize("kind", BROKEN)
def test_handlers_that_cannot_be_loaded_are_reported_in_one_line(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    package = tmp_path / f"broken_{kind}_{name.strip('_')}"
    package.mkdir()
    (package / f"{name}.py").write_text(BROKEN[kind])
    result = run("gate", "complete", "--contract", GOOD, "--handlers", package.name, settings={})
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith(f"Error: {package.name}{'.books' * (name == 'books')} cannot be imported (")


def test_an_unexpected_error_is_reported_in_one_line(tmp_path: Path) -> None:
    contract, junit = (
        tmp_path / "\udcff.yaml",
        tmp_path / "junit.xml",
    )  # a name that is not UTF-8 cannot be written as such
    contract.write_text(Path(BAD).read_text())
    result = run("gate", "--contract", str(contract), "--junit", str(junit), settings={})
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert "the gate fails (UnicodeEncodeError: " in result.stderr


def test_a_reference_to_a_file_that_does_not_exist_is_found(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    elsewhere = "{$ref: 'shelves.yaml'}"
    contract.write_text(Path(GOOD).read_text().replace("{$ref: '#/components/schemas/Shelf'}", elsewhere))
    result = run("gate", "valid", "--contract", str(contract), settings={})
    assert result.exit_code == 1
    assert "resolving-ref" in result.stdout


def test_the_rules_are_listed() -> None:
    result = run("gate", "--rules", settings={})
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, len(RULES) + len(SETTINGS_RULES))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--contract", "nowhere.yaml"], "nowhere.yaml: No such file or directory: name another file"),
        (["--contract", __file__], "is not valid YAML"),
        (["--contract", "{}"], "this is not an OpenAPI contract: it has no `openapi: 3.0.4`"),
        (["--contract", GOOD, "--handlers", "no_such_package"], "no_such_package cannot be imported"),
        (["--contract", GOOD, "--junit", "nowhere/junit.xml"], "nowhere/junit.xml: No such file"),
        (["--contract", GOOD, "--format", "messages", "--notes", "nowhere.md"], "File 'nowhere.md' does not exist"),
        (["--contract", GOOD, "--url", "localhost"], "this must be a URL, such as http://127.0.0.1:8080"),
        (["pretty"], "'pretty' is not one of 'valid', 'style', 'complete'"),
    ],
)
def test_a_contract_that_cannot_be_checked_is_reported_in_one_line_and_exits_with_two(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("{}").write_text("{}")
    result = run("gate", *arguments, settings={})
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr.splitlines()[-1]


def test_the_gate_s_command_runs_without_loading_the_server() -> None:
    assert tickbox("gate", "--contract", GOOD, settings={}).returncode == 0
    assert tickbox("routes", settings={}).returncode == 0
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, app.gate; print(*sys.modules)"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(loaded) & {"connexion", "starlette", "uvicorn", "sqlalchemy", "persistence", "domain"} == set()


def test_without_the_development_dependencies_the_models_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datamodel_code_generator", None)
    result = run("gate", "complete", settings={})
    assert result.exit_code == 0
    assert "current-models  not checked  the development dependencies are not installed" in result.stdout


def test_our_own_contract_names_only_scopes_and_roles_of_our_server(tmp_path: Path) -> None:
    for package in ("app", "domain", "handlers", "spec"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    contract = tmp_path / "spec" / "openapi.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(
        text.replace("x-access: {role: viewer, scope: read}", "x-access: {role: viewr, scope: read}", 1)
    )
    code = "import sys; from app.gate import gate; gate.main(sys.argv[1:])"
    result = subprocess.run(
        [sys.executable, "-c", code, "complete"],
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "needs the role viewr, which the server does not know" in result.stdout


LEGACY = Path(BAD).read_text(encoding="utf-8")


def written(folder: Path, settings: str) -> Path:
    (folder / "openapi.yaml").write_text(LEGACY, encoding="utf-8")
    (folder / "gate.toml").write_text(settings, encoding="utf-8")
    return folder


def test_in_a_folder_with_settings_no_option_is_needed(tmp_path: Path) -> None:
    written(tmp_path, 'contract = "openapi.yaml"\nrule-sets = ["owasp"]\n')
    done = subprocess.run(
        [GATE, "gate", "style"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert {line.split()[2].partition("-")[0] for line in done.stdout.splitlines()[:-1]} == {"bounded"}


def test_the_command_line_replaces_what_the_settings_say(tmp_path: Path) -> None:
    folder = written(tmp_path, 'rule-sets = ["owasp"]\n')
    contract = ("--contract", str(folder / "openapi.yaml"))
    assert "bounded" in run("gate", "style", *contract, settings={}).stdout
    assert "bounded" not in run("gate", "style", *contract, "--rule-set", "standard", settings={}).stdout


def test_an_exception_from_a_rule_that_is_not_chosen_is_reported(tmp_path: Path) -> None:
    folder = written(tmp_path, "[rules]\nno-totals = {severity = 'error', reason = 'Slow.'}\n")
    contract = ("--contract", str(folder / "openapi.yaml"))
    message = "the rule no-totals is not checked, because its set is not chosen (rule-sets)"
    assert message in run("gate", *contract, settings={}).stdout
    assert message not in run("gate", "valid", *contract, settings={}).stdout
    assert message not in run("gate", *contract, "--rule-set", "tickbox", settings={}).stdout


def test_mistakes_in_the_settings_are_a_line_each_and_nothing_is_checked(tmp_path: Path) -> None:
    folder = written(tmp_path, "rules-sets = []\n[rules]\nno-totals = {severity = 'off'}\n")
    result = run("gate", "--contract", str(folder / "openapi.yaml"), settings={})
    assert (result.exit_code, result.stdout) == (2, "")
    assert sorted(result.stderr.removeprefix("Error: ").splitlines()) == [
        f"{folder}/gate.toml: rules-sets: there is no such setting: did you mean 'rule-sets'?",
        f"{folder}/gate.toml: rules.no-totals: `reason` is missing",
    ]


def test_a_baseline_keeps_old_findings_silent_and_lets_new_ones_fail(tmp_path: Path) -> None:
    folder = written(tmp_path, "")
    contract, baseline = folder / "openapi.yaml", folder / "baseline.json"
    options = ("--contract", str(contract), *ALL_RULES)
    first = run("gate", *options, "--write-baseline", str(baseline), settings={})
    assert first.exit_code == 0
    assert first.stdout.splitlines()[-1].endswith(" in the baseline")

    again = run("gate", *options, "--baseline", str(baseline), settings={})
    assert (again.exit_code, again.stdout) == (0, first.stdout)

    contract.write_text(
        f"# moves all lines\n{LEGACY}".replace(
            "info: {title: Odd", "tags: [{name: a}, {name: a, description: b}]\ninfo: {title: Odd"
        )
    )
    found = run("gate", *options, "--baseline", str(baseline), settings={})
    assert found.exit_code == 1
    assert [line.split()[2] for line in found.stdout.splitlines() if " error " in line] == ["unique-tag"]

    contract.write_text(f"{LEGACY.replace('openapi: 3.0.0', 'openapi: 3.0.4')}")
    mended = run("gate", *options, "--baseline", str(baseline), settings={})
    assert mended.exit_code == 0
    assert "obsolete-baseline" in mended.stdout


def test_a_baseline_does_not_excuse_a_form_that_keeps_all_else_from_being_checked(tmp_path: Path) -> None:
    contract, baseline = tmp_path / "openapi.yaml", tmp_path / "baseline.json"
    contract.write_text("openapi: 3.0.4\ninfo: {}\npaths: {}\n")
    result = run("gate", "--contract", str(contract), "--write-baseline", str(baseline), settings={})
    assert (result.exit_code, result.stdout.count("This property is required.")) == (1, 2)
    assert "the other stages are checked when the form is right" in result.stdout


def test_on_a_terminal_the_gate_says_what_it_is_checking(tmp_path: Path) -> None:
    terminal, written_to = pty.openpty()
    done = subprocess.run([GATE, "gate", "--contract", GOOD], stdout=subprocess.PIPE, stderr=written_to, check=True)
    os.close(written_to)
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert "valid: unique-key" in shown
    assert shown.endswith("\r\x1b[K")
    assert b"\x1b" not in done.stdout


def test_writing_a_baseline_for_some_stages_keeps_what_it_knows_of_others(tmp_path: Path) -> None:
    folder = written(tmp_path, "")
    baseline = folder / "baseline.json"
    options = ("--contract", str(folder / "openapi.yaml"), *ALL_RULES)
    run("gate", *options, "--write-baseline", str(baseline), settings={})
    before = baseline.read_text()
    run("gate", "style", *options, "--write-baseline", str(baseline), settings={})
    assert baseline.read_text() == before


@pytest.mark.parametrize("name", ["--baseline", "--write-baseline"])
def test_a_file_that_is_not_a_baseline_is_neither_believed_nor_overwritten(tmp_path: Path, name: str) -> None:
    other = tmp_path / "package.json"
    other.write_text("{}")
    result = run("gate", "--contract", BAD, name, str(other), settings={})
    assert (result.exit_code, other.read_text()) == (2, "{}")
    assert (
        result.stderr
        == f"Error: {other}: this is not a baseline of this version: write it anew with --write-baseline\n"
    )


def test_a_server_that_is_not_named_or_not_there_is_not_a_success() -> None:
    for url in ((), ("--url", "http://127.0.0.1:1")):
        result = run("gate", "guarded", "--contract", GOOD, *url, settings={})
        assert result.exit_code == 2
        assert " not checked " in result.stdout


def test_without_a_contract_the_gate_of_others_asks_for_one(tmp_path: Path) -> None:
    done = subprocess.run([GATE, "gate"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "Error: Name the contract: --contract FILE."


def test_words_releases_and_handlers_come_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    contract = Path(GOOD).read_text(encoding="utf-8")
    (tmp_path / "openapi.yaml").write_text(contract, encoding="utf-8")
    (tmp_path / "released.yaml").write_text(contract.replace("list_books", "all_books"), encoding="utf-8")
    (tmp_path / "settings_handlers").mkdir()
    (tmp_path / "settings_handlers" / "__init__.py").touch()
    (tmp_path / "gate.toml").write_text(
        'handlers = "settings_handlers"\nagainst = ["released.yaml"]\n[access]\nscope = ["read"]\n'
    )
    result = run("gate", "--contract", "openapi.yaml", settings={})
    assert result.exit_code == 1
    found = {line.split()[2] for line in result.stdout.splitlines() if " error " in line}
    assert {"access-rule", "operation-handler", "operation-renamed"} <= found
    assert "needs the scope write, which the server does not know" in result.stdout


def test_with_words_for_access_rights_are_tried_whatever_the_sets(tmp_path: Path) -> None:
    settings = tmp_path / "gate.toml"
    command = ["gate", "guarded", "--contract", GOOD, "--url", "http://127.0.0.1:1", "--config", str(settings)]
    for text, is_tried in (("", False), ('[access]\nscope = ["read", "write"]\n', True)):
        settings.write_text(text)
        result = run(*command, settings={})
        assert ("the settings name no callers" in result.stdout) is is_tried


def test_a_team_whose_server_has_roles_and_no_scopes_is_asked_for_no_scopes(tmp_path: Path) -> None:
    contract = tmp_path / "openapi.yaml"
    text = Path(GOOD).read_text(encoding="utf-8").replace("{scope: read}", "{role: reader}")
    contract.write_text(text.replace("{scope: write}", "{role: writer}"), encoding="utf-8")
    (tmp_path / "gate.toml").write_text('[access]\nrole = ["reader"]\n')
    result = run("gate", "complete", "--contract", str(contract), settings={})
    found = {line.split("needs the ")[-1] for line in result.stdout.splitlines() if " access-rule " in line}
    assert found == {"role writer, which the server does not know"}

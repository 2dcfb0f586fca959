"""Stage `clients`, with real programs that are small: what fails is found, and nothing is left behind."""

from __future__ import annotations

import json
import os
import pty
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree as ET

import psutil
import pytest
import yaml
from click.testing import CliRunner, Result

from tickbox_contract.gate.command import main
from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.live.clients.attempts import Attempts
from tickbox_contract.gate.live.clients.client import Client
from tickbox_contract.gate.live.clients.recipes import recipes
from tickbox_contract.gate.rules import run
from tickbox_contract.gate.settings import SettingsError, read_settings

CONTRACT = """\
openapi: 3.0.3
info: {title: Pets, version: 1.0.0}
security: []
paths:
  /pets:
    get:
      operationId: listPets
      responses: {'200': {description: ok}, '400': {description: bad}}
  /pets/{id}:
    get:
      operationId: get-pet
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: ok}, '400': {description: bad}}
"""
BOTH = "print('list_pets = getPet = 0', file=open('client/api.py', 'w'))"
ONE = "print('get_pet = 0', file=open('client/api.py', 'w'))"
BAD = ["import sys; print('noise'); print('api.py:3: error: it is bad'); sys.exit(3)"]


@pytest.fixture(autouse=True)
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a contract, and with a client whose folder has a space in its name."""
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    folder = tmp_path / "our clients" / "client"
    folder.mkdir(parents=True)
    (folder / "hand_written.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of something that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def python(*codes: str) -> str:
    """Commands of a gate.toml, one for each program."""
    return json.dumps([[sys.executable, "-c", code] for code in codes])


def settings(*clients: str) -> None:
    Path("gate.toml").write_text('contract = "openapi.yaml"\n' + "".join(clients))


def client(name: str = "ours", **commands: list[str]) -> str:
    """A client of a gate.toml that runs Python programs."""
    lines = [f"{step} = {python(*codes)}" for step, codes in commands.items()]
    return "\n".join((f"[[clients]]\nname = '{name}'\nfolder = 'our clients'\noutput = 'client'", *lines, ""))


def gate(*arguments: str) -> Result:
    return CliRunner(catch_exceptions=False).invoke(main, ["gate", "clients", *arguments])


def findings(result: Result) -> list[list[str]]:
    """The cells of the table but for its columns of stage and rule, and of what a program printed."""
    rows = [line.split("  ") for line in result.output.splitlines()[:-1]]
    return [[cell.strip() for cell in row if cell.strip() not in {"", "clients"}] for row in rows]


def test_a_client_is_generated_compiled_and_driven(team: Path, url: str) -> None:
    see = "import os, sys; print([sys.argv[1:], sorted(v for k, v in os.environ.items() if k.startswith('TICKBOX_'))])"
    drive = json.dumps([[sys.executable, "-c", see, "$CONTRACT", "at=$URL", "$REF", "$URLS"]])
    settings(
        client(generate=[BOTH], compile=["import client.api, client.hand_written"]) + f"drive = {drive}\n",
    )
    result = gate("--url", url, "--client-logs", "logs")
    assert (result.output, result.exit_code) == ("3 rules over 2 operations; findings: clients 0\n", 0)
    log = (team / "logs" / "ours.log").read_text()
    contract = str((team / "openapi.yaml").resolve())
    assert log.splitlines()[-1] == str([[contract, f"at={url}", "$REF", "$URLS"], sorted([contract, url, "ours"])])
    assert [line[0] for line in log.splitlines()] == ["$", "$", "$", "["]
    assert sorted(path.name for path in team.iterdir()) == ["gate.toml", "logs", "openapi.yaml", "our clients"]
    assert [path.name for path in (team / "our clients" / "client").iterdir()] == ["hand_written.py"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({"generate": BAD, "compile": [""], "drive": [""]}, ["error", "notice", "notice"]),
        ({"generate": [BOTH], "compile": BAD, "drive": [""]}, ["error", "notice"]),
        ({"generate": [BOTH], "compile": [""], "drive": BAD}, ["error"]),
    ],
)
def test_a_program_that_fails_is_an_error_at_its_client_with_what_it_says(
    steps: dict[str, list[str]], expected: list[str], url: str
) -> None:
    settings(client("good", generate=[BOTH], drive=[""]), client("bad", **steps))
    result = gate("--url", url)
    rows = findings(result)
    found = next(row for row in rows if row[0] == "error")
    assert result.exit_code == 1
    assert sorted(row[0] for row in rows if len(row) > 1) == sorted(expected)
    assert found[2] == "gate.toml:8"
    assert found[3].startswith("bad was not ")
    assert found[3].endswith("` exited with 3")
    assert rows[rows.index(found) + 1] == ["it printed: api.py:3: error: it is bad"]


@pytest.mark.parametrize(
    ("codes", "is_split", "is_hinted"),
    [(BAD, True, True), ([ONE], True, True), ([BOTH], True, False), (BAD, False, False)],
)
def test_a_generator_that_fails_may_need_a_contract_in_one_file(
    team: Path, codes: list[str], *, is_split: bool, is_hinted: bool
) -> None:
    if is_split:
        whole = yaml.safe_load(CONTRACT)
        (team / "pets.json").write_text(json.dumps(whole["paths"]["/pets"]))
        whole["paths"]["/pets"] = {"$ref": "pets.json"}
        (team / "openapi.yaml").write_text(yaml.safe_dump(whole, sort_keys=False))
    settings(client(generate=codes))
    hint = "the contract is in several files: some generators need it in one, so bundle it first"
    assert (hint in gate().output) == is_hinted


def test_the_last_lines_say_why_if_none_speaks_of_an_error() -> None:
    settings(client(generate=["print('x' * 3_000_000); [print(n, '\\n') for n in range(9)]; raise SystemExit(1)"]))
    result = gate()
    assert [row[0] for row in findings(result) if len(row) == 1] == [f"it printed: {n}" for n in range(4, 9)]


def test_a_place_that_a_compiler_writes_below_is_shown_relative_to_the_folder() -> None:
    text = "error[E0277]: bad\n   --> HERE/client/a.rs:1\n    |\n\nok\n   cold\nerror: end"
    code = f"import os; print({text!r}.replace('HERE', os.getcwd())); raise SystemExit(1)"
    settings(client(generate=[code]))
    assert [line.partition("it printed: ")[2] for line in gate().output.splitlines() if "it printed" in line] == [
        "error[E0277]: bad",
        "   --> client/a.rs:1",
        "    |",
        "error: end",
    ]


def test_of_a_stack_the_error_is_shown_and_not_its_frames() -> None:
    settings(client(generate=["def error(): error_of_ours = 1 / 0\n\nerror()"]))
    printed = [line for line in gate().output.splitlines() if "it printed" in line]
    assert printed == ["    it printed: ZeroDivisionError: division by zero"]


def test_a_program_that_hangs_is_ended_with_its_children_and_is_an_error(team: Path) -> None:
    settings(client(generate=[_leaving(team, "time.sleep(1000)")]) + "timeout-s = 2\n")
    result = gate()
    assert "` has not ended within 2 s" in result.output
    assert result.exit_code == 1
    assert_ended(team)


def test_what_a_program_leaves_running_is_ended_and_not_waited_for(team: Path) -> None:
    settings(client(generate=[BOTH, _leaving(team, "")]))
    assert gate().exit_code == 0
    assert_ended(team)


def test_a_gate_that_is_cancelled_leaves_no_program_and_no_folder(team: Path) -> None:
    settings(client(generate=[_leaving(team, "time.sleep(1000)")]))
    (team / "tmp").mkdir()
    command = [sys.executable, "-c", "from tickbox_contract.gate.command import main; main()", "gate", "clients"]
    process = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(team / "tmp")}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not ((team / "pids").exists() and (team / "pids").read_text().endswith("\n")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [*(team / "tmp").iterdir()]
    process.terminate()
    assert process.wait(60) == 1
    assert_ended(team)
    assert [*(team / "tmp").iterdir()] == []


def _leaving(team: Path, then: str) -> str:
    """A program that starts another one, which holds its output open."""
    child = f"[{sys.executable!r}, '-c', 'import time; time.sleep(1000)']"
    note = f"print(os.getpid(), child.pid, file=open({str(team / 'pids')!r}, 'w'), flush=True)"
    return f"import os, subprocess, time; child = subprocess.Popen({child}); {note}; {then}"


def assert_ended(team: Path) -> None:
    for pid in (team / "pids").read_text().split():
        try:
            psutil.Process(int(pid)).wait(60)
        except psutil.NoSuchProcess:
            continue


def test_a_program_that_a_signal_ends_or_that_does_not_exist_is_an_error() -> None:
    settings(
        client("killed", generate=["import os; os.kill(os.getpid(), 9)"]),
        "[[clients]]\nname = 'absent'\ngenerate = [['./absent']]\n",
    )
    output = gate().output
    assert "killed was not generated: " in output
    assert "` was ended by signal 9" in output
    assert "absent was not generated: `./absent` cannot be run: No such file or directory" in output


def test_what_is_printed_in_other_encodings_and_in_colours_is_shown_as_text() -> None:
    code = r"import os; os.write(1, b'\xff\x1b[31merror\x1b[0m: \x07caf\xe9\n'); raise SystemExit(1)"
    settings(client(generate=[code]))
    assert "it printed: \N{REPLACEMENT CHARACTER}error: \\x07caf\N{REPLACEMENT CHARACTER}\n" in gate().output


def test_an_operation_that_a_generator_leaves_out_is_an_error_at_its_line_with_what_it_says() -> None:
    words = "print('WARNING parsing GET /pets within pets.'); print('Unsupported.'); print('unrelated')"
    settings(client(generate=[f"{ONE}; {words}"]))
    result = gate()
    assert result.exit_code == 1
    assert findings(result)[1:4] == [
        ["error", "client-generated", "openapi.yaml:6", "ours has no listPets"],
        ["it printed: WARNING parsing GET /pets within pets."],
        ["it printed: Unsupported."],
    ]


def test_an_operation_that_a_generator_warns_of_is_a_warning() -> None:
    words = "print('cannot map get-pet'); print('GET /pets is fine'); print('skipped: my-get-pet, GET /pets/{id}/toys')"
    settings(client(generate=[f"{BOTH}; {words}"]))
    result = gate()
    assert result.exit_code == 0
    assert findings(result)[1] == [
        "warning", "client-generated", "openapi.yaml:10", "the generator of ours warns of get-pet",
    ]  # fmt: skip
    assert len([row for row in findings(result) if row[0] == "warning"]) == 1


@pytest.mark.parametrize("said", ["Processing skip-pets", "INFO api/errors/skip-pets.py", "WARN all pets are skipped"])
def test_an_operation_whose_name_sounds_like_a_warning_has_none(said: str) -> None:
    Path("openapi.yaml").write_text(CONTRACT.replace("listPets", "skip-pets"))
    settings(client(generate=[f"{BOTH.replace('list_pets', 'SkipPets')}; print({said!r})"]))
    assert "warns of" not in gate().output


def test_names_are_looked_for_in_code_only_and_as_a_whole() -> None:
    copies = "[print('listPets', file=open(f'client/{n}', 'w')) for n in ('openapi.yaml', 'README.md', '.FILES')]"
    settings(client(generate=[f"{ONE}; print('listPetsToo', file=open('client/more.ts', 'w')); {copies}"]))
    assert "ours has no listPets" in gate().output


def test_without_a_command_that_drives_nothing_is_sent_and_the_gate_says_so() -> None:
    settings(client(generate=[BOTH]))
    result = gate()
    assert result.exit_code == 0
    assert findings(result) == [
        ["notice", "client-driven", "gate.toml:1",
         "nothing was sent to a server by ours: no command `drive` is in the settings"],
    ]  # fmt: skip


def test_tokens_of_the_server_are_for_what_drives_it_only(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "OTHER"):
        monkeypatch.setenv(name, "t0ken")
    see = "import os; print([*filter(os.environ.get, ('TOKEN', 'OTHER'))])"
    settings(
        client(generate=[f"{BOTH}; {see}"], compile=[see], drive=[see]),
        "[server]\ntoken = '$TOKEN'\n[[server.callers]]\ntoken = '$OTHER'\n",
    )
    assert gate("--url", url, "--client-logs", "logs").exit_code == 0
    printed = [line for line in Path("logs/ours.log").read_text().splitlines() if line.startswith("[")]
    assert printed == ["[]", "[]", "['TOKEN', 'OTHER']"]


@pytest.mark.parametrize(
    ("arguments", "why"), [((), "no server is named (--url)"), (("--url", "http://127.0.0.1:1"), "cannot be reached")]
)
def test_a_client_that_could_not_be_driven_is_not_a_success(arguments: tuple[str, ...], why: str) -> None:
    settings(client(generate=[BOTH], drive=["raise SystemExit('it was run')"]))
    result = gate(*arguments)
    assert why in result.output
    assert "it was run" not in result.output
    assert result.exit_code == 2


def test_a_client_that_is_named_needs_its_programs() -> None:
    settings(client(generate=[ONE]), "[[clients]]\nname = 'b'\ngenerate = [['no-such-tool'], ['./this-one-comes']]\n")
    result = gate()
    assert ["client-generated", "not checked", "b: no-such-tool is not installed"] in findings(result)
    assert "ours has no listPets" in result.output  # the other one was tried
    assert result.exit_code == 1
    assert gate("--client", "b").exit_code == 2
    assert gate("--client", "ours", "--client", "ours").output.count("ours has no listPets") == 1


def attempted(*clients: Client) -> list[tuple[str, str]]:
    attempts = Attempts(clients=clients, is_named=False, contract=Path("openapi.yaml"))
    around = Surroundings(clients=attempts)
    report = run(CONTRACT.encode(), file="openapi.yaml", stages=["clients"], surroundings=around)
    found = [(finding.severity, finding.message) for finding in report.findings]
    return found + [("skipped", skip.why) for skip in report.skipped]


def test_a_recipe_whose_programs_are_not_installed_is_a_warning_unless_all_are() -> None:
    good = Client(
        name="a",
        folders=(),
        output=None,
        commands={"generate": ((sys.executable, "-c", ""),), "compile": (), "drive": ()},
        timeout_s=60,
    )
    bad = Client(
        name="b",
        folders=(),
        output=None,
        commands={"generate": (("x-1",), ("x-2",)), "compile": (), "drive": ()},
        timeout_s=1,
    )
    warning = ("warning", "b was not tried: x-1 and x-2 are not installed")
    assert warning in attempted(good, bad)
    assert not [found for found in attempted(good, bad) if found[0] == "skipped"]
    assert ("skipped", "b: x-1 and x-2 are not installed") in attempted(bad)


def test_clients_can_be_tried_in_a_thread_which_receives_no_signals() -> None:
    good = Client(
        name="a", folders=(), output=None, timeout_s=60,
        commands={"generate": ((sys.executable, "-c", ""),), "compile": (), "drive": ()},
    )  # fmt: skip
    with ThreadPoolExecutor() as threads:
        found = threads.submit(attempted, good).result()
    assert [severity for severity, _ in found] == ["notice"]


def test_without_clients_the_stage_is_not_a_success() -> None:
    report = run(CONTRACT.encode(), file="openapi.yaml", stages=["clients"])
    assert {skip.why for skip in report.skipped} == {"no clients are known"}
    assert not report.is_sound


def test_without_settings_all_recipes_are_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = gate("--contract", "openapi.yaml")
    assert result.exit_code == 2
    assert [row[2] for row in findings(result) if row[0] == "warning"] == ["openapi.yaml:1"] * 5
    for part in ("python: python3 is", "typescript: npm and npx are", "go: go is", "rust: cargo and java and mvn are"):
        assert f"{part} not installed" in result.output
    assert gate("--contract", "openapi.yaml", "--client", "cobol").output == (
        "Error: there is no client 'cobol': python, typescript, go, java, rust\n"
    )


def test_each_recipe_generates_and_compiles_and_its_files_are_in_the_package() -> None:
    for recipe in recipes().values():
        assert recipe.output
        assert recipe.commands["generate"]
        assert recipe.commands["compile"]
    files = {path.name for recipe in recipes().values() for folder in recipe.folders for path in folder.rglob("*")}
    assert {"package.json", "tsconfig.json", "go.mod", "oapi-codegen.yaml", "doc.go", "Cargo.toml"} <= files


def test_a_terminal_shows_the_client_and_the_step_and_is_left_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    settings(client(generate=[BOTH], compile=[""]))
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, os.fdopen(ours, "rb", buffering=0) as screen:
        monkeypatch.setattr(sys, "stderr", terminal)
        with pytest.raises(SystemExit):
            main(["gate", "clients"])
        shown = ""
        while not ("3/3" in shown and shown.endswith("\r\x1b[K")):  # a terminal gives what it has, in parts
            shown += screen.read(10_000).decode()
    lines = shown.split("\r\x1b[K")
    assert lines[:4] == [
        "", "1/3 clients: client-generated", f"ours: generate: {sys.executable}", f"ours: compile: {sys.executable}",
    ]  # fmt: skip
    assert lines[-1] == ""


def test_the_stage_runs_only_if_it_is_named() -> None:
    settings(client(generate=["raise SystemExit(1)"]))
    summary = CliRunner().invoke(main, ["gate", "--url", "http://127.0.0.1:1"]).output.splitlines()[-1]
    assert "guarded 0" in summary
    assert "clients" not in summary


def test_a_recipe_comes_first_and_the_teams_files_replace_its_files() -> None:
    settings(
        "[[clients]]\nname = 'ts'\nrecipe = 'typescript'\nfolder = 'our clients'\ncompile = [['mine']]\ntimeout-s = 5\n"
    )
    (found,) = read_settings(Path("gate.toml"), rule_ids=[]).clients
    recipe = recipes()["typescript"]
    assert found.commands["compile"] == (*recipe.commands["compile"], ("mine",))
    assert found.commands["generate"] == recipe.commands["generate"]
    assert found.folders == (*recipe.folders, Path("our clients"))
    assert (found.output, found.timeout_s, found.line) == ("client", 5, 2)


def test_each_mistake_in_the_settings_is_one_line() -> None:
    Path("gate.toml").write_text(
        textwrap.dedent("""\
        [[clients]]
        name = "a/b"
        folder = "none"
        generate = ["make"]
        timeout-s = 0
        [[clients]]
        recipe = "cobol"
        compile = [[]]
        [[clients]]
        name = "c"
        drive = [["true"]]
        needs = ["true"]
        [[clients]]
        name = "c"
        recipe = "go"
    """)
    )
    with pytest.raises(SettingsError) as raised:
        read_settings(Path("gate.toml"), rule_ids=[])
    lists = 'this must be a list of commands, each a list of texts: [["make", "client"]]'
    nothing = "a client has commands: generate, compile, drive; or a `recipe`: python, typescript, go, java, rust"
    assert sorted(raised.value.mistakes) == [
        "clients[0].folder: there is no folder none",
        f"clients[0].generate: {lists}",
        "clients[0].name: a name has letters, digits, `_`, `.` and `-`",
        "clients[0].timeout-s: this must be a whole number from 1 on",
        f"clients[0]: {nothing}",
        f"clients[1].compile: {lists}",
        "clients[1].recipe: there is no recipe 'cobol': python, typescript, go, java, rust",
        "clients[1]: `name` is missing",
        f"clients[1]: {nothing}",
        "clients[2].needs: there is no such setting",
        "clients[3].name: there are two clients 'c'",
    ]


def test_a_baseline_knows_each_client_by_its_name() -> None:
    settings(client("a", generate=BAD))
    assert gate("--write-baseline", "old.json").exit_code == 0
    settings(client("b", generate=[BOTH]), client("a", generate=BAD))
    assert gate("--baseline", "old.json").exit_code == 0
    settings(client("b", generate=BAD), client("a", generate=BAD))
    result = gate("--baseline", "old.json")
    assert result.exit_code == 1
    assert [row[3][:5] for row in findings(result) if row[0] == "error"] == ["b was"]


def test_reports_for_tools_have_the_place_in_the_settings_and_what_was_printed() -> None:
    settings(client(generate=BAD))
    forms = {form: gate("--format", form, "--junit", "j.xml", "--sarif", "s.json") for form in ("github", "messages")}
    results = json.loads(Path("s.json").read_text())["runs"][0]["results"]
    result = next(each for each in results if each["level"] == "error")
    place = result["locations"][0]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "gate.toml"}, "region": {"startLine": 2}}
    assert place["logicalLocations"] == [{"fullyQualifiedName": "clients.ours"}]
    assert result["properties"] == {"it printed": "api.py:3: error: it is bad"}
    case = next(case for case in ET.parse("j.xml").iter("testcase") if case.get("name") == "client-generated")  # noqa: S314  # ours
    assert "it printed: api.py:3: error: it is bad" in (case.findtext("failure") or "")
    assert "::error file=gate.toml,line=2,title=client-generated::ours was not generated" in forms["github"].output
    lines = [json.loads(line) for line in forms["messages"].output.splitlines()]
    assert [(line["type"], line["blocking"]) for line in lines] == [("deliverable", False), ("clarification", True)]
    assert "it printed: api.py:3: error: it is bad" in lines[1]["content"]["context"]


def test_a_folder_that_cannot_be_copied_is_an_error(team: Path) -> None:
    settings(client(generate=[BOTH]))
    os.mkfifo(team / "our clients" / "pipe")
    output = gate().output
    assert "ours was not generated: `cp -r " in output
    assert "is a named pipe" in output
    shutil.rmtree(team / "our clients")
    assert gate().output == f"Error: gate.toml: clients[0].folder: there is no folder {team}/our clients\n"

"""Schemathesis is run with the token, the settings and the contract, and what it could not test is not a success."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import yaml

from tickbox_contract.gate.contracts import Surroundings
from tickbox_contract.gate.live.callers import Secret
from tickbox_contract.gate.live.servers import Server
from tickbox_contract.gate.rules import RULES, run

from .serving import CONTRACT, Careless, Locked, Silent, Streaming, asked, messages, serving

pytestmark = pytest.mark.unmeasured_processes

PYTHON = sys.executable


def test_schemathesis_findings_are_at_their_operations_with_a_command_that_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no schemathesis.toml
    with serving(Careless) as url:
        arguments = ("--max-examples", "5", "--phases", "examples,coverage", "--seed", "1", "--continue-on-failure")
        report = asked(Server(url=url, schemathesis=arguments), "conforms", rules={"schemathesis"})
    found = {(finding.message, finding.line): finding for finding in report.findings}
    undeclared = found["GET /pets: Undocumented status code: the response is 201", 5]
    assert (undeclared.witness or "").startswith("curl -X GET")
    assert undeclared.printed == ("Received: 201", "Documented: 200")
    failing = found["POST /pets: Server error: the response is 500", 8]
    assert (failing.witness or "").startswith("curl -X POST")
    another_method = found["TRACE /pets: Wrong response to undeclared method: the response is 501", 8]
    assert (another_method.witness or "").startswith("curl -X TRACE")


SURROGATES = """\
import schemathesis

@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return {name: "\\udc00" for name in path_parameters or {}}
"""


NAMED = b"""\
openapi: 3.1.0
info: {title: Pets, version: '1'}
paths:
  /pets:
    get:
      operationId: listPets
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pets'}}}}}
  /pets/{name}:
    get:
      operationId: getPet
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}
components:
  schemas:
    Pet: {type: object, properties: {name: {type: string}}}
    Pets: {type: array, items: {$ref: '#/components/schemas/Pet'}}
"""


class Storing(Careless):
    """Returns a text with a lone surrogate, as one that stores whatever it is sent."""

    def _reply(self) -> None:
        body = b'[{"name": "\\udc00"}]'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = _reply  # noqa: N815  # http.server's name


def test_surrogates_that_a_server_returns_are_warnings_where_schemathesis_fails_at_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ("--phases", "coverage,fuzzing", "--max-examples", "30", "--seed", "1")
    with serving(Storing) as url:
        server = Server(url=url, schemathesis=arguments)
        report = asked(server, "conforms", rules={"schemathesis"}, contract=NAMED)
    own = [finding for finding in report.findings if "surrogates not allowed" in finding.message]
    assert own
    assert {finding.severity for finding in own} == {"warning"}


@pytest.mark.parametrize("phases", ["coverage,fuzzing", "fuzzing"])
def test_what_schemathesis_could_not_test_is_a_warning_with_its_cause_or_without_any_test_not_a_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phases: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schemathesis.toml").write_text("hooks = 'surrogates'\n")
    (tmp_path / "surrogates.py").write_text(SURROGATES)
    arguments = ("--phases", phases, "--max-examples", "5", "--include-path", "/pets/{id}")
    with serving(Careless) as url:
        report = asked(Server(url=url, schemathesis=arguments), "conforms", rules={"schemathesis"})
    cause = "Schemathesis could not test this: UnicodeEncodeError: 'utf-8' codec can't encode character '\\udc00'"
    if phases == "fuzzing":
        (skip,) = report.skipped
        assert skip.why.startswith(f"Schemathesis could not test: Runtime Error, GET /pets/{{id}}: {cause}")
        assert not report.is_sound
    else:
        warned = [finding for finding in report.findings if finding.severity == "warning"]
        assert [finding.line for finding in warned] == [CONTRACT[: CONTRACT.index(b"/pets/{id}")].count(b"\n") + 2]
        assert warned[0].message.startswith(f"GET /pets/{{id}}: {cause}")


def test_schemathesis_tests_a_contract_that_is_in_several_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = yaml.safe_load(CONTRACT)
    (tmp_path / "pets.json").write_text(json.dumps({"pets": whole["paths"]["/pets"]}))
    whole["paths"] = {"/pets": {"$ref": "pets.json#/pets"}}
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(whole))
    with serving(Careless) as url:
        server = Server(url=url, schemathesis=("--phases", "coverage", "--max-examples", "5"))
        chosen = [rule for rule in RULES if rule.rule_id == "schemathesis"]
        around = Surroundings(server=server)
        report = run(
            file.read_bytes(), file="openapi.json", path=file, stages=["conforms"], rules=chosen, surroundings=around
        )
    found = {(finding.message, finding.file) for finding in report.findings}
    assert ("POST /pets: Server error: the response is 500", "pets.json") in found


@pytest.mark.parametrize(
    ("file", "arguments", "is_left_out"),
    [("nothing", (), True), ("schemathesis.toml", (), False), ("nothing", ("--seed", "1"), False)],
)
def test_a_check_that_must_be_configured_is_left_out_unless_something_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, arguments: tuple[str, ...], *, is_left_out: bool
) -> None:
    program_in(tmp_path, monkeypatch, "#!/bin/sh\necho $*\n")
    (tmp_path / file).touch()
    report = asked(Server(url="http://127.0.0.1:1", schemathesis=arguments), "conforms", rules={"schemathesis"})
    (skip,) = report.skipped
    assert ("--exclude-checks positive_data_acceptance" in skip.why) == is_left_out
    assert " ".join(arguments) in skip.why


def test_schemathesis_that_is_not_installed_is_not_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    report = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"})
    assert [skip.why for skip in report.skipped] == [
        "Schemathesis is not installed: pip install tickbox-contract[conforms]"
    ]
    assert not report.is_sound


def test_schemathesis_that_could_not_test_is_not_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    server = Server(url="http://127.0.0.1:1", schemathesis=("--no-such-option",))
    report = asked(server, "conforms", rules={"schemathesis"})
    assert "Schemathesis could not test: Error: No such option '--no-such-option'" in report.skipped[0].why
    assert not report.is_sound
    unreachable = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"})
    assert [skip.why for skip in unreachable.skipped] == ["Schemathesis could not test: Network Error"]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("hooks = 'broken_hooks'", "ModuleNotFoundError: No module named 'a_package_that_is_not_there'"),
        ("hooks = 'no_such_hooks'", "import the module 'no_such_hooks' failed because it could not be found"),
        ("hookss = 'broken_hooks'", "- 'hookss' -> Did you mean 'hooks'?"),
        ("hooks =", "The configuration file content is not valid TOML"),
    ],
)
def test_schemathesis_settings_that_cannot_be_loaded_are_not_a_success_and_say_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "schemathesis.toml").write_text(settings)
    (tmp_path / "broken_hooks.py").write_text("import a_package_that_is_not_there\n")
    report = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"})
    assert why in report.skipped[0].why
    assert not report.is_sound


def test_schemathesis_settings_above_the_repository_do_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schemathesis.toml").touch()
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    program_in(repository, monkeypatch, "#!/bin/sh\necho $*\n")
    (skip,) = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"}).skipped
    assert "--exclude-checks positive_data_acceptance" in skip.why


def test_schemathesis_that_fails_because_of_warnings_is_not_a_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = {"complete": True, "errors": [], "failures": [], "warnings": {"missing_auth": ["GET /pets"], "other": []}}
    write = f"case $each in *.json) [ -e $each ] || echo '{json.dumps(done)}' > $each;; *.ndjson) touch $each;; esac"
    program_in(tmp_path, monkeypatch, f"#!/bin/sh\nfor each; do {write}; done; exit 1\n")
    found = messages(asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"}))
    assert found == {"all operations: Schemathesis fails because of warnings: missing_auth": "error"}


def test_schemathesis_that_takes_too_long_is_not_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program_in(tmp_path, monkeypatch, "#!/bin/sh\nexec sleep 600\n")
    report = asked(Server(url="http://127.0.0.1:1", time_limit_s=1), "conforms", rules={"schemathesis"})
    assert "Schemathesis was not done after 1 s" in report.skipped[0].why
    assert not report.is_sound


def program_in(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let *text* be the program that is found beside Python."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    program = folder / "schemathesis"
    program.write_text(text)
    program.chmod(0o755)


def test_schemathesis_gets_the_token_where_no_list_of_processes_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_in(tmp_path, monkeypatch, "#!/bin/sh\necho $*\n")
    monkeypatch.setenv("WRITER", "t0ken")
    server = Server(url="http://127.0.0.1:1", token=Secret("WRITER"))
    (skip,) = asked(server, "conforms", rules={"schemathesis"}).skipped
    assert "--config-file" in skip.why
    assert "t0ken" not in skip.why


def test_schemathesis_comes_last_because_it_ends_what_its_token_may_end() -> None:
    assert RULES[-1].rule_id == "schemathesis"


def test_schemathesis_sends_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WRITER", "t0ken")
    with serving(Locked) as url:
        arguments = ("--phases", "coverage", "--max-examples", "5", "--checks", "not_a_server_error")
        report = asked(
            Server(url=url, token=Secret("WRITER"), schemathesis=arguments), "conforms", rules={"schemathesis"}
        )
    assert "POST /pets: Server error: the response is 500" in messages(report)


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        ("{type: apiKey, in: header, name: X-Pets}", "X-Pets: t0ken"),
        ("{type: apiKey, in: cookie, name: key}", "Cookie: key=t0ken"),
        ("{type: http, scheme: basic}", "Authorization: Basic t0ken"),
    ],
)
def test_schemathesis_sends_the_token_as_the_contract_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, sent: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WRITER", "t0ken")

    class Keyed(Careless):
        @property
        def statuses(self) -> tuple[int, int]:  # type: ignore[override]  # it depends on the request
            return (500, 500) if sent in str(self.headers) else (401, 401)

    contract = CONTRACT.replace(b"{type: http, scheme: bearer}", scheme.encode())
    arguments = ("--phases", "coverage", "--max-examples", "5", "--checks", "not_a_server_error")
    with serving(Keyed) as url:
        server = Server(url=url, token=Secret("WRITER"), schemathesis=arguments)
        report = asked(server, "conforms", rules={"schemathesis"}, contract=contract)
    assert "POST /pets: Server error: the response is 500" in messages(report)
    witnesses = [finding.witness for finding in report.findings if finding.witness]
    assert witnesses
    assert not [text for text in witnesses if "t0ken" in text]


@pytest.mark.parametrize(("arguments", "is_elsewhere"), [((), True), (("--seed", "1"), False)])
def test_schemathesis_leaves_no_files_in_the_current_folder_unless_arguments_may_name_files_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], *, is_elsewhere: bool
) -> None:
    program_in(tmp_path, monkeypatch, "#!/bin/sh\nmkdir .schemathesis $HYPOTHESIS_STORAGE_DIRECTORY\n")
    asked(Server(url="http://127.0.0.1:1", schemathesis=arguments), "conforms", rules={"schemathesis"})
    left = {file.name for file in tmp_path.iterdir()} - {"schemathesis"}
    assert left == (set() if is_elsewhere else {".schemathesis"})


def test_settings_above_the_temporary_folder_do_not_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "schemathesis.toml").write_text("no-such-setting = 1\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "here" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    (skip,) = asked(Server(url="http://127.0.0.1:1"), "conforms", rules={"schemathesis"}).skipped
    assert skip.why == "Schemathesis could not test: Network Error"


def test_a_gate_that_is_cancelled_ends_schemathesis_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_in(tmp_path, monkeypatch, f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    (tmp_path / "pets.yaml").write_bytes(CONTRACT)
    (tmp_path / "tmp").mkdir()
    code = f"import sys; sys.executable = {sys.executable!r}; from tickbox_contract.gate.command import main; main()"
    arguments = ("gate", "conforms", "--contract", "pets.yaml", "--url", "http://127.0.0.1:1")
    environment = os.environ | {"TMPDIR": str(tmp_path / "tmp")}
    process = subprocess.Popen([PYTHON, "-c", code, *arguments], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.terminate()
    assert process.wait(60) == 1
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "pid").read_text())).wait(60)
    assert [*(tmp_path / "tmp").iterdir()] == []


def test_settings_of_a_team_must_name_credentials_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schemathesis.toml").write_text("workers = 1\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    monkeypatch.setenv("WRITER", "t0ken")
    server = Server(url="http://127.0.0.1:1", token=Secret("WRITER"))
    (skip,) = asked(server, "conforms", rules={"schemathesis"}).skipped
    assert skip.why.endswith('names no credentials: begin it with headers = {Authorization = "Bearer ${WRITER}"}')
    (tmp_path / "schemathesis.toml").write_text('headers = {Authorization = "Bearer ${WRITER}"}\n')
    (skip,) = asked(server, "conforms", rules={"schemathesis"}).skipped
    assert skip.why == "Schemathesis could not test: Network Error"


NEWS = b"""\
openapi: 3.0.3
info: {title: Pets, version: '1'}
paths:
  /news:
    get:
      operationId: streamNews
      responses:
        '200':
          description: What is new, for ever.
          content: {text/event-stream: {schema: {type: object, properties: {name: {type: string}}}}}
"""


@pytest.mark.parametrize("handler", [Streaming, Silent])
def test_a_stream_that_never_ends_is_read_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handler: type[Streaming]
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no schemathesis.toml
    arguments = ("--max-examples", "2", "--phases", "examples,fuzzing", "--seed", "1")
    with serving(handler) as url:
        report = asked(Server(url=url, schemathesis=arguments), "conforms", contract=NEWS, rules={"schemathesis"})
    assert (messages(report), report.skipped) == ({}, ())

"""Each mistake in the settings is one line that names the file, the place and what is meant; the exit code is 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tickbox_contract.gate.command import main

from .compatible.contracts import contract

OFF = "severity = 'off', reason = 'x'"
IGNORE = "[[ignore]]\nrule = '*'\nreason = 'x'\n"
NO_MODULE = "ModuleNotFoundError: No module named 'nowhere'"
NO_REPOSITORY = "git does not find the repository: not a git repository (or any of the parent directories): .git"
UNPLACED = (
    "line 2: ignore[0]: name a part of the contract with `path` or `pointer`; a whole rule is switched off in [rules]"
)
PLACES = "a place such as #/components/**, or, in another file of the contract, schemas/pet.yaml#/Pet/**"
SETS = "standard, documented, generators, owasp, tickbox"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a contract that has no fault, which is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(contract()))
    return tmp_path


def lines(*arguments: str) -> list[str]:
    """What the command says if the settings keep it from checking."""
    done = CliRunner().invoke(main, ["gate", *arguments])
    assert done.exit_code == 2, done.output
    return done.output.removeprefix("Error: ").splitlines()


def mistakes(text: str | bytes) -> list[str]:
    named = f"contract = 'openapi.json'\n{text}".encode() if isinstance(text, str) else text
    Path("gate.toml").write_bytes(named)
    return [line.removeprefix("gate.toml: ") for line in lines()]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        # not TOML
        ("a = ]", "this is not TOML: Invalid value (at line 2, column 5)"),
        ("a: 1", "this is not TOML: Expected '=' after a key in a key/value pair (at line 2, column 2)"),
        ('a = "\x1b"', "this is not TOML: Illegal character '\\x1b' (at line 2, column 6)"),
        ("baseline = 'a'\nbaseline = 'b'\n\n", "this is not TOML: A key is given twice (at line 3, column 15)"),
        ("baseline = 'a'\nbaseline = 'b'", "this is not TOML: A key is given twice (at line 3, the last one)"),
        (f"[rules]\nno-totals = {{{OFF}, until = 2027-02-30}}",
         "this is not TOML: Invalid date or datetime (at line 3, column 54)"),
        (f"a = {5_000 * '['}", "this is nested too deep"),
        (b"\xff", "this is not TOML in UTF-8: save it as UTF-8"),
        ("contract = 1".encode("utf-16"), "this is not TOML in UTF-8: save it as UTF-8"),
        (b"\0\0", "this is not TOML: Invalid statement (at line 1, column 1)"),
        # the contract
        (b"", 'this names no contract: write contract = "openapi.yaml"'),
        (b"contract = 1", "contract: this must be a text"),
        (b"contract = ' '", "contract: this is empty"),
        (b"contract = 'nowhere.yaml'", "contract: there is no file nowhere.yaml"),
        (b"contract = '.'", "contract: there is no file ."),
        # names
        ("rule-set = ['standard']", "rule-set: there is no such setting: did you mean 'rule-sets'?"),
        ("base_line = 'a'", "base_line: there is no such setting: did you mean 'baseline'?"),
        ("[[ignores]]", "ignores: there is no such setting: did you mean 'ignore'?"),
        ("nope = 1", "nope: there is no such setting"),
        (f"{IGNORE}path = '/a'\nfor = 1", "line 2: ignore[0].for: there is no such setting"),
        ("[access]\nroles = ['a']", "access.roles: there is no such setting: did you mean 'role'?"),
        # kinds
        ("rule-sets = 'owasp'", 'rule-sets: this must be a list of texts: write ["owasp"]'),
        ("against = 'main'", 'against: this must be a list of texts: write ["main"]'),
        ("against = [1]", "against: this must be a list of texts"),
        ("notes = {}", "notes: this must be a list of texts"),
        ("handlers = ''", "handlers: this is empty"),
        ("handlers = 1", "handlers: this must be a text"),
        ("baseline = []", "baseline: this must be a text"),
        ("rules = 1", "rules: this must be a table: write [rules]"),
        ("[[rules]]\na = 1", "rules: this must be a table: write [rules]"),
        ("[ignore]\nrule = '*'", "ignore: this must be a list of tables: write [[ignore]]"),
        ("ignore = [1]", "ignore: this must be a list of tables: write [[ignore]]"),
        ("access = 'x'", "access: this must be a table: write [access]"),
        ("[access]\nrole = 'a'", 'access.role: this must be a list of texts: write ["a"]'),
        ("server = 3", "server: this must be a table: write [server]"),
        ("[server]\nvalues = 3", "server.values: this must be a table: write [server.values]"),
        ("[server]\nurl = 'x'", "server.url: this must be a URL, such as http://127.0.0.1:8080"),
        # words
        ("rule-sets = ['ours']", f"rule-sets: there is no rule set 'ours': {SETS}"),
        ("rule-sets = []", "rule-sets: this is empty: leave it out for the standard rules"),
        (f"[rules]\nno-totls = {{{OFF}}}", "rules: there is no rule 'no-totls': did you mean 'no-totals'?"),
        (f"[rules]\nno_totals = {{{OFF}}}", "rules: there is no rule 'no_totals': did you mean 'no-totals'?"),
        (f"[rules]\nxyz = {{{OFF}}}", "rules: there is no rule 'xyz': `--rules` lists them"),
        ("[rules]\nno-totals = {severity = 'info', reason = 'x'}",
         "rules.no-totals.severity: there is no severity 'info': error, warning, notice, off"),
        # exceptions
        ("[rules]\nno-totals = 'off'",
         'rules.no-totals: this must be a table: write {severity = "warning", reason = "..."}'),
        ("[rules]\nno-totals = {severity = 'off'}", "rules.no-totals: `reason` is missing"),
        ("[rules]\nno-totals = {severity = 'off', reason = ' '}", "rules.no-totals.reason: this is empty"),
        ("[rules]\nno-totals = {reason = 'x'}", "rules.no-totals: `severity` is missing"),
        (f"{IGNORE}path = 'v1'", "line 2: ignore[0]: `path` begins with a slash, such as /v1/**"),
        *((f"{IGNORE}pointer = '{wrong}'", f"line 2: ignore[0]: `pointer` is {PLACES}")
          for wrong in ("info", "pets.yaml", "#info", "pets.yaml#Pet", "/pets.yaml#/Pet", "pets.yaml/Pet")),
        (f"{IGNORE}pointer = 1", "line 2: ignore[0].pointer: this must be a text"),
        (IGNORE, UNPLACED),
        ("[[ignore]]\nreason = 'x'\npath = '/a'", "line 2: ignore[0]: `rule` is missing"),
        # last days
        (f"[rules]\nno-totals = {{{OFF}, until = '2027-01-01'}}",
         "rules.no-totals.until: this must be a date without quotes: write until = 2027-01-01"),
        (f"[rules]\nno-totals = {{{OFF}, until = 'next year'}}",
         "rules.no-totals.until: this must be a date without quotes: write until = 2027-06-30"),
        (f"[rules]\nno-totals = {{{OFF}, until = '2027-02-30'}}",
         "rules.no-totals.until: this must be a date without quotes: write until = 2027-06-30"),
        (f"[rules]\nno-totals = {{{OFF}, until = 2027-01-01T00:00:00Z}}",
         "rules.no-totals.until: this must be a date without a time: write until = 2027-01-01"),
        (f"[rules]\nno-totals = {{{OFF}, until = 2027}}",
         "rules.no-totals.until: this must be a date: write until = 2027-06-30"),
        # contradictions
        (f"[rules]\nno-totals = {{{OFF}}}\n[[ignore]]\nrule = 'no-totals'\nreason = 'x'\npath = '/a'",
         "line 4: ignore[0]: [rules] switches no-totals off: delete one of the two"),
        (2 * f"{IGNORE}path = '/a'\n", "line 6: ignore[1]: this is the same as ignore[0]: delete one of the two"),
        (f"[rules]\nwell-formed = {{{OFF}}}",
         "rules.well-formed: a fault of form cannot be excused, because most rules wait until it is mended"),
        ("[[ignore]]\nrule = 'well-formed'\nreason = 'x'\npath = '/a'",
         "line 2: ignore[0]: a fault of form cannot be excused, because most rules wait until it is mended"),
        # files
        ("notes = ['nowhere.md']", "notes: there is no file nowhere.md"),
        ("baseline = 'nowhere.json'",
         "nowhere.json: there is no such baseline: write it with --write-baseline nowhere.json"),
        ("baseline = '.'", ".: Is a directory: name another file"),
        ("baseline = 'openapi.json'",
         "openapi.json: this is not a baseline of this version: write it anew with --write-baseline"),
        ("against = ['nowhere.yaml']", f"nowhere.yaml is not a file, and {NO_REPOSITORY}"),
        ("handlers = 'nowhere.at.all'",
         f"nowhere.at.all cannot be imported ({NO_MODULE}): name a package for --handlers"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_where_and_what(text: str | bytes, mistake: str) -> None:
    assert mistakes(text) == [mistake]


def test_a_pipe_as_a_contract_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.yaml")
    refused = ["pipe.yaml: this is not a regular file: name another file"]
    assert lines("--contract", "pipe.yaml") == refused
    assert lines("--contract", "pipe.yaml", "--fix") == refused
    assert lines("changelog", "--contract", "pipe.yaml", "--against", "openapi.json") == refused
    (folder / "released").mkdir()
    os.mkfifo(folder / "released" / "pipe.yaml")
    (refusal,) = lines("--contract", "openapi.json", "--against", "released")
    assert refusal == "released/pipe.yaml: this is not a regular file: name another file"


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/0"])
def test_a_contract_is_read_from_standard_input(folder: Path, name: str) -> None:
    """Which is a pipe."""
    command = [str(Path(sys.executable).parent / "tickbox-contract"), "gate", "valid", "--contract", name]
    text = (folder / "openapi.json").read_bytes()
    done = subprocess.run(command, input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1].split(b"; ")[-1]) == (0, b"findings: valid 0")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (lambda file: file.mkdir(), "Is a directory"),
        (lambda file: file.symlink_to("nowhere"), "No such file or directory"),
        (lambda file: file.symlink_to(file), "Too many levels of symbolic links"),
    ],
)
def test_settings_that_cannot_be_read_are_not_overlooked(folder: Path, place: Callable[[Path], None], why: str) -> None:
    place(folder / "gate.toml")
    assert lines("--contract", "openapi.json") == [f"gate.toml: this cannot be read: {why}"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_settings_that_may_not_be_read_are_not_overlooked(folder: Path) -> None:
    (folder / "gate.toml").touch(mode=0)
    assert lines("--contract", "openapi.json") == ["gate.toml: this cannot be read: Permission denied"]


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_settings() -> None:
    assert mistakes("nope = 1\nhandlers = 1\nother = 2\n[[ignore]]\n[rules]\n'\x85' = 1\n") == [
        "handlers: this must be a text",
        r'rules.\x85: this must be a table: write {severity = "warning", reason = "..."}',
        r"rules: there is no rule '\x85': `--rules` lists them",
        "line 5: ignore[0]: `rule` is missing",
        "line 5: ignore[0]: `reason` is missing",
        UNPLACED.replace("line 2", "line 5"),
        "nope: there is no such setting",
        "other: there is no such setting",
    ]


def test_a_file_that_only_the_settings_name_need_not_exist_if_the_command_line_names_another() -> None:
    Path("gate.toml").write_text("contract = 'nowhere.yaml'\nbaseline = 'nowhere.json'\n")
    arguments = ["gate", "--contract", "openapi.json", "--write-baseline", "known.json"]
    assert CliRunner().invoke(main, arguments).exit_code == 0


def test_a_baseline_that_the_command_line_names_and_nobody_wrote_is_one_line() -> None:
    assert lines("--contract", "openapi.json", "--baseline", "known.json") == [
        "known.json: there is no such baseline: write it with --write-baseline known.json"
    ]

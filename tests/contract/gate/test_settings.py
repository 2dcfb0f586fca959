"""`gate.toml`: what it says is done, and each mistake in it is one line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tickbox_contract.gate.rules import RULES
from tickbox_contract.gate.settings import Settings, SettingsError, find_settings, read_settings

RULE_IDS = [rule.rule_id for rule in RULES]
FULL = """\
contract = "api/openapi.yaml"
rule-sets = ["standard", "generators"]
handlers = "app.handlers"
notes = ["notes.md"]
against = ["released", "origin/main"]
baseline = "baseline.json"

[rules]
no-read-only = {severity = "off", reason = "Our clients are not generated.", until = 2027-06-30}
operation-id = {severity = "error", reason = "Our SDKs need it."}

[[ignore]]
rule = "named-enums"
path = "/v1/legacy/**"
reason = "Goes away with version 2."

[[ignore]]
rule = "*"
pointer = "/components/schemas/Old*"
reason = "Nobody uses them."
until = 2027-01-01

[access]
role = ["viewer", "editor"]
scope = ["read"]
"""


def read(folder: Path, text: str) -> Settings:
    file = folder / "gate.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file, rule_ids=RULE_IDS)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read(folder, text)
    return sorted(raised.value.mistakes)


def test_all_settings_are_read_and_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    (tmp_path / "released").mkdir()
    settings = read(tmp_path, FULL)
    assert (settings.contract, settings.baseline) == (tmp_path / "api/openapi.yaml", tmp_path / "baseline.json")
    assert (settings.rule_sets, settings.handlers) == (("standard", "generators"), "app.handlers")
    assert (settings.notes, settings.against) == (
        (tmp_path / "notes.md",),
        (str(tmp_path / "released"), "origin/main"),
    )
    assert settings.access == {"role": ("viewer", "editor"), "scope": ("read",)}
    off, stricter = settings.changes["no-read-only"], settings.changes["operation-id"]
    assert (off.severity, off.until, stricter.severity, stricter.until) == (None, date(2027, 6, 30), "error", None)
    assert [(each.rule_id, each.path, each.pointer) for each in settings.ignores] == [
        ("named-enums", "/v1/legacy/**", None),
        ("*", None, "/components/schemas/Old*"),
    ]


def test_each_exception_knows_its_line(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    assert [exempt.line for exempt in read(tmp_path, FULL).exceptions] == [9, 10, 12, 17]


def test_an_exception_holds_on_its_last_day_and_not_after(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    exempt = read(tmp_path, FULL).changes["no-read-only"]
    assert [exempt.is_over(date(2027, 6, 30)), exempt.is_over(date(2027, 7, 1))] == [False, True]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("rule-set = ['standard']", "rule-set: there is no such setting: did you mean 'rule-sets'?"),
        (
            "rule-sets = ['ours']",
            "rule-sets: there is no rule set 'ours': standard, documented, generators, owasp, tickbox",
        ),
        ("rule-sets = 'standard'", "rule-sets: this must be a list of texts"),
        ("against = [1]", "against: this must be a list of texts"),
        ("handlers = ''", "handlers: this is empty"),
        ("notes = ['nowhere.md']", "notes: there is no file {folder}/nowhere.md"),
        ("rules = 1", "rules: this must be a table"),
        ("[rules]\nno-totls = {severity = 'off', reason = 'x'}",
         "rules: there is no rule 'no-totls': did you mean 'no-totals'?"),
        ("[rules]\nno-totals = 'off'",
         'rules.no-totals: this must be a table: write {{severity = "warning", reason = "..."}}'),
        ("[rules]\nno-totals = {severity = 'off'}", "rules.no-totals: `reason` is missing"),
        ("[rules]\nno-totals = {severity = 'off', reason = ' '}", "rules.no-totals.reason: this is empty"),
        ("[rules]\nno-totals = {reason = 'x'}", "rules.no-totals: `severity` is missing"),
        (
            "[rules]\nno-totals = {severity = 'info', reason = 'x'}",
            "rules.no-totals.severity: there is no severity 'info': error, warning, notice, off",
        ),
        (
            "[rules]\nno-totals = {severity = 'off', reason = 'x', until = '2027-01-01'}",
            "rules.no-totals.until: this must be a date, such as 2027-06-30",
        ),
        (
            "[rules]\nno-totals = {severity = 'off', reason = 'x', until = 2027-01-01T00:00:00Z}",
            "rules.no-totals.until: this must be a date, such as 2027-06-30",
        ),
        ("[ignore]\nrule = '*'", "ignore: this must be a list of tables: write [[ignore]]"),
        (
            "[[ignore]]\nrule = 'no-totals'\nreason = 'x'",
            "ignore[0]: name a part of the contract with `path` or `pointer`; a whole rule is switched off in [rules]",
        ),
        ("[[ignore]]\nreason = 'x'\npath = '/a'", "ignore[0]: `rule` is missing"),
        (
            "[[ignore]]\nrule = '*'\nreason = 'x'\npath = 'v1'",
            "ignore[0]: `path` begins with a slash, such as /v1/**",
        ),
        ("[[ignore]]\nrule = '*'\nreason = 'x'\npath = '/a'\nfor = 1", "ignore[0].for: there is no such setting"),
        ("[access]\nroles = ['a']", "access.roles: there is no such setting: did you mean 'role'?"),
        ("a = ]", "this is not TOML: Invalid value (at line 1, column 5)"),
        ('a = "\\u0000\x1b"', "this is not TOML: Illegal character '\\x1b' (at line 1, column 12)"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_where_and_what(tmp_path: Path, text: str, mistake: str) -> None:
    assert mistakes(tmp_path, text) == [mistake.format(folder=tmp_path.as_posix())]


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    found = mistakes(tmp_path, "nope = 1\nhandlers = 1\n[[ignore]]\n[rules]\n'\x85' = 1\n")
    assert found == [
        "handlers: this must be a text",
        "ignore[0]: `reason` is missing",
        "ignore[0]: `rule` is missing",
        "ignore[0]: name a part of the contract with `path` or `pointer`; a whole rule is switched off in [rules]",
        "nope: there is no such setting",
        r'rules.\x85: this must be a table: write {severity = "warning", reason = "..."}',
        r"rules: there is no rule '\x85'",
    ]


def test_settings_that_are_not_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="this is not TOML in UTF-8"):
        read_settings(tmp_path / "gate.toml", rule_ids=RULE_IDS)


def test_settings_are_looked_for_beside_the_contract_and_then_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    monkeypatch.chdir(here)
    assert find_settings(there / "openapi.yaml") is None
    (here / "gate.toml").touch()
    assert find_settings(there / "openapi.yaml") == here / "gate.toml"
    (there / "gate.toml").touch()
    assert find_settings(there / "openapi.yaml") == there / "gate.toml"
    assert find_settings(None) == here / "gate.toml"

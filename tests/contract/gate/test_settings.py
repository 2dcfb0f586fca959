"""`gate.toml`: what it says is done."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tickbox_contract.gate.rules import RULES
from tickbox_contract.gate.settings import Settings, find_settings, read_settings

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


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_mark_of_the_byte_order_is_not_a_part_of_the_text(tmp_path: Path, start: str) -> None:
    assert read(tmp_path, f"{start}handlers = 'app'\r\n").handlers == "app"


def test_a_rule_may_be_off_until_a_day_and_be_ignored_in_one_part_after_it(tmp_path: Path) -> None:
    text = "[rules]\nno-totals = {severity = 'off', reason = 'x', until = 2030-01-01}\n"
    read(tmp_path, text + "[[ignore]]\nrule = 'no-totals'\nreason = 'x'\npath = '/v1'\n")

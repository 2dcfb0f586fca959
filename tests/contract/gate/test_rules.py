"""Every rule finds what it is for, at its line, and nothing else does; and it lets pass what is close to it."""

from __future__ import annotations

import pytest

from contract.gate.contracts import Surroundings
from contract.gate.findings import STAGES, Report, Stage
from contract.gate.rules import RULES, run

from . import cases

CASES = list(cases.read())
FAILING = [pytest.param(rule_id, change, id=rule_id) for rule_id, word, change in CASES if word == "fails"]
PASSING = [pytest.param(change, id=rule_id) for rule_id, word, change in CASES if word == "passes"]


def looked_at(text: str) -> Report:
    surroundings = Surroundings(
        handlers=lambda _tag, operation_id: "unhandled" not in operation_id,
        stale_models=lambda: ["models.py"] if "x-stale: true" in text else [],
    )
    return run(text.encode(), file="contract.yaml", surroundings=surroundings)


def found(text: str) -> set[tuple[str, int]]:
    return {(finding.rule.rule_id, finding.line) for finding in looked_at(text).findings}


@pytest.mark.parametrize("word", ["fails", "passes"])
def test_every_rule_has_cases_of_both_kinds(word: str) -> None:
    assert list(dict.fromkeys(rule_id for rule_id, kind, _ in CASES if kind == word)) == [r.rule_id for r in RULES]


def test_the_good_contract_breaks_no_rule_and_leaves_none_unchecked() -> None:
    report = looked_at(cases.GOOD)
    assert (report.findings, report.skipped) == ((), ())


@pytest.mark.parametrize(("rule_id", "change"), FAILING)
def test_a_rule_alone_finds_what_breaks_it_where_it_is_broken(rule_id: str, change: cases.Change) -> None:
    assert found(change.text) == {(rule_id, change.line)}


@pytest.mark.parametrize("change", PASSING)
def test_what_is_close_to_a_fault_passes(change: cases.Change) -> None:
    assert (found(change.text), change.line) == (set(), None)


def test_a_contract_of_any_kind_is_looked_at_to_the_end() -> None:
    report = looked_at((cases.HERE / "bad.yaml").read_text(encoding="utf-8"))
    assert [skip.rule.rule_id for skip in report.skipped] == ["consistent"]
    assert len({finding.rule.rule_id for finding in report.findings}) == 41


def test_what_openapi_spec_validator_gives_up_on_is_not_checked_with_it() -> None:
    change = cases.changed("     Shelf:\n+      allOf: [{type: array, items: {$ref: '#/components/schemas/Shelf'}}]\n")
    assert [skip.rule.rule_id for skip in looked_at(change.text).skipped] == ["consistent"]


@pytest.mark.parametrize("stage", STAGES)
def test_without_the_form_nothing_else_is_looked_at_whatever_the_stage(stage: Stage) -> None:
    report = run(b"openapi: 3.0.4\ninfo: {}\n", file="contract.yaml", stages=[stage])
    assert {finding.rule.rule_id for finding in report.findings} == {"well-formed"}
    assert [rule.rule_id for rule in report.rules] == ["well-formed"]

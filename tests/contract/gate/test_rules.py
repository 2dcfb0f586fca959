"""Every rule finds what it is for, at its line, and nothing else does; and it lets pass what is close to it."""

from __future__ import annotations

import pytest

from contract.gate.contracts import Surroundings
from contract.gate.findings import Report
from contract.gate.rules import RULES, run

from . import cases

CASES = cases.read()


def looked_at(text: str) -> Report:
    surroundings = Surroundings(
        handlers=lambda _tag, operation_id: "unhandled" not in operation_id,
        stale_models=lambda: ["models.py"] if "x-stale: true" in text else [],
    )
    return run(text.encode(), file="contract.yaml", surroundings=surroundings)


def found(text: str) -> set[tuple[str, int]]:
    return {(finding.rule.rule_id, finding.line) for finding in looked_at(text).findings}


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert list(CASES) == [rule.rule_id for rule in RULES]


def test_the_good_contract_breaks_no_rule_and_leaves_none_unchecked() -> None:
    report = looked_at(cases.GOOD)
    assert (report.findings, report.skipped) == ((), ())


@pytest.mark.parametrize("rule_id", CASES)
def test_a_rule_alone_finds_what_breaks_it_where_it_is_broken(rule_id: str) -> None:
    change = CASES[rule_id].fails
    assert found(change.text) == {(rule_id, change.line)}


@pytest.mark.parametrize("rule_id", CASES)
def test_what_is_close_to_a_fault_passes(rule_id: str) -> None:
    change = CASES[rule_id].passes
    assert change.text != cases.GOOD
    assert found(change.text) == set()

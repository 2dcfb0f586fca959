"""Which rules hold for any contract, and which for teams that choose them."""

from __future__ import annotations

import pytest

from tickbox_contract.gate.rule_sets import ADVICE, DEFAULT_SETS, REASONS, RULE_SETS, chosen, set_of, stale, unplaced
from tickbox_contract.gate.rules import RULES, run

from . import cases

PLAIN = b"""\
openapi: 3.0.1
info: {title: Pets, version: '1'}
paths:
  /petStore/{petId}:
    get:
      operationId: getPet
      parameters: [{name: petId, in: path, required: true, schema: {type: integer}}]
      responses:
        '200':
          description: A pet.
          content: {application/json: {schema: {type: object, properties: {petName: {type: string, enum: [a]}}}}}
        default: {description: An error.}
security: [{}]
"""
"""It follows no convention of ours, and nothing is wrong with it."""


def test_every_rule_of_style_and_completeness_has_a_set_and_every_set_has_a_reason() -> None:
    assert unplaced(RULES) == []
    assert stale(RULES) == set()
    assert set(REASONS) == set(RULE_SETS) == {set_of(rule) for rule in RULES}


def test_what_the_specification_forbids_is_in_the_default() -> None:
    standard = {rule.rule_id for rule in chosen(RULES, DEFAULT_SETS)}
    assert {rule.rule_id for rule in RULES if rule.stage == "valid"} <= standard
    assert {rule.rule_id for rule in chosen(RULES, DEFAULT_SETS) if rule.stage in {"style", "complete"}} == ADVICE


def test_a_contract_that_has_other_conventions_passes_without_a_word() -> None:
    report = run(PLAIN, file="pets.yaml", rules=chosen(RULES, DEFAULT_SETS))
    assert report.findings == ()
    assert run(PLAIN, file="pets.yaml").findings != ()


def test_what_a_contract_leaves_open_is_a_warning_and_fails_no_run() -> None:
    text = PLAIN.replace(b"      operationId: getPet\n", b"")
    report = run(text, file="pets.yaml", rules=chosen(RULES, DEFAULT_SETS))
    assert [(f.rule.rule_id, f.severity) for f in report.findings] == [("operation-id", "warning")]
    assert (report.errors, report.is_sound) == ((), True)


@pytest.mark.parametrize("named", ["standard", "generators", "tickbox"])
def test_only_rules_of_the_chosen_sets_are_checked(named: str) -> None:
    report = run((cases.HERE / "bad.yaml").read_bytes(), file="bad.yaml", rules=chosen(RULES, [named]))  # type: ignore[list-item]  # a name
    assert {set_of(finding.rule) for finding in report.findings} == {named}

"""What breaks a servable rule is reported by the gate and by start-up alike: at the same line, in the same words."""

from __future__ import annotations

import sys
import types

import pytest

from tickbox_contract.engine.access import Vocabulary
from tickbox_contract.engine.mismatches import ContractMismatchError
from tickbox_contract.engine.operations import compile_operations
from tickbox_contract.gate.rules import RULES, run
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.rules import Rule
from tickbox_contract.openapi.servable import FORM_RULES, SERVABLE

from .gate import cases

CASES = {rule_id: change for rule_id, word, change in cases.read() if word == "fails"}
"""A change of the gate's good contract for each rule that breaks it."""

pytestmark = pytest.mark.unmeasured


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    package = types.ModuleType("no_handlers_at_all")
    package.__path__ = []
    monkeypatch.setitem(sys.modules, package.__name__, package)
    return package


@pytest.mark.parametrize("rule", [*FORM_RULES, *SERVABLE], ids=lambda rule: rule.rule_id)
def test_start_up_reports_what_the_gate_reports(rule: Rule, handlers: types.ModuleType) -> None:
    raw = CASES[rule.rule_id].text.encode()
    found = [finding for finding in run(raw, file="a.yaml").findings if finding.rule.rule_id == rule.rule_id]
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(Document.parse(raw), handlers, vocabulary=Vocabulary(), body_limit_bytes=1)
    reported = str(caught.value).splitlines()
    assert found
    assert [f"  - line {finding.line}: {finding.message}" in reported for finding in found] == [True] * len(found)


def test_the_rules_that_are_marked_as_servable_are_those_that_start_up_checks() -> None:
    marked = {rule.rule_id for rule in RULES if rule.is_servable}
    assert marked == {rule.rule_id for rule in (*FORM_RULES, *SERVABLE)}

"""JSON lines for a pipeline that orchestrates: what was delivered, and what somebody has to decide.

A clarification is a finding that needs a decision before the file can be changed, or an operation that the notes beside
the contract mention and the contract does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tickbox_contract.openapi.rules import Stage

from .findings import Report
from .reports import coverage, summary

Json = dict[str, Any]

QUESTIONS: Mapping[str, tuple[str, bool]] = {
    "security-named": ("Who may send this request: anybody, or a caller with a token of which scope?", True),
    "error-responses": ("How can this fail, and which response is sent then?", True),
    "field-description": ("What does this field mean?", False),
}
"""For each rule: what must be decided, and whether work on the contract must wait for it."""
BREAKS = "This breaks clients of a release: keep what they rely on, or announce the break with the version?"
"""What must be decided of each error of stage `compatible`."""
UNFIT = "A generated client fails: is the contract to be changed, or the client's generator or its code?"
"""What must be decided of each error of stage `clients`."""
_OF_STAGES: Mapping[Stage, str] = {"compatible": BREAKS, "clients": UNFIT}

_MENTION = re.compile(r"`(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/[^\s`?]*)[^`]*`")
_PARAMETER = re.compile(r"\{[^{}]*\}")


def lines(report: Report, notes: Mapping[str, str]) -> Iterator[Json]:
    """The deliverable, then the clarifications. *notes* are the texts beside the contract, by name."""
    status = "passed" if report.is_sound else "failed"
    covered = f"{coverage(report)}, stages {', '.join(report.stages)}"
    content = {"summary": summary(report), "test_status": status, "coverage": covered}
    yield {"from": "backend", "to": "orchestrator", "type": "deliverable", "content": content, "blocking": False}
    for finding in report.findings:
        if finding.rule.rule_id in QUESTIONS:
            question, blocking = QUESTIONS[finding.rule.rule_id]
            context = f"{report.file}:{finding.line}: {finding.message}"
            yield _clarification(question, context, blocking=blocking)
        elif finding.rule.stage in _OF_STAGES and finding.severity == "error":
            details = "".join(f"; {name}: {text}" for name, text in finding.details)
            context = f"{finding.file or report.file}:{finding.line}: {finding.message}{details}"
            yield _clarification(_OF_STAGES[finding.rule.stage], context, blocking=True)
    for name, text in notes.items():
        for line, mention in _unknown(text, report.operations):
            question = f"{mention} is not in the contract: is the text right, or the contract?"
            yield _clarification(question, f"{name}:{line}", blocking=True)


def _clarification(question: str, context: str, *, blocking: bool) -> Json:
    content = {"question": question, "context": context}
    return {"from": "backend", "to": "architect", "type": "clarification", "content": content, "blocking": blocking}


def _unknown(text: str, operations: frozenset[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """The line of each operation that *text* names in backticks, as `GET /tasks/{id}`, and that does not exist.

    Names of parameters do not matter. The server sends responses to HEAD and OPTIONS for every path.
    """
    known = {(method, _PARAMETER.sub("{}", path)) for method, path in operations}
    paths = {path for _, path in known}
    for found in _MENTION.finditer(text):
        method, path = found[1].lower(), _PARAMETER.sub("{}", found[2])
        if (method, path) not in known and not (method in {"head", "options"} and path in paths):
            yield text.count("\n", 0, found.start()) + 1, f"{found[1]} {found[2]}"

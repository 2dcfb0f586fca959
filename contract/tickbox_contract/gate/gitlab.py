"""GitLab's Code Quality report, which merge requests show (https://docs.gitlab.com/ci/testing/code_quality/)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tickbox_contract.openapi.rules import Rule, Severity

from .findings import Report
from .reports import text_of

_SEVERITIES: Mapping[Severity, str] = {"error": "critical", "warning": "minor", "notice": "info"}
_UNCHECKED = "blocker"
"""Of a rule without which the run is not a success."""


def code_quality(report: Report) -> list[dict[str, Any]]:
    """An issue for each finding, and for each rule that could not be checked.

    The fingerprint stays the same while its rule and place do, whatever its line.
    """
    seen: Counter[str] = Counter()
    issues = []
    for finding in report.findings:
        key = f"{finding.rule.rule_id} {finding.place}"
        seen[key] += 1
        severity = _SEVERITIES[finding.severity]
        place = finding.file or report.file, finding.line
        issues.append(_issue(finding.rule, f"{key} {seen[key]}", text_of(finding), severity, place))
    for skip in report.unchecked:
        key, text = f"{skip.rule.rule_id} not checked", f"{skip.rule.rule_id} was not checked: {skip.why}"
        issues.append(_issue(skip.rule, key, text, _UNCHECKED, (report.file, 1)))
    return issues


def _issue(rule: Rule, key: str, text: str, severity: str, place: tuple[str, int]) -> dict[str, Any]:
    return {
        "description": text,
        "check_name": rule.rule_id,
        "fingerprint": hashlib.sha256(key.encode()).hexdigest(),
        "severity": severity,
        "location": {"path": place[0], "lines": {"begin": place[1]}},
    }

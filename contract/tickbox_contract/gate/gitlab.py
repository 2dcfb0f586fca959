"""GitLab's Code Quality report, which merge requests show (https://docs.gitlab.com/ci/testing/code_quality/)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tickbox_contract.openapi.rules import Severity

from .findings import Report
from .reports import text_of

_SEVERITIES: Mapping[Severity, str] = {"error": "critical", "warning": "minor", "notice": "info"}


def code_quality(report: Report) -> list[dict[str, Any]]:
    """An issue for each finding. Its fingerprint stays the same while its rule and place do, whatever its line."""
    seen: Counter[str] = Counter()
    issues = []
    for finding in report.findings:
        key = f"{finding.rule.rule_id} {finding.place}"
        seen[key] += 1
        issues.append({
            "description": text_of(finding),
            "check_name": finding.rule.rule_id,
            "fingerprint": hashlib.sha256(f"{key} {seen[key]}".encode()).hexdigest(),
            "severity": _SEVERITIES[finding.severity],
            "location": {"path": finding.file or report.file, "lines": {"begin": finding.line}},
        })  # fmt: skip
    return issues

"""SARIF 2.1.0 (OASIS), for code scanning: GitHub, Azure DevOps, editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tickbox_contract.openapi.rules import Rule, Severity

from .findings import Finding, Report
from .reports import text_of
from .rule_sets import set_of
from .several_files import readable

_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "notice": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report, *, version: str) -> dict[str, Any]:
    """A log with one run. *version* is the gate's own. What is excused is in it, too, as suppressed."""
    indices = {rule.rule_id: index for index, rule in enumerate(report.rules)}
    notes = [
        {
            "level": "error" if skip in report.unchecked else "note",
            "message": {"text": skip.why},
            "associatedRule": {"id": skip.rule.rule_id},
        }
        for skip in report.skipped
    ]
    run = {
        "tool": {"driver": {"name": "tickbox gate", "version": version, "rules": [*map(_rule, report.rules)]}},
        "invocations": [{"executionSuccessful": not report.unchecked, "toolExecutionNotifications": notes}],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(report, finding, indices[finding.rule.rule_id]) for finding in (*report.findings, *report.excused)
        ],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.rule_id,
        "shortDescription": {"text": rule.reason},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"stage": rule.stage, "set": set_of(rule), "source": rule.source},
    }


def _result(report: Report, finding: Finding, index: int) -> dict[str, Any]:
    """`suppressions` is in every result, because it is in some (SARIF 2.1.0, 3.27.23)."""
    result: dict[str, Any] = {
        "ruleId": finding.rule.rule_id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text_of(finding)},
        "locations": [
            {
                "physicalLocation": _place(finding.file or report.file, finding.line),
                "logicalLocations": [{"fullyQualifiedName": readable(finding.place)}],
            }
        ],
        "partialFingerprints": {"ruleAndPlace/v1": f"{finding.rule.rule_id} {finding.place}"},
        "suppressions": _suppressions(finding),
    }
    if finding.other:
        result["relatedLocations"] = [_released(finding.other)]
    if finding.details:
        names = dict.fromkeys(name for name, _ in finding.details)
        result["properties"] = {n: "\n".join(text for name, text in finding.details if name == n) for n in names}
    return result


def _released(place: str) -> dict[str, Any]:
    """A place in a release, such as `v1.2.0:openapi.yaml:7`: in a URI, the revision would be read as a scheme."""
    named, _, line = place.rpartition(":")
    revision, _, file = named.rpartition(":")
    text = f"the place in the release {revision}".rstrip()
    return {"physicalLocation": _place(file, int(line)), "message": {"text": text}}


def _suppressions(finding: Finding) -> list[dict[str, str]]:
    return [{"kind": "external", "justification": finding.excuse.reason}] if finding.excuse else []


def _place(file: str, line: int) -> dict[str, Any]:
    return {"artifactLocation": {"uri": file}, "region": {"startLine": line}}

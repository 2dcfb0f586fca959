"""Reports of a run, for people, for GitHub, and for tools that collect reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from tickbox_contract.openapi.faults import counted
from tickbox_contract.openapi.rules import SEVERITIES, STAGES, Rule, Severity
from tickbox_contract.openapi.servable import WELL_FORMED

from .findings import Finding, Report
from .rule_sets import set_of

_IN_TEXTS, _IN_PROPERTIES = "%\r\n", "%\r\n:,"
"""The characters that GitHub's workflow commands need escaped, `%` first."""
_SARIF_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "notice": "note"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def table(report: Report) -> Iterator[str]:
    """A line for each finding, by stage, and each rule that could not be checked, in columns, and one that counts them.

    A finding with details has a line for each, below it. Another line says so if only the form was checked.
    """
    findings = sorted(report.findings, key=lambda finding: STAGES.index(finding.rule.stage))
    rows: list[tuple[str, ...]] = [
        (f.rule.stage, f.severity, f.rule.rule_id, f"{f.file or report.file}:{f.line}", f.message) for f in findings
    ]
    rows += _skipped(report)
    below = [finding.details for finding in findings] + [()] * (len(rows) - len(findings))
    for line, details in zip(_columns(rows), below, strict=True):
        yield line
        yield from (f"    {name}: {text}" for name, text in details)
    if report.rules == (WELL_FORMED,):
        yield "the other rules are checked when this is right"
    yield summary(report)


def _skipped(report: Report) -> Iterator[tuple[str, ...]]:
    """The rules that could not be checked; in one row if they are all of their stage, for one reason."""
    for stage in report.stages:
        skips = [skip for skip in report.skipped if skip.rule.stage == stage]
        whole = len(skips) > 1 and len(skips) == sum(rule.stage == stage for rule in report.rules)
        if whole and len({skip.why for skip in skips}) == 1:
            yield stage, "", "all rules", "not checked", skips[0].why
        else:
            yield from ((stage, "", skip.rule.rule_id, "not checked", skip.why) for skip in skips)


def summary(report: Report) -> str:
    """One line: what was checked, how many errors each stage has, and how many other findings there are."""
    counts = ", ".join(
        f"{stage} {sum(finding.rule.stage == stage for finding in report.errors)}" for stage in report.stages
    )
    others = "".join(
        f"; {counted(number, severity)}"
        for severity in SEVERITIES[1:]
        if (number := sum(finding.severity == severity for finding in report.findings))
    )
    return f"{coverage(report)}; findings: {counts}{others}"


def coverage(report: Report) -> str:
    """How many rules were checked over how many operations, without those that could not be checked."""
    rules = len(report.rules) - len(report.skipped)
    return f"{counted(rules, 'rule')} over {counted(len(report.operations), 'operation')}"


def rule_table(rules: tuple[Rule, ...]) -> Iterator[str]:
    """A line for each rule: id, set, stage, severity, source, reason."""
    yield from _columns([(r.rule_id, set_of(r), r.stage, r.severity, r.source, r.reason) for r in rules])


def github(report: Report) -> Iterator[str]:
    """Workflow commands that GitHub shows at their lines."""
    for finding in report.findings:
        file = _escaped(finding.file or report.file, _IN_PROPERTIES)
        place = f"file={file},line={finding.line},title={finding.rule.rule_id}"
        yield f"::{finding.severity} {place}::{_escaped(_text_of(finding), _IN_TEXTS)}"
    yield summary(report)


def junit(report: Report) -> str:
    """JUnit XML: a suite for each stage, a case for each rule."""
    suites = ET.Element("testsuites", name="tickbox gate")
    skipped = {skip.rule.rule_id: skip.why for skip in report.skipped}
    for stage in report.stages:
        rules = [rule for rule in report.rules if rule.stage == stage]
        suite = ET.SubElement(suites, "testsuite", name=stage, tests=str(len(rules)), errors="0")
        suite.set(
            "failures", str(len({finding.rule.rule_id for finding in report.errors} & {r.rule_id for r in rules}))
        )
        suite.set("skipped", str(sum(rule.rule_id in skipped for rule in rules)))
        for rule in rules:
            case = ET.SubElement(suite, "testcase", classname=stage, name=rule.rule_id)
            findings = report.of(rule)
            if failing := [finding for finding in findings if finding.severity == "error"]:
                failure = ET.SubElement(case, "failure", message=f"{len(failing)}: {rule.reason}")
                failure.text = "\n".join(_entry(report, finding) for finding in failing)
            elif rule.rule_id in skipped:
                ET.SubElement(case, "skipped", message=skipped[rule.rule_id])
            if others := [finding for finding in findings if finding.severity != "error"]:
                ET.SubElement(case, "system-out").text = "\n".join(_entry(report, finding) for finding in others)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _entry(report: Report, finding: Finding) -> str:
    details = "".join(f"\n    {name}: {text}" for name, text in finding.details)
    return f"{finding.file or report.file}:{finding.line}: {finding.severity}: {finding.message}{details}"


def sarif(report: Report, *, version: str) -> dict[str, Any]:
    """A log of SARIF 2.1.0 (OASIS). *version* is the gate's own."""
    driver = {
        "name": "tickbox gate",
        "version": version,
        "rules": [
            {
                "id": rule.rule_id,
                "shortDescription": {"text": rule.reason},
                "defaultConfiguration": {"level": _SARIF_LEVELS[rule.severity]},
                "properties": {"stage": rule.stage, "source": rule.source},
            }
            for rule in report.rules
        ],
    }
    notes = [
        {"level": "note", "message": {"text": skip.why}, "associatedRule": {"id": skip.rule.rule_id}}
        for skip in report.skipped
    ]
    indices = {rule.rule_id: index for index, rule in enumerate(report.rules)}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes}],
        "results": [_result(report, finding, indices[finding.rule.rule_id]) for finding in report.findings],
    }
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(report: Report, finding: Finding, index: int) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": finding.file or report.file}, "region": {"startLine": finding.line}}
    result: dict[str, Any] = {
        "ruleId": finding.rule.rule_id,
        "ruleIndex": index,
        "level": _SARIF_LEVELS[finding.severity],
        "message": {"text": _text_of(finding)},
        "locations": [{"physicalLocation": place}],
    }
    if finding.other:
        file, _, line = finding.other.rpartition(":")
        other = {"artifactLocation": {"uri": file}, "region": {"startLine": int(line)}}
        result["relatedLocations"] = [{"physicalLocation": other, "message": {"text": "the place in the release"}}]
    if finding.details:
        result["properties"] = dict(finding.details)
    return result


def _text_of(finding: Finding) -> str:
    details = "".join(f" {name.capitalize()}: {text.removesuffix('.')}." for name, text in finding.details)
    return f"{finding.message.removesuffix('.')}. {finding.rule.reason} ({finding.rule.source}){details}"


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *cells, last in rows:
        yield "  ".join((*(cell.ljust(width) for cell, width in zip(cells, widths, strict=False)), last))


def _escaped(text: str, characters: str) -> str:
    for character in characters:
        text = text.replace(character, f"%{ord(character):02X}")
    return text

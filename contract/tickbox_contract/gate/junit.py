"""JUnit XML: a suite for each stage, a case for each rule."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tickbox_contract.openapi.rules import Rule, Stage

from .findings import Finding, Report


def junit(report: Report) -> str:
    """The report as JUnit XML. A rule fails because of errors only; its other findings are its output.

    A rule that could not be checked, and without which the run is not a success, is an error of the run (`error`).
    """
    suites = ET.Element("testsuites", name="tickbox gate")
    for stage in report.stages:
        suites.append(_suite(report, stage))
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _suite(report: Report, stage: Stage) -> ET.Element:
    cases = [_case(report, rule) for rule in report.rules if rule.stage == stage]
    counts = {kind: str(sum(case.find(tag) is not None for case in cases)) for kind, tag in _COUNTED.items()}
    suite = ET.Element("testsuite", {"name": stage, "tests": str(len(cases)), **counts})
    suite.extend(cases)
    return suite


_COUNTED = {"errors": "error", "failures": "failure", "skipped": "skipped"}


def _case(report: Report, rule: Rule) -> ET.Element:
    case = ET.Element("testcase", classname=rule.stage, name=rule.rule_id)
    findings = report.of(rule)
    why = next((skip.why for skip in report.skipped if skip.rule.rule_id == rule.rule_id), None)
    if failing := [finding for finding in findings if finding.severity == "error"]:
        failure = ET.SubElement(case, "failure", message=f"{len(failing)}: {rule.reason}")
        failure.text = "\n".join(_entry(report, finding) for finding in failing)
    if why is not None:
        is_needed = any(skip.rule.rule_id == rule.rule_id for skip in report.unchecked)
        ET.SubElement(case, "error" if is_needed else "skipped", message=why)
    if others := [finding for finding in findings if finding.severity != "error"]:
        ET.SubElement(case, "system-out").text = "\n".join(_entry(report, finding) for finding in others)
    return case


def _entry(report: Report, finding: Finding) -> str:
    details = "".join(f"\n    {name}: {text}" for name, text in finding.details)
    return f"{finding.file or report.file}:{finding.line}: {finding.severity}: {finding.message}{details}"

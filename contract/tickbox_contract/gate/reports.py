"""Reports of a run for people: the table, annotations in GitHub, and the sentences that other reports share."""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.openapi.faults import counted
from tickbox_contract.openapi.rules import SEVERITIES, STAGES, Rule

from .findings import Finding, Report
from .rule_sets import set_of

_IN_TEXTS, _IN_PROPERTIES = "%\r\n", "%\r\n:,"
"""The characters that GitHub's workflow commands need escaped, `%` first."""


def table(report: Report) -> Iterator[str]:
    """A line for each finding, by stage, and each rule that could not be checked, in columns, and one that counts them.

    A finding with details has a line for each, below it. Another line says so if the form is wrong.
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
    yield from _ending(report)


def _ending(report: Report) -> Iterator[str]:
    if report.has_form_fault:
        yield "the other stages are checked when the form is right"
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
    """One line: what was checked, the errors of each stage, other findings, and how many of them do not count."""
    counts = ", ".join(
        f"{stage} {sum(finding.rule.stage == stage for finding in report.errors)}" for stage in report.stages
    )
    others = "".join(
        f"; {counted(number, severity)}"
        for severity in SEVERITIES[1:]
        if (number := sum(finding.severity == severity for finding in report.findings))
    )
    for kind, words in (("ignored", "ignored"), ("baseline", "in the baseline")):
        if number := sum(finding.excuse is not None and finding.excuse.kind == kind for finding in report.excused):
            others += f"; {number} {words}"
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
        yield f"::{finding.severity} {place}::{_escaped(text_of(finding), _IN_TEXTS)}"
    for skip in report.unchecked:
        yield f"::error title={skip.rule.rule_id}::not checked: {_escaped(skip.why, _IN_TEXTS)}"
    yield from _ending(report)


def text_of(finding: Finding) -> str:
    """The message of *finding* with its reason, its source and its details."""
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

"""Applies what a team decided to what was found: severities, exceptions, the baseline; and watches over all three."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from tickbox_contract.openapi.objects import Pointer, fragment
from tickbox_contract.openapi.rules import SEVERITIES, Rule
from tickbox_contract.openapi.spelling import meant, or_meant

from .baselines import Baseline
from .findings import Excuse, Finding, Report
from .places import matches
from .settings import Change, Exempt, Ignore, Settings
from .several_files import readable, reference_to

_STAGES_OF_A_FILE = {"valid", "style", "complete"}


def _rule(rule_id: str, reason: str, *, is_error: bool = False) -> Rule:
    severity = "error" if is_error else "warning"
    return Rule(
        rule_id=rule_id, stage="settings", source="ours", reason=reason, check=lambda _: (),
        severity=severity,  # type: ignore[arg-type]  # one of two
    )  # fmt: skip


EXPIRED = _rule(
    "expired-exception", "An exception with a date was a promise. Mend what it excused, or decide anew.", is_error=True
)
UNUSED = _rule("unused-exception", "An exception that excuses nothing hides the next fault of its kind: delete it.")
OBSOLETE = _rule("obsolete-baseline", "A baseline that knows more than there is hides the next fault of its kind.")
SETTINGS_RULES = (EXPIRED, UNUSED, OBSOLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What a team decided, and the day on which that is looked at. Names of files are those that reports show."""

    settings: Settings
    file: str
    baseline: Baseline | None
    baseline_file: str
    today: date
    of_the_file: frozenset[str] = frozenset()
    """The rules of the stages `valid`, `style` and `complete`, of all sets."""

    def applied(self, report: Report) -> Report:
        """*report* with what the team decided, and with what is to say about the decisions themselves."""
        counting, ignored, used = self._excuse(report.findings)
        new, old = self.baseline.divide(counting) if self.baseline else (counting, [])
        excuse = Excuse(kind="baseline", reason=f"it is in {self.baseline_file}")
        about = [*self._expired(), *self._unused(report, used), *self._obsolete(report, [*counting, *ignored])]
        rules = ((EXPIRED, UNUSED) if self.settings.exceptions else ()) + ((OBSOLETE,) if self.baseline else ())
        return replace(
            report,
            rules=(*report.rules, *rules),
            findings=(*new, *about),
            excused=(*ignored, *(replace(finding, excuse=excuse) for finding in old)),
            skipped=tuple(skip for skip in report.skipped if not self._is_off(skip.rule)),
        )

    def _excuse(self, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding], set[Exempt]]:
        """The findings that count, with their severities, those that do not, and the exceptions that were needed."""
        counting, ignored, used = [], [], set[Exempt]()
        for given in findings:
            finding = given
            reasons = [ignore.reason for ignore in self._ignores_of(finding, used)]
            change = self._change_of(finding.rule)
            if change:
                if change.severity != finding.severity:
                    used.add(change)
                finding = replace(finding, severity=change.severity or finding.severity)
                reasons += [] if change.severity else [change.reason]
            if reasons:
                ignored.append(replace(finding, excuse=Excuse(kind="ignored", reason=reasons[0])))
            else:
                counting.append(finding)
        return counting, ignored, used

    def _ignores_of(self, finding: Finding, used: set[Exempt]) -> list[Ignore]:
        if finding.is_form_fault:
            return []
        place = finding.rule.rule_id, finding.pointer, finding.path
        found = [each for each in self.settings.ignores if not each.is_over(self.today) and _covers(each, *place)]
        used.update(found)
        return found

    def _change_of(self, rule: Rule) -> Change | None:
        change = self.settings.changes.get(rule.rule_id)
        return None if change is None or change.is_over(self.today) else change

    def _is_off(self, rule: Rule) -> bool:
        change = self._change_of(rule)
        return change is not None and change.severity is None

    def _about(self, rule: Rule, exempt: Exempt, message: str) -> Finding:
        return Finding(rule=rule, line=exempt.line, message=message, file=self.file, severity=rule.severity)

    def _expired(self) -> Iterator[Finding]:
        for exempt in self.settings.exceptions:
            if exempt.is_over(self.today):
                message = f"the exception from {exempt.rule_id} was until {exempt.until}: it no longer holds"
                yield self._about(EXPIRED, exempt, message)

    def _unused(self, report: Report, used: set[Exempt]) -> Iterator[Finding]:
        """Exceptions that excuse nothing, as far as their rules were checked, and those from rules that never are."""
        checked = _checked(report)
        chosen = {rule.rule_id for rule in report.rules}
        is_whole = set(report.stages) >= _STAGES_OF_A_FILE and not report.skipped
        for exempt in self.settings.exceptions:
            if is_whole and exempt.rule_id in self.of_the_file - chosen:
                message = f"the rule {exempt.rule_id} is not checked, because its set is not chosen (rule-sets)"
                yield self._about(UNUSED, exempt, message)
            is_known = is_whole if exempt.rule_id == "*" else exempt.rule_id in checked
            if is_known and exempt not in used and not exempt.is_over(self.today) and (why := _idle(exempt, report)):
                yield self._about(UNUSED, exempt, why)

    def _obsolete(self, report: Report, there: list[Finding]) -> Iterator[Finding]:
        """What of the baseline is not *there* any more. What an exception excuses is not mended."""
        mended = list(self.baseline.mended(there, _checked(report))) if self.baseline else []
        for rule_id in dict.fromkeys(rule_id for rule_id, _, _ in mended):
            places = [place for each, place, _ in mended if each == rule_id]
            more = f" and {len(places) - 1} more" if len(places) > 1 else ""
            message = (
                f"{rule_id} is mended at {readable(places[0])}{more}: run with --write-baseline {self.baseline_file}"
            )
            yield Finding(rule=OBSOLETE, line=1, message=message, file=self.baseline_file, severity=OBSOLETE.severity)


def _checked(report: Report) -> set[str]:
    """The rules that were checked in full."""
    return {rule.rule_id for rule in report.rules} - {skip.rule.rule_id for skip in report.skipped}


def _idle(exempt: Exempt, report: Report) -> str | None:
    """What to say of *exempt*, which has changed no finding.

    None if it makes a rule more severe, or keeps it an error: it may find nothing, on purpose.
    """
    if isinstance(exempt, Change) and exempt.severity is not None:
        rule = next(rule for rule in report.rules if rule.rule_id == exempt.rule_id)
        if exempt.severity == "error" or SEVERITIES.index(exempt.severity) < SEVERITIES.index(rule.severity):
            return None
        if exempt.severity == rule.severity:
            return f"the rule {exempt.rule_id} has the severity {rule.severity} already: delete this"
    paths = {path for _, path in report.operations}
    if isinstance(exempt, Ignore) and exempt.path and not any(matches(exempt.path, path) for path in paths):
        near = meant(exempt.path.removesuffix("/**"), sorted(paths | {_first(path) for path in paths}))
        return f"no path matches {exempt.path}{or_meant(near)}"
    return f"the exception from {exempt.rule_id} excuses nothing any more"


def _first(path: str) -> str:
    """*path* up to its first parameter."""
    return path.partition("/{")[0]


def _covers(ignore: Ignore, rule_id: str, pointer: Pointer, path: str | None) -> bool:
    if ignore.rule_id not in {"*", rule_id}:
        return False
    if ignore.pointer is not None and not _is_at(ignore.pointer, pointer):
        return False
    return ignore.path is None or (path is not None and matches(ignore.path, path))


def _is_at(pattern: str, pointer: Pointer) -> bool:
    """Whether *pointer* is at *pattern*: `/info`, `#/info`, or in another file, `pets.yaml#/Pet`, as messages say."""
    text = reference_to(pointer) if "#" in pattern else fragment(pointer).removeprefix("#")
    return matches(pattern, text)


def is_excused(settings: Settings, today: date, rule_id: str, pointer: Pointer, path: str | None) -> bool:
    """Whether *settings* say that a finding of a rule at a place does not count, in whatever severity."""
    change = settings.changes.get(rule_id)
    if change is not None and change.severity is None and not change.is_over(today):
        return True
    return any(not each.is_over(today) and _covers(each, rule_id, pointer, path) for each in settings.ignores)

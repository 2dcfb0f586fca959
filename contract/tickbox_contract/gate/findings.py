"""Findings: what breaks a rule, at which line; and rules that could not be checked."""

from __future__ import annotations

from dataclasses import dataclass

from tickbox_contract.openapi.rules import STAGES, Rule, Severity, Stage


def printable(text: str) -> str:
    """*text* in one line, with invisible characters as escapes: terminals, XML and GitHub would act on them."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that is broken, and the line, from 1, that breaks it. The texts are printable.

    `other` is a place in another file, as `file:line`; `witness` is a value, as JSON, that shows the fault.
    """

    rule: Rule
    line: int
    message: str
    severity: Severity = "error"
    other: str | None = None
    witness: str | None = None

    @property
    def details(self) -> tuple[tuple[str, str], ...]:
        """What is known beside place and message: names and texts, such as `("breaks", "response readers")`."""
        found = (
            ("breaks", self.rule.breaks), ("was", self.other), ("for example", self.witness), ("mend", self.rule.mend),
        )  # fmt: skip
        return tuple((name, text) for name, text in found if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A rule that could not be checked, and why."""

    rule: Rule
    why: str


class NotCheckableError(Exception):
    """Something that a rule needs is missing. The text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a run. `rules` are those of the requested stages; `findings` are sorted by line, then by rule."""

    file: str
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    operations: frozenset[tuple[str, str]]
    """Method, in lower case, and path of each."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The requested stages, in their order."""
        return tuple(stage for stage in STAGES if any(rule.stage == stage for rule in self.rules))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that fail the run."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def is_sound(self) -> bool:
        """Whether there is no error, and all of stage `valid` was checked: without that, the run is not a success."""
        return not self.errors and all(skip.rule.stage != "valid" for skip in self.skipped)

    def of(self, rule: Rule) -> list[Finding]:
        """What breaks *rule*."""
        return [finding for finding in self.findings if finding.rule is rule]

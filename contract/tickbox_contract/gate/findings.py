"""Findings: what breaks a rule, at which place; what excuses one; and rules that could not be checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.rules import NAMED_STAGES, SERVER_STAGES, STAGES, Rule, Severity, Stage
from tickbox_contract.openapi.servable import WELL_FORMED

_WHOLE: frozenset[Stage] = frozenset({"valid", *SERVER_STAGES, *NAMED_STAGES})
"""Stages without which a run is not a success."""


def printable(text: str) -> str:
    """*text* in one line, with invisible characters as escapes: terminals, XML and GitHub would act on them."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """Why a finding does not count: the settings name it, with a reason, or it is in the baseline."""

    kind: Literal["ignored", "baseline"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that is broken, and the line, from 1, that breaks it. The texts are printable.

    `pointer` is the place in the document, and `place` its name in a baseline (`places.stable`). `path` is that of the
    operations that it is in, if any. `file` is the file of the line, None if it is the one that is checked. `other` is
    a place in another file, as `file:line`; `witness` is a value, as JSON, that shows the fault, and
    `printed` are lines that a program has printed.
    """

    rule: Rule
    line: int
    message: str
    pointer: Pointer = ()
    place: str = "#"
    path: str | None = None
    severity: Severity = "error"
    file: str | None = None
    excuse: Excuse | None = None
    other: str | None = None
    witness: str | None = None
    printed: tuple[str, ...] = ()

    @property
    def is_form_fault(self) -> bool:
        """Whether the form of OpenAPI is broken. Nothing excuses that: most rules wait until it is mended."""
        return self.rule.rule_id == WELL_FORMED.rule_id

    @property
    def details(self) -> tuple[tuple[str, str], ...]:
        """What is known beside place and message: names and texts, such as `("breaks", "response readers")`."""
        found = (
            ("breaks", self.rule.breaks), ("was", self.other), ("for example", self.witness), ("mend", self.rule.mend),
        )  # fmt: skip
        printed = (("it printed", line) for line in self.printed)
        return (*((name, text) for name, text in found if text), *printed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A rule that could not be checked, and why."""

    rule: Rule
    why: str


class NotCheckableError(Exception):
    """Something that a rule needs is missing. The text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a run. `rules` are those that were asked for; `findings` are sorted by line, then by rule.

    `excused` are the findings that do not count.
    """

    file: str
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    operations: frozenset[tuple[str, str]]
    """Method, in lower case, and path of each."""
    excused: tuple[Finding, ...] = ()

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
        """Whether there is no error, and all was checked of `valid` and of the stages beyond the file."""
        return not (self.errors or self.unchecked)

    @property
    def unchecked(self) -> tuple[Skipped, ...]:
        """The rules without which the run is neither a success nor a failure."""
        return tuple(skip for skip in self.skipped if skip.rule.stage in _WHOLE)

    @property
    def has_form_fault(self) -> bool:
        """Whether the form is at fault, so that only its sound part was checked, and only in the stage `valid`."""
        return any(finding.is_form_fault for finding in self.findings)

    def of(self, rule: Rule) -> list[Finding]:
        """What breaks *rule*."""
        return [finding for finding in self.findings if finding.rule.rule_id == rule.rule_id]

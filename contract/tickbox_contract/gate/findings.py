"""Rules, what breaks them, and what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from .contracts import Contract

Stage = Literal["valid", "style", "complete"]
STAGES: tuple[Stage, ...] = get_args(Stage)

Pointer = tuple[str | int, ...]
"""The steps from the root of the file to a place in it (RFC 6901)."""


class Hit(NamedTuple):
    """A rule is broken at *pointer*. The message quotes names, never values: an example may hold a secret."""

    pointer: Pointer
    message: str


Check = Callable[["Contract"], Iterable[Hit]]


def printable(text: str) -> str:
    """*text* in one line, with what cannot be seen written as an escape: terminals, XML and GitHub would act on it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `source` is what it can be argued with: an RFC, a number of Zalando's guidelines, what was measured."""

    rule_id: str
    stage: Stage
    reason: str
    source: str
    check: Check


def rules_of(stage: Stage, rows: Iterable[tuple[str, str, Check, str]]) -> tuple[Rule, ...]:
    """A table of rules: id, source, what finds the breaks, reason."""
    return tuple(
        Rule(rule_id=rule_id, stage=stage, source=source, check=check, reason=reason)
        for rule_id, source, check, reason in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that is broken, and the line, from 1, that breaks it. The message is printable."""

    rule: Rule
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A rule that could not be looked at, and why."""

    rule: Rule
    why: str


class NotCheckableError(Exception):
    """What a rule needs is not there. The text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found. `rules` are those of the stages that were asked for; `findings` come by line, then by rule."""

    file: str
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    operations: frozenset[tuple[str, str]]
    """Method, in lower case, and path of each."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that were asked for, in their order."""
        return tuple(stage for stage in STAGES if any(rule.stage == stage for rule in self.rules))

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found, and stage `valid` was looked at in full: what is left out there is no success."""
        return not self.findings and all(skip.rule.stage != "valid" for skip in self.skipped)

    def of(self, rule: Rule) -> list[Finding]:
        """What breaks *rule*."""
        return [finding for finding in self.findings if finding.rule is rule]

"""Rules about contracts: the gate checks all of them, and the engine those that are *servable*, at start-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from .objects import Pointer

Stage = Literal["valid", "style", "complete"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Hit(NamedTuple):
    """A rule is broken at *pointer*. The message quotes names, never values: an example may contain a secret."""

    pointer: Pointer
    message: str


Check = Callable[[Any], Iterable[Hit]]
"""Finds what breaks a rule. It takes a Document if the rule is servable, otherwise the gate's Contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `source` is what it can be argued with: an RFC, a number of Zalando's guidelines, a measurement.

    `is_servable` means that the engine relies on the rule, and does not start if a contract breaks it.
    """

    rule_id: str
    stage: Stage
    reason: str
    source: str
    check: Check
    is_servable: bool = False


def rules_of(stage: Stage, rows: Iterable[Rule | tuple[str, str, Check, str]]) -> tuple[Rule, ...]:
    """A table of rules of one stage: rules that exist already, and rows of id, source, check, reason."""
    return tuple(
        row if isinstance(row, Rule) else Rule(rule_id=row[0], stage=stage, source=row[1], check=row[2], reason=row[3])
        for row in rows
    )

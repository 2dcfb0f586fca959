"""Rules about contracts: the gate checks all of them, and the engine those that are *servable*, at start-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from .objects import Pointer

Stage = Literal["valid", "style", "complete", "compatible", "conforms", "guarded", "clients", "settings"]
STAGES: tuple[Stage, ...] = get_args(Stage)
FILE_STAGES: tuple[Stage, ...] = ("valid", "style", "complete", "compatible")
SERVER_STAGES: tuple[Stage, ...] = ("conforms", "guarded")
NAMED_STAGES: tuple[Stage, ...] = ("clients",)
"""The stages that can be asked for: of the file; those that need a running server; those that only run if named.

`settings` is about the exceptions that a team has, and comes with them."""
Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""A run fails because of errors only."""


class Elsewhere(NamedTuple):
    """A place outside of the contract. A baseline knows it by its name; without a file it has no line of its own."""

    name: str
    file: str | None
    line: int


class Hit(NamedTuple):
    """A rule is broken at *pointer*. The message quotes names, never values: an example may contain a secret.

    `other` is the place in another file that the contract is compared with, as `file:line`. `witness` is a value, as
    JSON, that shows the fault. `severity` is set where it is not that of the rule. `elsewhere` is the place if it is
    not in the contract, and `printed` are lines that a program has printed. `meant` is the name that the last step of
    the pointer may be meant to be, if it is misspelled.
    """

    pointer: Pointer
    message: str
    other: str | None = None
    witness: str | None = None
    severity: Severity | None = None
    elsewhere: Elsewhere | None = None
    printed: tuple[str, ...] = ()
    meant: str | None = None


MOST_HITS = 10_000
"""How many hits of one rule are listed: a file with more of them needs another tool first."""


_AND_MORE = "and more:"


def first(hits: Iterable[Hit], most: int = MOST_HITS) -> Iterator[Hit]:
    """The first *most* of *hits*, and one that says so if there are more, at the place of the next."""
    for number, hit in enumerate(hits):
        if number == most:
            yield Hit(hit.pointer, and_more(most), severity=hit.severity)
            return
        yield hit


def and_more(most: int) -> str:
    """The message of the hit that stands for all after the first *most*."""
    return f"{_AND_MORE} only the first {most:,} are listed"


def says_more(message: str) -> bool:
    """Whether *message* is one of `and_more`."""
    return message.startswith(_AND_MORE)


Check = Callable[[Any], Iterable[Hit]]
"""Finds what breaks a rule. It takes a Document if the rule is servable, otherwise the gate's Contract."""


def at_once(check: Check, message: str) -> Check:
    """As *check*, which finds something in operations; one hit, with *message*, if it finds it in all of several.

    *message* has the number of operations as `{}`.
    """

    def checked(document: Any) -> Iterator[Hit]:
        hits = list(check(document))
        if len(hits) == len(document.operations) > 1:
            yield Hit(("paths",), message.format(len(hits)))
        else:
            yield from hits

    return checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `source` is what it can be argued with: an RFC, a number of Zalando's guidelines, a measurement.

    `is_servable` means that the engine relies on the rule, and does not start if a contract breaks it. Only an *error*
    fails a run. `breaks` says who is hurt by what breaks the rule, and `mend` what to do about it; empty if the reason
    says so.
    """

    rule_id: str
    stage: Stage
    reason: str
    source: str
    check: Check
    is_servable: bool = False
    severity: Severity = "error"
    breaks: str = ""
    mend: str = ""


def rules_of(stage: Stage, rows: Iterable[Rule | tuple[str, str, Check, str]]) -> tuple[Rule, ...]:
    """A table of rules of one stage: rules that exist already, and rows of id, source, check, reason."""
    return tuple(
        row if isinstance(row, Rule) else Rule(rule_id=row[0], stage=stage, source=row[1], check=row[2], reason=row[3])
        for row in rows
    )

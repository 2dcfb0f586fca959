"""Reads `cases.txt`: for each rule a change of `good.yaml` that breaks it, and one close to it that does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GOOD = (HERE / "good.yaml").read_text(encoding="utf-8")
THERE, GOES, COMES, FOUND, FOUND_THERE = " -+!@"


@dataclass(frozen=True, slots=True)
class Change:
    """A contract, and the line at which it is at fault; None where it is not."""

    text: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Case:
    fails: Change
    passes: Change


def changed(hunks: str) -> Change:
    """`good.yaml` with the places changed that *hunks* show, each of which is there once."""
    text, line = GOOD, None
    for hunk in hunks.split("~\n"):
        rows = [(row[:1] or " ", row[1:]) for row in hunk.splitlines()]
        old = "".join(f"{rest}\n" for mark, rest in rows if mark in {THERE, GOES, FOUND_THERE})
        new = [(mark, rest) for mark, rest in rows if mark != GOES]
        assert text.count(old) == 1, f"{text.count(old)} times there:\n{old}"
        before, after = text.split(old)
        for number, (mark, _) in enumerate(new, start=before.count("\n") + 1):
            if mark in {FOUND, FOUND_THERE}:
                assert line is None, f"a second place of the fault:\n{hunk}"
                line = number
        text = before + "".join(f"{rest}\n" for _, rest in new) + after
    return Change(text, line)


def read() -> dict[str, Case]:
    """The cases by the ids of their rules."""
    _, *blocks = (HERE / "cases.txt").read_text(encoding="utf-8").split("\n= ")
    cases = {}
    for block in blocks:
        rule_id, _, rest = block.rstrip("\n").partition("\nfails\n")
        fails, _, passes = rest.partition("\npasses\n")
        assert rule_id not in cases, rule_id
        cases[rule_id] = Case(changed(fails + "\n"), changed(passes + "\n"))
    return cases

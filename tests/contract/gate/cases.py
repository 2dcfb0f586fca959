"""Reads `cases.txt`: for each rule changes of `good.yaml` that break it, and some close to these that do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GOOD = (HERE / "good.yaml").read_text(encoding="utf-8")
_WORDS = re.compile(r"\n(fails|passes)\n")
THERE, GOES, COMES, FOUND, FOUND_THERE = " -+!@"


@dataclass(frozen=True, slots=True)
class Change:
    """A contract, and the line at which it is at fault; None where it is not."""

    text: str
    line: int | None


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


def read() -> Iterator[tuple[str, str, Change]]:
    """The id of a rule, `fails` or `passes`, and the change."""
    _, *blocks = (HERE / "cases.txt").read_text(encoding="utf-8").split("\n= ")
    for block in blocks:
        rule_id, *parts = _WORDS.split(block.rstrip("\n"))
        for word, hunks in zip(parts[::2], parts[1::2], strict=True):
            yield rule_id, word, changed(hunks + "\n")

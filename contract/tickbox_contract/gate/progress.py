"""Says on a terminal which rule is being checked: some ask a server, and take minutes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence

from tickbox_contract.openapi.rules import Rule

Progress = Callable[[Sequence[Rule]], Iterator[Rule]]
"""Yields rules, each when the one before has been checked."""

_CLEAR = "\r\x1b[K"


def silent(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Say nothing."""
    yield from rules


def on_terminal(rules: Sequence[Rule]) -> Iterator[Rule]:
    """A line of standard error that is written again for each rule, and gone in the end; nothing in a file."""
    if not sys.stderr.isatty():
        yield from rules
        return
    try:
        for number, rule in enumerate(rules, start=1):
            _write(f"{_CLEAR}{number}/{len(rules)} {rule.stage}: {rule.rule_id}")
            yield rule
    finally:
        _write(_CLEAR)


def say(text: str) -> None:
    """Write *text* in the place of the rule that is being checked: what takes minutes has steps."""
    if sys.stderr.isatty():
        _write(f"{_CLEAR}{text}")


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()

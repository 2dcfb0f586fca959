"""Says on a terminal which rule is being checked: some ask a server, and take minutes."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from tickbox_contract.openapi.rules import Rule

Progress = Callable[[Sequence[Rule]], Iterator[Rule]]
"""Yields rules, each when the one before has been checked."""

_CLEAR = "\r\x1b[K"
_EVERY_S = 1


def silent(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Say nothing."""
    yield from rules


def on_terminal(rules: Sequence[Rule]) -> Iterator[Rule]:
    """A line of standard error that is written again for each rule and each second, and gone in the end.

    Nothing is written into a file.
    """
    if not sys.stderr.isatty():
        yield from rules
        return
    try:
        for number, rule in enumerate(rules, start=1):
            with _counting(f"{number}/{len(rules)} {rule.stage}: {rule.rule_id}"):
                yield rule
    finally:
        _write(_CLEAR)


def say(text: str) -> None:
    """Write *text* in the place of the rule that is being checked: what takes minutes has steps."""
    if sys.stderr.isatty():
        _write(f"{_CLEAR}{text}")


@contextmanager
def _counting(text: str) -> Iterator[None]:
    """Show *text*, and from the first second on how many have passed."""
    is_done = Event()

    def show() -> None:
        for seconds in itertools.count(0, _EVERY_S):
            _write(f"{_CLEAR}{text}{f' ({seconds} s)' if seconds else ''}")
            if is_done.wait(_EVERY_S):
                return

    thread = Thread(target=show, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_done.set()
        thread.join()


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()

"""On a terminal one line says which rule is being checked and for how long; elsewhere nothing is written."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from threading import Event

import pytest

from tickbox_contract.gate.progress import on_terminal
from tickbox_contract.gate.rules import RULES


class Terminal(io.StringIO):
    """A terminal that notes when a second has been counted."""

    def __init__(self) -> None:
        super().__init__()
        self.has_counted = Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text.endswith(" s)"):
            self.has_counted.set()
        return super().write(text)


def test_a_rule_that_takes_long_shows_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    seen = []
    for rule in on_terminal(RULES[:2]):
        seen.append(rule)
        assert terminal.has_counted.wait(60)
        terminal.has_counted.clear()
    assert seen == [*RULES[:2]]
    shown = terminal.getvalue()
    assert f"1/2 valid: {RULES[0].rule_id} (1 s)" in shown
    assert f"2/2 valid: {RULES[1].rule_id} (1 s)" in shown
    assert shown.endswith("\r\x1b[K")


def test_in_a_file_there_is_no_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log").open("w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        assert [*on_terminal(RULES)] == [*RULES]
    assert (tmp_path / "log").read_text() == ""

"""Writes `contract/SUPPORT.md`: `make support`."""

from __future__ import annotations

from pathlib import Path

from .rows import Row
from .table import TABLE

PATH = Path(__file__).parents[3] / "contract" / "SUPPORT.md"
_HEAD = """\
# What the engine supports of OpenAPI 3.0

Written by `make support` from the rows of `tests/contract/foreign/`, each of which starts
the engine and sends requests. Sections are those of OpenAPI 3.0.4.

- **served**: the engine does what the section says.
- **ignored**: it has no effect, as the section says or because it is an annotation.
- **refused**: the server does not start, and the message says why.

What is not in this list is not promised.
"""


def support() -> str:
    """The text of the file."""
    parts = [_HEAD]
    for heading, rows in TABLE.items():
        parts.append(f"\n## {heading}\n\n| what | section | verdict |\n|---|---|---|\n")
        parts += map(_line, rows)
    return "".join(parts)


def _line(row: Row) -> str:
    note = row.sentence or row.note
    verdict = f"{row.verdict}: {note}" if note else row.verdict
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (row.name, row.section, verdict)) + " |\n"


if __name__ == "__main__":
    PATH.write_text(support(), encoding="utf-8")

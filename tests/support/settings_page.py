"""Writes docs/settings.md from the settings: `python -m tests.support.settings_page`, or `make docs`."""

from __future__ import annotations

from pathlib import Path

from app.environment import Row, rows
from app.settings import Settings

PATH = Path(__file__).parents[2] / "docs" / "settings.md"

_HEAD = """\
# Settings

<!-- `make docs` writes this page from `app/settings.py`. Do not edit it. -->

Settings are environment variables. `tickbox settings` lists them with their present values, without passwords. At
start-up all wrong values are reported together. A variable whose name begins with `TICKBOX_` and that is not listed
here is rejected, because it is most likely a typing error. An empty variable is the same as none.

| variable | default | meaning |
|---|---|---|
"""


def page() -> str:
    """The whole page, with one row for each setting."""
    return _HEAD + "".join(map(_line, rows(Settings.model_construct())))


def _line(row: Row) -> str:
    default = f"`{row.default}`" if row.default else "none"
    return f"| `{row.variable}` | {default} | {row.meaning} |\n"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")

"""Why the gate could not check a contract."""

from __future__ import annotations

import click

from .findings import printable


class CannotRun(click.ClickException):
    """The gate could not check the contract, so there is neither success nor failure. Each line is one message."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(printable, lines)))


def described(error: BaseException) -> str:
    """The type of *error*, and its text."""
    return f"{type(error).__name__}: {error}"

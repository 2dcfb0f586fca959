"""Why the gate could not check a contract."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .compatible.releases import NoReleaseError
from .findings import printable
from .reading import UnreadableError


class CannotRun(click.ClickException):
    """The gate could not check the contract, so there is neither success nor failure. Each line is one message."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(printable, lines)))


def described(error: BaseException) -> str:
    """The type of *error*, and its text."""
    return f"{type(error).__name__}: {error}"


def shown(path: Path) -> str:
    """Relative to the current folder, if that is above it: annotations need such a path."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise CannotRun for whatever keeps the gate from checking the contract at *path*."""
    try:
        yield
    except UnreadableError as error:
        raise CannotRun(f"{shown(path)}: {error}") from error
    except NoReleaseError as error:
        raise CannotRun(str(error)) from error
    except OSError as error:
        raise CannotRun(_of_the_system(error)) from error
    except (click.ClickException, KeyboardInterrupt):
        raise
    except BaseException as error:  # the outermost edge; a panic of jsonschema_rs is not an Exception
        raise CannotRun(f"{shown(path)}: the gate fails ({described(error)}): report it") from error


def _of_the_system(error: OSError) -> str:
    """What is wrong with a file; without one, such as if the disk is full, what the system says."""
    if error.filename is None:
        return str(error.strerror or error)
    return f"{shown(Path(os.fsdecode(error.filename)))}: {error.strerror}: name another file"

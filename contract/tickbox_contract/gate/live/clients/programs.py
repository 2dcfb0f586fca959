"""Runs a program with a time limit. What it prints goes to a file, and none of its children is left."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .client import Command

_MOST_BYTES = 1_000_000
"""How much of the end of what a program prints is looked at."""
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a program did: why it failed, None if it did not, and the lines that it printed, without empty ones."""

    why: str | None
    lines: tuple[str, ...]


@contextmanager
def cleaned_up() -> Iterator[None]:
    """End with KeyboardInterrupt if a pipeline that is cancelled sends SIGTERM: programs and folders would be left."""
    if threading.current_thread() is not threading.main_thread():  # only that one may receive signals
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_program(command: Command, *, folder: Path, environment: Mapping[str, str], log: Path, timeout_s: float) -> Done:
    """Run *command* in *folder*, and append to the file *log* what it prints.

    Whatever it started is killed in the end, unless that has left its process group.
    """
    with log.open("ab") as file:
        file.write(f"$ {shlex.join(command)}\n".encode())
        file.flush()
        start = file.tell()
        try:
            why = _run(command, folder, environment, file.fileno(), timeout_s)
        except OSError as error:
            why = f"cannot be run: {error.strerror}"
    return Done(why=why, lines=_lines(log, start))


def _run(command: Command, folder: Path, environment: Mapping[str, str], output: int, timeout_s: float) -> str | None:
    process = subprocess.Popen(  # noqa: S603  # a program of the settings, or of a recipe
        command,
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        status = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return f"has not ended within {timeout_s:g} s"
    finally:
        with suppress(ProcessLookupError, PermissionError):  # the group is gone with its last process
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if status < 0:
        return f"was ended by signal {-status}"
    return f"exited with {status}" if status else None


def _lines(log: Path, start: int) -> tuple[str, ...]:
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start, size - _MOST_BYTES))
        text = file.read().decode(errors="replace")
    return tuple(line.rstrip() for line in _COLOUR.sub("", text).splitlines() if line.strip())

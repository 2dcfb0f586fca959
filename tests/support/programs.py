"""`tickbox`, run in its own processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from click.testing import CliRunner, Result

import handlers
from app.adapters.passwords.argon2_hasher import Argon2Passwords
from app.cli import main
from app.main import compile_ours
from app.settings import Settings
from tests.support import serve_by_clock
from tests.support.patience import PATIENCE_S
from tests.support.server import UNHINDERED
from tests.support.shared_clocks import SharedClock
from tickbox_contract.engine.application import CompiledContract

TICKBOX = Path(sys.executable).with_name("tickbox")
_READY = re.compile(r"ready on (http://\S+)")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment, with these settings (`database_url=...`) and no others.

    Branches are not counted in what is started with it, which would double the time of a start.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TICKBOX_", "COVERAGE_"))}
    return kept | {f"TICKBOX_{name.upper()}": value for name, value in settings.items()}


def counting() -> dict[str, str]:
    """Variables with which branches are counted in what is started, if they are in the test that starts it."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


def tickbox(*arguments: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [TICKBOX, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def run(*arguments: str, settings: Mapping[str, str], stdin: str | bytes = "") -> Result:
    """Run a command in this process, which is much faster; not for commands that serve."""
    given = {f"TICKBOX_{name.upper()}": value for name, value in settings.items()}
    return CliRunner().invoke(main, arguments, input=stdin, env=given)


@cache
def our_contract(package: ModuleType = handlers) -> CompiledContract:
    """Our contract, compiled once for the many servers of one process, with the handlers of *package*."""
    return compile_ours(package, body_limit_bytes=Settings().body_limit_bytes)


def quick_passwords() -> Argon2Passwords:
    """A hasher for servers of tests in which hashing is not the subject: 0.02 ms in place of 17."""
    return Argon2Passwords(passes=1, memory_kib=8)


@dataclass(frozen=True, slots=True)
class Program:
    """A running `tickbox serve` or `tickbox worker`."""

    process: subprocess.Popen[bytes]
    stdout: Path
    stderr: Path

    @property
    def url(self) -> str:
        """The URL on which it listens, once it has printed it."""
        for _ in patiently():
            if found := _READY.search(self.stderr.read_text()):
                return found[1]
            assert self.process.poll() is None, self.stderr.read_text() + self.stdout.read_text()
        raise TimeoutError(self.stderr.read_text())

    @property
    def output(self) -> str:
        """All that it has written."""
        return self.stdout.read_text() + self.stderr.read_text()

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines on standard output, each of which must be a JSON object."""
        return [json.loads(line) for line in self.stdout.read_text().splitlines()]

    def logged(self, request_id: str) -> list[dict[str, Any]]:
        """The lines about a request, once there are any: they may be written after its response."""
        for _ in patiently():
            if found := [line for line in self.log if line.get("request_id") == request_id]:
                return found
        raise TimeoutError(request_id)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@contextmanager
def serve(folder: Path, more: Mapping[str, str] = MappingProxyType({}), /, **settings: str) -> Iterator[Program]:
    """`tickbox serve` on any free port, while the context lasts; without rate limits, unless *settings* set them.

    *more* goes into its environment as it is.
    """
    with started(folder, "serve", "--port", "0", more=more, **UNHINDERED | settings) as program:
        yield program


@contextmanager
def serve_by(clock: SharedClock, folder: Path, /, *, ahead_s: float = 0, **settings: str) -> Iterator[Program]:
    """The same, with *clock*, which other processes share; the time of this one is so much *ahead*."""
    command = (sys.executable, "-m", serve_by_clock.__name__, str(clock.path), str(ahead_s))
    with _running(folder, command, **UNHINDERED | settings) as program:
        yield program


@contextmanager
def started(
    folder: Path, *arguments: str, more: Mapping[str, str] = MappingProxyType({}), **settings: str
) -> Iterator[Program]:
    """A command that runs until it is stopped, while the context lasts. *more* goes into its environment as it is."""
    with _running(folder, (str(TICKBOX), *arguments), more=more, **settings) as program:
        yield program


@contextmanager
def _running(
    folder: Path, command: Sequence[str], *, more: Mapping[str, str] = MappingProxyType({}), **settings: str
) -> Iterator[Program]:
    paths = folder / "stdout", folder / "stderr"
    with paths[0].open("wb") as stdout, paths[1].open("wb") as stderr:
        process = subprocess.Popen(
            command,
            env={**environment(**settings), **more},
            cwd=folder,
            stdout=stdout,
            stderr=stderr,
        )
    program = Program(process, *paths)
    try:
        yield program
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE_S)


def patiently() -> Iterator[None]:
    """Iterate until a test would give up."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        yield
        time.sleep(0.02)

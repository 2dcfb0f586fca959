"""Tests that are interrupted, in whatever way, leave no process and no folder behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.support import leftovers
from tests.support.databases import AT_LENGTH
from tests.support.patience import PATIENCE_S
from tests.support.programs import patiently
from tests.support.server import serving
from tickbox_contract.engine.protocol import bounded_protocol

ROOT = Path(__file__).parents[2]
PYTEST = """
import signal, sys, pytest
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
sys.exit(pytest.console_main())
"""
WAITING = """
import os, time
from pathlib import Path
from tests.support import leftovers
from tests.support.programs import serve
from tests.support.patience import PATIENCE_S

def test_that_waits(database_url, tmp_path):
    with serve(tmp_path, database_url=database_url) as program:
        assert program.url
        name = "postgresql" if "postgresql" in database_url else "sqlite"
        (Path(__file__).parent / name).write_text(os.environ[leftovers.MARK])
        time.sleep(1000)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "test_waiting.py").write_text(WAITING)
    return tmp_path / "log"


def interruptible(folder: Path, log: Path, *options: str) -> subprocess.Popen[bytes]:
    """Pytest, in its own process group, at a test that never ends."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    command = [sys.executable, "-c", PYTEST, "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    with log.open("wb") as output:
        return subprocess.Popen(
            [*command, "--rootdir", str(folder), "--basetemp", str(folder / "temp"), *options, str(folder)],
            cwd=ROOT,
            env=inherited | {leftovers.MARK: os.environ[leftovers.MARK]},  # it ends with these tests, whatever happens
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def mark_in(path: Path, pytest_process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in patiently():
        if path.exists() and (mark := path.read_text()):
            return mark
        assert pytest_process.poll() is None, log.read_text()
    raise TimeoutError(log.read_text())


def names_of(mark: str) -> Iterator[str]:
    for process in leftovers.marked(mark):
        yield process.name()


KILLED = pytest.param(("-k", "postgresql"), signal.SIGKILL, ("postgresql",), id="killed")
CTRL_C = pytest.param(("-n", "2"), signal.SIGINT, ("sqlite", "postgresql"), id="Ctrl-C with workers")


@pytest.mark.parametrize(("options", "number", "waiting"), [KILLED, CTRL_C] if AT_LENGTH else [KILLED])
def test_interrupted_tests_leave_nothing_behind(
    tmp_path: Path, log: Path, options: tuple[str, ...], number: signal.Signals, waiting: tuple[str, ...]
) -> None:
    process = interruptible(tmp_path, log, *options)
    (mark,) = {mark_in(tmp_path / name, process, log) for name in waiting}
    running = set(names_of(mark))
    assert {"postgres", "tickbox"} <= running
    assert any(Path(mark).iterdir())
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    process.wait(PATIENCE_S)
    for _ in patiently():
        if not Path(mark).exists() and not list(names_of(mark)):
            return
    raise AssertionError(sorted(names_of(mark)))


def test_a_server_that_does_not_start_says_why() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("the map is upside down")

    with (
        pytest.raises(RuntimeError, match=r"did not start.*the map is upside down") as raised,
        serving(broken, protocol=bounded_protocol("urn:x:"), lifespan="on"),
    ):
        pass
    assert isinstance(raised.value.__cause__, LookupError)

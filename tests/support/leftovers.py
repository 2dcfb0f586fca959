"""Nothing outlives the tests: the processes that they started end, and their folder is deleted, however the tests end.

`guard` starts a second process, which waits until this one has ended, even by `kill -9`, and then ends all that carry
this one's mark. The mark is an environment variable, which every child inherits, and PostgreSQL's daemon, too: so
nothing needs to be registered where it is started.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "PYTEST_TICKBOX_FOLDER"
"""The variable with the path of the folder that is deleted. Not TICKBOX_*, which the program would read."""
_BETWEEN_LOOKS_S = 0.1
_CALM = 3
"""How many searches in a row must find nothing: a process that is killed may just have started another."""


def guard() -> Path:
    """Let nothing that this process starts from now on outlive it. The folder that will be deleted then."""
    folder = tempfile.mkdtemp(prefix="tickbox-tests-")
    Path(folder).chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    os.environ[MARK] = folder
    waiting, _held = os.pipe()  # no child inherits the held end: the system closes it when this process ends
    subprocess.Popen(
        [sys.executable, "-m", "tests.support.leftovers", folder],
        cwd=Path(__file__).parents[2],
        stdin=waiting,
        start_new_session=True,  # Ctrl-C is for the tests, and so is any signal to their group
    ).returncode = 0  # it is never waited for
    os.close(waiting)
    return Path(folder)


def marked(folder: str) -> Iterator[psutil.Process]:
    """The other processes that carry the mark of the tests with this *folder*."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == folder:
                yield process


def purge(folder: str) -> None:
    """End all of them and delete the folder."""
    calm = 0
    while calm < _CALM:
        found = list(marked(folder))
        for process in found:
            with contextlib.suppress(psutil.Error):
                # PostgreSQL then stops at once, with its children, and releases its shared memory.
                process.send_signal(signal.SIGQUIT if process.name() == "postgres" else signal.SIGKILL)
        calm = 0 if found else calm + 1
        time.sleep(_BETWEEN_LOOKS_S)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()
    purge(sys.argv[1])

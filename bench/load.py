"""Servers on one core, wrk on another, and what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

WARM_UP_S = 0.5
CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("wrk.lua")
_START_S = 30


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, over and over. With a *body*, it is JSON."""

    method: str
    target: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """How to start one: `application` and `protocol` are the arguments of `bench.serving`."""

    name: str
    application: str
    protocol: str = "plain"


@dataclass(frozen=True, slots=True)
class Running:
    """A running server: its address, and its process."""

    base: str
    pid: int

    def cpu_s(self) -> float:
        """The processor time that it has had, in its one thread."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of wrk counted: by the clock, and by the server's processor time.

    The two say the same where nothing else uses the machine. Where something does, only the latter can be compared.
    """

    requests_per_s: float
    requests_per_cpu_s: float
    p50_us: int
    p99_us: int


def require_wrk() -> None:
    """End with what to do if there is no wrk, or no second core for it."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: install it, on Debian with `apt-get install wrk`")
    if len(cores()) < 2:
        sys.exit("two cores are needed: one for the server, one for wrk")


def cores() -> list[int]:
    """The cores that this process may use: the server gets the first, wrk the last."""
    return sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def running(servers: Sequence[Server]) -> Iterator[dict[str, Running]]:
    """Start *servers*, each in a process of its own; the value is by their names."""
    with contextlib.ExitStack() as stack:
        yield {server.name: stack.enter_context(_running(server)) for server in servers}


@contextlib.contextmanager
def _running(server: Server) -> Iterator[Running]:
    command = [sys.executable, "-m", "bench.serving", server.application, server.protocol, "--cpu", str(cores()[0])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                sys.exit(f"{server.name} did not start")
            yield Running(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(timeout=_START_S)


def response(server: Running, request: Request) -> tuple[int, Message, Any]:
    """Send *request* once: status, headers, and the body as JSON."""
    headers = {"Content-Type": "application/json"} if request.body is not None else {}
    sent = urllib.request.Request(server.base + request.target, request.body, headers, method=request.method)
    try:
        with urllib.request.urlopen(sent, timeout=_START_S) as reply:
            return reply.status, reply.headers, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.load(error)


def measure(server: Running, request: Request, *, seconds: float) -> Result:
    """Run wrk against one server, after a warm-up. Ends the program on any response that is an error."""
    _wrk(server.base, request, WARM_UP_S)
    before_s = server.cpu_s()
    found = _wrk(server.base, request, seconds)
    cpu_s = server.cpu_s() - before_s
    if found["errors"]:
        sys.exit(f"{found['errors']} errors from {request.method} {server.base}{request.target}")
    count = found["requests"]
    return Result(count / found["duration_us"] * 1e6, count / cpu_s, found["p50_us"], found["p99_us"])


def _wrk(base: str, request: Request, seconds: float) -> dict[str, int]:
    # wrk measures whole seconds; it is stopped by its own clock or by SIGINT, upon which it reports as well.
    command = ["taskset", "-c", str(cores()[-1]), "wrk", "-t1", f"-c{CONNECTIONS}", "-d60s", "-s", str(_SCRIPT)]
    environment = os.environ | {"BENCH_METHOD": request.method}
    if request.body is not None:
        environment["BENCH_BODY"] = request.body.decode()
    with subprocess.Popen([*command, base + request.target], stdout=subprocess.PIPE, text=True, env=environment) as wrk:
        time.sleep(seconds)
        wrk.send_signal(2)
        output, _ = wrk.communicate(timeout=_START_S)
    found: dict[str, int] = json.loads(output.strip().splitlines()[-1])
    return found


def median_ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios within each round."""
    return statistics.median(mine / other for mine, other in zip(ours, others, strict=True))


def machine() -> dict[str, Any]:
    """What a figure depends on, apart from the code."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"cpu": model, "cores": len(cores()), "python": sys.version.split()[0], "load_average": os.getloadavg()}


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []

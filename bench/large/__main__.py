"""`python -m bench.large`: what large changes take, and how long they let others wait. See bench/README.md."""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import load, tickbox
from bench.databases import KINDS, Database, opened
from bench.large import rows, served
from bench.large.requests import requests
from bench.load import Request, Running
from bench.machine import cores, machine
from bench.stack import rows as stack_rows
from bench.stack.fairness import probing
from bench.tickbox import Person

SIZES = (5_000, 100_000)
_ALONE, _BESIDE = 0, 1
"""The workspace in which nobody else writes, and an equal one in which somebody does."""
_QUIET_S = 2
_INTERVAL_S = 0.1
"""How often the other writer creates a task."""
_MARGIN_S = 0.2
"""How long the other writer writes before and after."""
_TIMEOUT_S = 900


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one request took: the first six while nobody else writes, the others beside another writer.

    `log_rows` and `changes` are what it added to the log, and to the workspace's number. `seconds_beside` is how long
    it took beside another writer, whose median and longest request took `median_wait_ms` and `longest_wait_ms`.
    """

    status: int
    statements: int
    seconds: float
    log_rows: int
    changes: int
    bytes: int
    seconds_beside: float
    median_wait_ms: float
    longest_wait_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of tasks, at least 1,300")
    parser.add_argument("--database", choices=KINDS, help="this one only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine()}
    for kind in KINDS:
        if options.database in {None, kind}:
            found[kind] = {f"{tasks:,} tasks": measure(kind, tasks) for tasks in options.sizes}
    found["load_average_at_the_end"] = os.getloadavg()
    print(f"\nLoad average at the end: {found['load_average_at_the_end']}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=dataclasses.asdict) + "\n", encoding="utf-8")


def measure(kind: str, tasks: int, *, quiet_s: float = _QUIET_S) -> dict[str, Cost]:
    """Return, and print, what each request takes in a project of so many tasks."""
    found: dict[str, Cost] = {}
    print(f"\n{kind}, {tasks:,} tasks: nobody else writes; beside a writer every 100 ms, and how long that one waits")
    print(f"{'':38}{'statements':>11}{'s':>9}{'log rows':>10}{'changes':>9}{'s':>9}{'p50, ms':>9}{'longest':>9}")
    with tempfile.TemporaryDirectory() as folder, opened(kind) as database:
        counter = served.created(Path(folder, "statements"))
        program = (sys.executable, "-m", served.__name__, str(counter))
        without_jobs = {"TICKBOX_JOBS": "worker"}  # their statements would be counted
        with tickbox.serving(database, core=cores()[0], program=program, settings=without_jobs) as server:
            ada = tickbox.register(server.base, "Ada")
            rows.fill(database, ada.id, tasks=tasks)
            wait = _beside(server, ada, lambda: time.sleep(quiet_s))
            print(f"{'(nothing)':76}{'':9}{wait[1]:9.0f}{wait[2]:9.0f}")
            pairs = (requests(each, ada.token, tasks=tasks) for each in (_ALONE, _BESIDE))
            for (name, alone), (_, beside) in zip(*pairs, strict=True):
                found[name] = _cost(database, server, ada, alone, beside, count=lambda: served.count(counter))
                _show(name, found[name])
    return found


def _cost(  # noqa: PLR0913, PLR0917  # what is measured, and with what
    database: Database, server: Running, ada: Person, alone: Request, beside: Request, count: Callable[[], int]
) -> Cost:
    before = _logged(database), _head(server, ada), count()
    status, size, seconds = _sent(server, alone)
    statements = count() - before[2]
    log_rows, changes = _logged(database) - before[0], _head(server, ada) - before[1]
    seconds_beside, median_ms, longest_ms = _beside(server, ada, lambda: _sent(server, beside))
    return Cost(
        status=status,
        statements=statements,
        seconds=seconds,
        log_rows=log_rows,
        changes=changes,
        bytes=size,
        seconds_beside=seconds_beside,
        median_wait_ms=median_ms,
        longest_wait_ms=longest_ms,
    )


def _sent(server: Running, request: Request) -> tuple[int, int, float]:
    """The status and the size of the response, and the seconds until it was read. Ends the program on an error."""
    connection = http.client.HTTPConnection(urlsplit(server.base).netloc, timeout=_TIMEOUT_S)
    connection.connect()
    began_s = time.perf_counter()
    connection.request(request.method, request.target, request.body, request.headers())
    response = connection.getresponse()
    content = response.read()
    took_s = time.perf_counter() - began_s
    connection.close()
    if response.status // 100 != 2:
        sys.exit(f"{request.method} {request.target} is refused: {content.decode()}")
    return response.status, len(content), took_s


def _beside(server: Running, ada: Person, act: Callable[[], object]) -> tuple[float, float, float]:
    """How many seconds *act* takes beside another writer, and the milliseconds of that one's median and longest."""
    create = Request("POST", f"{stack_rows.workspace_path(_BESIDE)}/tasks", b'{"title": "Buy seeds"}', ada.token)
    with probing(server, {"create": create}, interval_s=_INTERVAL_S) as noticed:
        time.sleep(_MARGIN_S)
        began_s = time.perf_counter()
        act()
        took_s = time.perf_counter() - began_s
        time.sleep(_MARGIN_S)
    if refused := noticed["create"].refused:
        sys.exit(f"another writer was refused: {refused}")
    return took_s, noticed["create"].p50_ms, noticed["create"].longest_ms


def _logged(database: Database) -> int:
    return int(database.value("SELECT count(*) FROM events"))


def _head(server: Running, ada: Person) -> int:
    status, _, body = load.response(server, Request("GET", stack_rows.workspace_path(_ALONE), token=ada.token))
    assert status == http.client.OK, body
    return int(body["head"])


def _show(name: str, cost: Cost) -> None:
    alone = f"{cost.statements:11,}{cost.seconds:9.3f}{cost.log_rows:10,}{cost.changes:9,}"
    print(
        f"{name:38}{alone}{cost.seconds_beside:9.3f}{cost.median_wait_ms:9.0f}{cost.longest_wait_ms:9.0f}", flush=True
    )


if __name__ == "__main__":
    main()

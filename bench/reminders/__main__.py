"""`python -m bench.reminders`: how late reminders are, one by one and many at once. See bench/README.md."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import http.client
import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import load, tickbox
from bench.databases import KINDS, Database, opened
from bench.load import Request, Running
from bench.machine import cores, machine
from bench.stack import rows
from bench.stack.fairness import Noticed, percentile, probing
from bench.tickbox import Person

APART_S = 0.5
"""Between two reminders: longer than the 250 ms that a stream collects after an event."""
_OF_TASK = 10
_WORKSPACES = 500
_HEAD_START_S = 5
_TIMEOUT_S = 600
_CREATION = b'{"title": "A title of the usual length"}'
_LATE_US = {
    True: "SELECT group_concat(fired_at - fires_at) FROM fired_reminders",
    False: "SELECT string_agg((extract(epoch FROM fired_at - fires_at) * 1000000)::bigint::text, ',') "
    "FROM fired_reminders",
}
_TAKEN_US = {
    True: "SELECT max(fired_at) - min(fired_at) FROM fired_reminders",
    False: "SELECT extract(epoch FROM max(fired_at) - min(fired_at)) * 1000000 FROM fired_reminders",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from the time of a reminder to its event on its owner's stream."""

    reminders: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """Reminders in 500 workspaces, 20 in each: how late they fired, how many in a second, and a writer beside them."""

    reminders: int
    p50_ms: float
    p99_ms: float
    per_s: float
    writer: Noticed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reminders", description=__doc__)
    parser.add_argument("--reminders", type=int, default=100, help="how many fire one by one (100)")
    parser.add_argument("--many", type=int, default=10_000, help="how many fire in a minute, and at once (10,000)")
    parser.add_argument("--database", choices=KINDS, help="this one only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": machine()}
    for kind in KINDS:
        if options.database in {None, kind}:
            found[kind] = measure(kind, options)
            print(f"\n{kind}")
            for name, figures in found[kind].items():
                print(f"  {name}: {json.dumps(dataclasses.asdict(figures))}")
    print(f"\nLoad average at the end: {os.getloadavg()}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=dataclasses.asdict) + "\n", encoding="utf-8")


def measure(kind: str, options: argparse.Namespace) -> dict[str, Latency | Many]:
    """All figures of one kind of database."""
    found: dict[str, Latency | Many] = {}
    with opened(kind) as database, ExitStack() as stack:
        server = stack.enter_context(tickbox.serving(database, core=cores()[0]))
        ada = tickbox.register(server.base, "Ada")
        found["the same process"] = latency(server, server, ada, count=options.reminders)
        settings = {"TICKBOX_JOBS": "worker"}
        other = stack.enter_context(tickbox.serving(database, core=cores()[-1], settings=settings))
        found["another process"] = latency(server, other, ada, count=options.reminders)
    for name, within_s in (("in a minute", 60), ("at once", 0)):
        with opened(kind) as database, tickbox.serving(database, core=cores()[0]) as server:
            found[name] = many(database, server, count=options.many, within_s=within_s)
    return found


def latency(writing: Running, streaming: Running, person: Person, *, count: int) -> Latency:
    """The time from when each reminder is due to its event, on a stream of the same process or of another one."""
    due_s: dict[str, float] = {}
    with listening(streaming, person) as arrived_s:
        start_s = time.time() + _HEAD_START_S + count / 5
        for number in range(count):
            if number % _OF_TASK == 0:
                task = post(writing, f"{person.home}/tasks", _CREATION, person)["id"]
            at_s = start_s + number * APART_S + random.uniform(0, APART_S / 4)
            at = dt.datetime.fromtimestamp(at_s, dt.UTC).isoformat()
            body = json.dumps({"at": at}).encode()
            due_s[post(writing, f"{person.home}/tasks/{task}/reminders", body, person)["id"]] = at_s
        deadline_s = time.monotonic() + _TIMEOUT_S
        while not due_s.keys() <= arrived_s.keys():
            if time.monotonic() > deadline_s:
                sys.exit(f"{len(arrived_s)} of {count} reminders have come")
            time.sleep(0.1)
    late_ms = [1000 * (arrived_s[each] - due_s[each]) for each in due_s]
    return Latency(reminders=count, p50_ms=percentile(late_ms, 50), p99_ms=percentile(late_ms, 99))


@contextmanager
def listening(server: Running, person: Person) -> Iterator[dict[str, float]]:
    """When each reminder came, by the clock, while the context lasts."""
    arrived_s: dict[str, float] = {}
    has_begun, is_over = threading.Event(), threading.Event()

    def listen() -> None:
        headers = {"Authorization": f"Bearer {person.token}"}
        path = "/v1/users/me/changes/events"
        with httpx.stream("GET", server.base + path, headers=headers, timeout=_TIMEOUT_S) as response:
            for line in response.iter_lines():
                now_s = time.time()
                has_begun.set()
                if line.startswith("data: "):
                    for fired in json.loads(line.removeprefix("data: "))["fired_reminders"]:
                        arrived_s.setdefault(fired["reminder_id"], now_s)
                if is_over.is_set():
                    return

    thread = threading.Thread(target=listen, daemon=True)  # it ends with the next heartbeat
    thread.start()
    has_begun.wait(_TIMEOUT_S)
    try:
        yield arrived_s
    finally:
        is_over.set()


def many(database: Database, server: Running, *, count: int, within_s: float) -> Many:
    """Reminders that become due within a time, while somebody else creates a task every 20 ms."""
    ada, bob = (tickbox.register(server.base, name) for name in ("Ada", "Bob"))
    rows.fill(database, ada.id, workspaces=_WORKSPACES, tasks=count // _WORKSPACES)
    start_s = time.time() + _HEAD_START_S
    creation = Request("POST", f"{bob.home}/tasks", _CREATION, bob.token)
    add_reminders(database, ada, start_s=start_s, step_s=within_s / count)
    with probing(server, {"create": creation}) as noticed:
        deadline_s = time.monotonic() + _TIMEOUT_S
        while (fired := int(database.value("SELECT count(*) FROM fired_reminders"))) < count:
            if time.monotonic() > deadline_s:
                sys.exit(f"{fired} of {count} reminders have fired")
            time.sleep(1)
    late_ms = [int(each) / 1000 for each in database.value(_LATE_US[database.is_sqlite]).split(",")]
    taken_s = float(database.value(_TAKEN_US[database.is_sqlite])) / 1_000_000
    return Many(
        reminders=count,
        p50_ms=percentile(late_ms, 50),
        p99_ms=percentile(late_ms, 99),
        per_s=count / taken_s,
        writer=noticed["create"],
    )


def add_reminders(database: Database, person: Person, *, start_s: float, step_s: float) -> None:
    """Add a reminder of each task, with its id, one after the other."""
    start_us, step_us = int(start_s * 1_000_000), int(step_s * 1_000_000)
    user, at = f"'{person.id.hex}'", f"{start_us} + r * {step_us}"
    if not database.is_sqlite:
        user, at = f"{user}::uuid", f"to_timestamp({start_s}) + r * interval '{step_us} microseconds'"
    names = "workspace_id, id, task_id, user_id, at, fires_at, created_at, updated_at, revision"
    values = f"workspace_id, id, id, {user}, {at}, {at}, created_at, updated_at, 1"
    numbered = "SELECT *, row_number() OVER (ORDER BY id, workspace_id) AS r FROM tasks"
    database.run([f"INSERT INTO reminders ({names}) SELECT {values} FROM ({numbered}) AS numbered"])


def post(server: Running, path: str, body: bytes, person: Person) -> Any:
    status, _, response = load.response(server, Request("POST", path, body, person.token))
    if status != http.client.CREATED:
        sys.exit(f"{path}: {response}")
    return response


if __name__ == "__main__":
    main()

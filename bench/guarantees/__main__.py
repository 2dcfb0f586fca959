"""`python -m bench.guarantees`: what the guarantees cost a write, in time and in bytes. See bench/README.md."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import httpx
from uuid_utils import uuid7

from bench import tickbox
from bench.databases import Database, opened
from bench.machine import machine
from bench.ratios import median_ratio

BATCH = 50


def _create(client: httpx.Client, home: str, *, key: str | None = None, client_id: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"title": "A title of the usual length"} | ({"id": client_id} if client_id else {})
    return client.post(f"{home}/tasks", json=body, headers=headers)


def _rename(client: httpx.Client, task: str, *, condition: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/merge-patch+json"} | ({"If-Match": condition} if condition else {})
    return client.patch(task, json={"title": str(uuid7())}, headers=headers)


WRITES: dict[str, Callable[[httpx.Client, str, str], httpx.Response]] = {
    "create": lambda client, home, _task: _create(client, home),
    "create, with a key": lambda client, home, _task: _create(client, home, key=str(uuid7())),
    "create, with an id": lambda client, home, _task: _create(client, home, client_id=str(uuid7())),
    "create, repeated under a key": lambda client, home, _task: _create(client, home, key="always-the-same"),
    "patch": lambda client, _home, task: _rename(client, task),
    "patch, with a condition": lambda client, _home, task: _rename(client, task, condition="*"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.guarantees", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help=f"how often {BATCH} of each are sent in turn (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    print(f"Machine: {json.dumps(machine())}")
    figures = {}
    for name, kind in (("SQLite", "sqlite"), ("PostgreSQL", "postgresql")):
        with opened(kind) as database:
            figures[name] = _measure(database, options.rounds)
        print(f"\n{name}: medians of {options.rounds} rounds; processor time is the server's")
        print(f"{'':30}{'clock, us':>12}{'processor, us':>15}{'over the first':>16}{'bytes':>8}")
        for write, row in figures[name].items():
            cells = f"{row['clock_us']:12.0f}{row['processor_us']:15.0f}{row['ratio']:16.2f}{row['bytes']:8.0f}"
            print(f"{write:30}{cells}")
    print(f"\nLoad average at the end: {os.getloadavg()}")
    if options.json:
        content = {"machine": machine(), "figures": figures}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _measure(database: Database, rounds: int) -> dict[str, dict[str, float]]:
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    growth: dict[str, int] = defaultdict(int)
    with tickbox.serving(database) as server, httpx.Client(base_url=server.base, timeout=60) as client:
        ada = tickbox.register(server.base, "Ada")
        client.headers["Authorization"] = f"Bearer {ada.token}"
        home = ada.home
        task = f"{home}/tasks/{_create(client, home).json()['id']}"
        for _ in range(rounds):
            for name, write in WRITES.items():
                write(client, home, task)  # which opens connections, and prepares statements
                size, cpu_s, began_s = database.size_bytes(), server.cpu_s(), time.perf_counter()
                for _ in range(BATCH):
                    write(client, home, task).raise_for_status()
                clock_s = time.perf_counter() - began_s
                times[name].append((clock_s / BATCH * 1e6, (server.cpu_s() - cpu_s) / BATCH * 1e6))
                growth[name] += database.size_bytes() - size
    found = {}
    for name, measured in times.items():
        base = times["patch" if name.startswith("patch") else "create"]
        found[name] = {
            "clock_us": statistics.median(clock for clock, _ in measured),
            "processor_us": statistics.median(cpu for _, cpu in measured),
            "ratio": median_ratio([cpu for _, cpu in measured], [cpu for _, cpu in base]),
            "bytes": growth[name] / rounds / BATCH,
        }
    return found


if __name__ == "__main__":
    main()

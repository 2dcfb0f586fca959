"""`python -m bench.guarantees`: what the guarantees cost a write, in time and in bytes. See bench/README.md."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from uuid_utils import uuid7

from bench import load
from tests.support.databases import own_postgres

BATCH = 50
_TICKBOX = Path(sys.executable).with_name("tickbox")
_READY = re.compile(r"ready on (http://\S+)")
_ADA = {"email": "ada@example.com", "password": "correct horse battery staple"}


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


@dataclass(frozen=True, slots=True)
class Database:
    """A database, and how large it is."""

    url: str
    size_bytes: Callable[[], int]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.guarantees", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help=f"how often {BATCH} of each are sent in turn (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    print(f"Machine: {json.dumps(load.machine())}")
    figures = {}
    for name, database in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with database() as opened:
            figures[name] = _measure(opened, options.rounds)
        print(f"\n{name}: medians of {options.rounds} rounds; processor time is the server's")
        print(f"{'':30}{'clock, us':>12}{'processor, us':>15}{'over the first':>16}{'bytes':>8}")
        for write, row in figures[name].items():
            cells = f"{row['clock_us']:12.0f}{row['processor_us']:15.0f}{row['ratio']:16.2f}{row['bytes']:8.0f}"
            print(f"{write:30}{cells}")
    print(f"\nLoad average at the end: {os.getloadavg()}")
    if options.json:
        content = {"machine": load.machine(), "figures": figures}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _measure(database: Database, rounds: int) -> dict[str, dict[str, float]]:
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    growth: dict[str, int] = defaultdict(int)
    with _serving(database) as (process, url), httpx.Client(base_url=url, timeout=60) as client:
        home = _register(client)
        server = load.Running(url, process.pid)
        task = f"{home}/tasks/{_create(client, home).json()['id']}"
        for _ in range(rounds):
            for name, write in WRITES.items():
                write(client, home, task)  # which opens connections, and prepares statements
                size, cpu_s, began_s = database.size_bytes(), _cpu_s(server), time.perf_counter()
                for _ in range(BATCH):
                    write(client, home, task).raise_for_status()
                clock_s = time.perf_counter() - began_s
                times[name].append((clock_s / BATCH * 1e6, (_cpu_s(server) - cpu_s) / BATCH * 1e6))
                growth[name] += database.size_bytes() - size
    found = {}
    for name, measured in times.items():
        base = times["patch" if name.startswith("patch") else "create"]
        found[name] = {
            "clock_us": statistics.median(clock for clock, _ in measured),
            "processor_us": statistics.median(cpu for _, cpu in measured),
            "ratio": load.median_ratio([cpu for _, cpu in measured], [cpu for _, cpu in base]),
            "bytes": growth[name] / rounds / BATCH,
        }
    return found


def _register(client: httpx.Client) -> str:
    """The path of somebody's personal workspace; the client acts as them from then on."""
    client.post("/v1/users", json={**_ADA, "name": "Ada"}).raise_for_status()
    token = client.post("/v1/sessions", json=_ADA).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return f"/v1/workspaces/{client.get('/v1/workspaces').json()['items'][0]['id']}"


def _cpu_s(server: load.Running) -> float:
    """The processor time of all threads: on SQLite, the database works in some of them."""
    tasks = Path(f"/proc/{server.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


@contextlib.contextmanager
def _serving(database: Database) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environment = os.environ | {
        "TICKBOX_DATABASE_URL": database.url,
        "TICKBOX_LOG_LEVEL": "warning",
        "TICKBOX_RATE_LIMIT": "100000000/day",  # more than are sent: they are counted, as in production
    }
    subprocess.run([_TICKBOX, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    command = [str(_TICKBOX), "serve", "--port", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = next(filter(None, map(_READY.search, process.stderr)), None)
            if found is None:
                sys.exit("the server did not start")
            yield process, found[1]
        finally:
            process.terminate()


@contextlib.contextmanager
def _sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory(prefix="tickbox-bench-") as folder:
        path = Path(folder, "tickbox.db")

        def size_bytes() -> int:
            with contextlib.closing(sqlite3.connect(path)) as connection:
                (pages,), (free,), (size,) = (
                    connection.execute(f"PRAGMA {name}").fetchone()
                    for name in ("page_count", "freelist_count", "page_size")
                )
            return int((pages - free) * size)

        yield Database(f"sqlite:///{path}", size_bytes)


@contextlib.contextmanager
def _postgresql() -> Iterator[Database]:
    with own_postgres() as url:
        yield Database(url, lambda: asyncio.run(_size_on_postgresql(url)))


async def _size_on_postgresql(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT pg_database_size(current_database())"))
    finally:
        await connection.close()


if __name__ == "__main__":
    main()

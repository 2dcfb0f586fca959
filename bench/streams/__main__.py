"""`python -m bench.streams`: what open streams cost, and how soon they say what was committed. See bench/README.md."""

from __future__ import annotations

import argparse
import dataclasses
import http.client
import json
import os
import re
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import load, tickbox
from bench.databases import KINDS, Database, opened
from bench.load import Request, Result, Running
from bench.machine import cores, machine
from bench.ratios import Ratio, ratio, rotated
from bench.stack import rows
from bench.stack.fairness import percentile
from bench.streams.listeners import Stream, listening
from bench.tickbox import Person
from domain import change_cursors
from domain.model.changes import LogPlace

USERS = 20
"""So many users have the idle streams, each in their own workspace."""
LISTENING = 100
_SETTLE_S = 2
_INTERVAL_S = 0.05
_PAGE = 200
_REPORTED_S = 2
_ROWS_READ = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables"
SETTINGS = {"TICKBOX_STREAMS": "20000", "TICKBOX_STREAMS_PER_USER": "20000"}
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """One process with streams on which nothing happens: its memory, and processor time in a minute of it and of the
    database's server. `_before` is without streams."""

    streams: int
    mib_before: float
    mib: float
    kib_of_stream: float
    cpu_s_before: float
    cpu_s: float
    database_cpu_s_before: float
    database_cpu_s: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """Creations of tasks in one workspace, by the number of streams that listen to it, and the ratios to none."""

    requests_per_s: dict[int, float]
    cpu_us: dict[int, float]
    whole_cpu_us: dict[int, float]
    rate_ratio: Ratio
    cpu_ratio: Ratio


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from a write's request to its response, and to its event on a stream: the median, and p99.

    `after_response` is from the response to the event: less than nothing where the event is first.
    """

    writes: int
    response_p50_ms: float
    response_p99_ms: float
    event_p50_ms: float
    event_p99_ms: float
    after_response_p50_ms: float
    after_response_p99_ms: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of `list_changes`: what it returned, and the rows that PostgreSQL read for it, with those of access."""

    items: int
    ms: float
    rows_read: int | None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=2000, help="how many are idle (2,000)")
    parser.add_argument("--seconds", type=float, default=60, help="how long they are (60)")
    parser.add_argument("--rounds", type=int, default=5, help="how often writes are measured with and without (5)")
    parser.add_argument("--writes", type=int, default=400, help="how many are timed, one each 50 ms (400)")
    parser.add_argument("--tasks", type=int, default=1_000_000, help="of the workspace of which pages are read")
    parser.add_argument("--database", choices=KINDS, help="this one only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args()
    load.require_wrk()
    found: dict[str, Any] = {"machine": machine()}
    for kind in KINDS:
        if options.database in {None, kind}:
            with opened(kind) as database:
                found[kind] = measure(database, options)
            print(f"\n{kind}")
            for name, figures in found[kind].items():
                print(f"  {name}: {json.dumps(figures, default=_plain)}")
    print(f"\nLoad average at the end: {os.getloadavg()}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=_plain) + "\n", encoding="utf-8")


def measure(database: Database, options: argparse.Namespace) -> dict[str, Any]:
    """All figures of one database."""
    with ExitStack() as stack:
        server = stack.enter_context(tickbox.serving(database, core=cores()[0], settings=SETTINGS))
        people = [tickbox.register(server.base, f"Ada{n}") for n in range(USERS)]
        ada = people[0]
        found: dict[str, Any] = {"idle": idle(server, people, streams=options.streams, seconds=options.seconds)}
        for what, stream in (("a workspace", stream_of(ada)), ("an account", account_stream_of(ada))):
            found[f"writes, streams of {what}"] = with_listeners(server, ada, stream, rounds=options.rounds)
        found["latency"] = latency(server, server, ada, writes=options.writes)
        found["latency with 100 streams"] = latency(server, server, ada, writes=options.writes, streams=LISTENING)
        other = stack.enter_context(tickbox.serving(database, core=cores()[-1], settings=SETTINGS))
        found["latency from another process"] = latency(server, other, ada, writes=options.writes)
        found["pages"] = pages(database, server, ada, tasks=options.tasks)
    return found


def idle(server: Running, people: Sequence[Person], *, streams: int, seconds: float) -> Idle:
    """What streams cost on which nothing happens, over what the process costs anyway."""
    time.sleep(_SETTLE_S)
    mib_before, before = _resident_mib(server), _in_a_minute(server, seconds=seconds)
    open_streams = [stream_of(people[n % len(people)]) for n in range(streams)]
    with listening(server.base, open_streams) as listeners:
        time.sleep(_SETTLE_S)
        during = _in_a_minute(server, seconds=seconds)
        mib = _resident_mib(server)
        for person in people[:streams]:
            write(server, person)
        listeners.wait_for(_head(server, people[0]))  # which is the same in each workspace
    return Idle(
        streams=streams,
        mib_before=mib_before,
        mib=mib,
        kib_of_stream=(mib - mib_before) * 1024 / streams,
        cpu_s_before=before[0],
        cpu_s=during[0],
        database_cpu_s_before=before[1],
        database_cpu_s=during[1],
    )


def with_listeners(server: Running, person: Person, stream: Stream, *, rounds: int, seconds: float = 3) -> Writes:
    """The same writes, without and with streams in turn. Ends the program if a stream has not got the last write."""
    results: dict[int, list[Result]] = {count: [] for count in (0, LISTENING)}
    for number in range(rounds):
        for count in rotated([*results], number):
            time.sleep(_SETTLE_S)  # the server ends the streams of before
            with listening(server.base, [stream] * count) as listeners:
                results[count].append(load.measure(server, _creation(person), seconds=seconds))
                listeners.wait_for(_head(server, person))
    none, some = results.values()
    return Writes(
        requests_per_s={count: statistics.median(r.requests_per_s for r in rs) for count, rs in results.items()},
        cpu_us={count: statistics.median(1e6 / r.requests_per_cpu_s for r in rs) for count, rs in results.items()},
        whole_cpu_us={
            count: statistics.median(1e6 / r.requests_per_whole_cpu_s for r in rs) for count, rs in results.items()
        },
        rate_ratio=ratio([r.requests_per_s for r in some], [r.requests_per_s for r in none]),
        cpu_ratio=ratio([1 / r.requests_per_cpu_s for r in some], [1 / r.requests_per_cpu_s for r in none]),
    )


def latency(writing: Running, streaming: Running, person: Person, *, writes: int, streams: int = 1) -> Latency:
    """The time from writes of one process to the first of some streams of the same, or of another one."""
    sent_s, responded_s = dict[int, float](), dict[int, float]()
    with listening(streaming.base, [stream_of(person)] * streams) as listeners:
        for _ in range(writes):
            time.sleep(_INTERVAL_S)
            began_s = time.perf_counter()
            revision = write(writing, person)
            sent_s[revision], responded_s[revision] = began_s, time.perf_counter()
        listeners.wait_for(max(sent_s))
    arrived_s = listeners.each[-1].arrived_s
    response = [1e3 * (responded_s[each] - sent_s[each]) for each in sent_s]
    event = [1e3 * (arrived_s[each] - sent_s[each]) for each in sent_s]
    after = [1e3 * (arrived_s[each] - responded_s[each]) for each in sent_s]
    quantiles = [percentile(times, percent) for times in (response, event, after) for percent in (50, 99)]
    names = [field.name for field in dataclasses.fields(Latency) if field.name.endswith("_ms")]
    return Latency(writes=writes, **dict(zip(names, quantiles, strict=True)))


def pages(database: Database, server: Running, person: Person, *, tasks: int) -> dict[str, Page]:
    """Pages of a workspace with so many tasks: the first one, and what has changed since all was read.

    PostgreSQL has fresh statistics of it, as it would have of a workspace that grew.
    """
    rows.fill(database, person.id, workspaces=1, tasks=tasks)
    home, workspace_id = rows.workspace_path(0), rows.id_of("workspace", 0)
    found = {"first": _page(database, server, person, f"{home}/changes?limit={_PAGE}")}
    place = LogPlace.end_of(int(load.response(server, Request("GET", home, token=person.token))[2]["head"]))
    cursor = change_cursors.encode(place, workspace_id=workspace_id, types=None)
    for number in range(_PAGE):
        _change(server, person, rows.task_path(0, number * tasks // _PAGE))
    found["changes"] = _page(database, server, person, f"{home}/changes?limit={_PAGE}&cursor={cursor}")
    return found


def _change(server: Running, person: Person, task: str) -> None:
    status, _, body = load.response(server, Request("PATCH", task, b'{"title": "Another title"}', person.token))
    if status != http.client.OK:
        sys.exit(f"a task was not changed: {body}")


def _page(database: Database, server: Running, person: Person, target: str) -> Page:
    before = _rows_read(database)
    began_s = time.perf_counter()
    status, _, body = load.response(server, Request("GET", target, token=person.token))
    ms = 1e3 * (time.perf_counter() - began_s)
    if status != http.client.OK:
        sys.exit(f"{target}: {body}")
    after = _rows_read(database)
    rows_read = None if before is None or after is None else after - before
    return Page(items=len(body["items"]), ms=ms, rows_read=rows_read)


def _rows_read(database: Database) -> int | None:
    """PostgreSQL counts them; each of its processes reports what it has counted after a second."""
    if database.is_sqlite:
        return None
    time.sleep(_REPORTED_S)
    return int(database.value(_ROWS_READ))


def _in_a_minute(server: Running, *, seconds: float) -> tuple[float, float]:
    """The processor time of the server and of its database, each in a minute."""
    before = server.cpu_s(), server.database_cpu_s()
    time.sleep(seconds)
    after = server.cpu_s(), server.database_cpu_s()
    return (after[0] - before[0]) * 60 / seconds, (after[1] - before[1]) * 60 / seconds


def stream_of(person: Person) -> Stream:
    """The stream of a person's workspace."""
    return Stream(path=f"{person.home}/events", token=person.token)


def account_stream_of(person: Person) -> Stream:
    """The stream of all workspaces of a person."""
    return Stream(path="/v1/users/me/changes/events", token=person.token)


def _creation(person: Person) -> Request:
    return Request("POST", f"{person.home}/tasks", b'{"title": "A title of the usual length"}', person.token)


def write(server: Running, person: Person) -> int:
    """Create a task, and return the number of the change."""
    status, _, body = load.response(server, _creation(person))
    if status != http.client.CREATED:
        sys.exit(f"a task was not created: {body}")
    return int(body["revision"])


def _head(server: Running, person: Person) -> int:
    return int(load.response(server, Request("GET", person.home, token=person.token))[2]["head"])


def _resident_mib(server: Running) -> float:
    found = _RESIDENT.search(Path(f"/proc/{server.pid}/status").read_text(encoding="ascii"))
    return 0 if found is None else int(found[1]) / 1024


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(type(value))


if __name__ == "__main__":
    main()

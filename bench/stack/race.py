"""Tickbox beside its twins: each round measures every server in turn, for each operation."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench import load, tickbox
from bench.databases import Database, opened
from bench.load import Result, Running
from bench.machine import cores
from bench.ratios import Ratio, ratio, rotated
from bench.stack import requests, rows
from bench.stack.requests import OPERATIONS, TARGETS, TICKBOX, TWINS, Scene

_MOST_PER_S = 12_000
"""More tasks than any of the servers can complete."""
FIGURES = {
    "by clock": "requests_per_s",
    "by processor time": "requests_per_cpu_s",
    "with the database's": "requests_per_whole_cpu_s",
}
"""The last says the same as the one before where the database is in the server's process."""

Rates = dict[str, dict[str, list[Result]]]
"""By operation and server, a result for each round."""


def race(kind: str, names: Sequence[str], *, rounds: int, seconds: float, written: int) -> dict[str, Any]:
    """Measure Tickbox and the twins of these *names* on one kind of database, print the ratios, and return all.

    Writes are spread over so many workspaces.
    """
    tasks = max(requests.SEEN_TASKS, round(_MOST_PER_S * (seconds + load.WARM_UP_S) / written))
    with _serving(kind, names, tasks=tasks, written=written) as (servers, scene):
        requests.check(servers, scene)
        rates = _measure(servers, scene, rounds=rounds, seconds=seconds)
    figures = list(FIGURES)[: 2 if kind == "sqlite" else 3]
    found = {
        "targets": TARGETS[kind],
        "ratios": {figure: ratios(rates, names, FIGURES[figure]) for figure in figures},
        "requests_per_s": medians(rates, "requests_per_s"),
        "rounds": _plain(rates),
    }
    _show(kind, found, rounds)
    return found


@contextlib.contextmanager
def _serving(
    kind: str, names: Sequence[str], *, tasks: int, written: int
) -> Iterator[tuple[dict[str, Running], Scene]]:
    with opened(kind) as database, tickbox.serving(database, core=cores()[0]) as ours:
        scene = prepare(database, ours, tasks=tasks, written=written)
        twins = [TWINS[kind][name] for name in names]
        with load.running(twins, database_url=database.url, database_pid=database.pid) as others:
            yield {TICKBOX: ours, **others}, scene


def prepare(database: Database, server: Running, *, tasks: int, written: int) -> Scene:
    """Create the people, and the workspaces with so many *tasks* each, of which so many are *written* to."""
    ada, bob = (tickbox.register(server.base, name) for name in ("Ada", "Bob"))
    rows.fill(database, ada.id, workspaces=1 + written, tasks=tasks)
    rows.add_viewer(database, bob.id, workspace=requests.WRITTEN)
    return Scene(database=database, ada=ada, bob=bob, tasks=tasks, written=written)


def _measure(servers: Mapping[str, Running], scene: Scene, *, rounds: int, seconds: float) -> Rates:
    rates: Rates = defaultdict(lambda: defaultdict(list))
    for number, operation in itertools.product(range(rounds), OPERATIONS):
        for name in rotated(list(servers), number):
            if operation == "complete":
                rows.reopen(scene.database, but_for=requests.READ)
            rows.settle(scene.database)
            rates[operation][name].append(load.measure(servers[name], scene.request(operation), seconds=seconds))
    return rates


def ratios(rates: Rates, names: Sequence[str], attribute: str) -> dict[str, dict[str, Ratio]]:
    """Tickbox's figures over those of each twin."""

    def figures(operation: str, name: str) -> list[float]:
        return [getattr(result, attribute) for result in rates[operation][name]]

    return {
        name: {operation: ratio(figures(operation, TICKBOX), figures(operation, name)) for operation in rates}
        for name in names
    }


def medians(rates: Rates, attribute: str) -> dict[str, dict[str, float]]:
    """By server and operation."""
    return {
        name: {
            operation: statistics.median(getattr(result, attribute) for result in by_name[name])
            for operation, by_name in rates.items()
        }
        for name in next(iter(rates.values()))
    }


def _plain(rates: Rates) -> dict[str, dict[str, list[dict[str, float]]]]:
    return {
        operation: {name: [dataclasses.asdict(result) for result in results] for name, results in by_name.items()}
        for operation, by_name in rates.items()
    }


def _show(kind: str, found: Mapping[str, Any], rounds: int) -> None:
    print(f"\n{kind}: requests of Tickbox over those of each twin; median of {rounds} rounds, lowest to highest")
    head = "".join(f"{operation:>22}" for operation in OPERATIONS)
    for figure, by_name in found["ratios"].items():
        print(f"{figure:22}{head}")
        for name, by_operation in by_name.items():
            targets = found["targets"].get(name, {})
            cells = "".join(_cell(by_operation[each], targets.get(each)) for each in OPERATIONS)
            print(f"  {name:20}{cells}")
    print("requests per second by the clock, for this machine at this hour only")
    for name, by_operation in found["requests_per_s"].items():
        print(f"  {name:20}" + "".join(f"{by_operation[each]:22,.0f}" for each in OPERATIONS))


def _cell(value: Ratio, target: float | None) -> str:
    mark = "" if target is None else " *" if value.median >= target else f" <{target:g}"
    return f"{f'{value.median:.2f} ({value.lowest:.2f}-{value.highest:.2f}){mark}':>22}"

"""Tickbox alone, on databases of different sizes: the same requests should take the same time."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from bench import load, tickbox
from bench.databases import opened
from bench.load import Request, Result, Running, Variety
from bench.machine import cores
from bench.ratios import ratio, rotated
from bench.stack import rows
from bench.tickbox import Person

SIZES = (10_000, 100_000, 1_000_000)
WORKSPACES, TASKS_EACH = 10_000, 100
OPERATIONS = ("get", "list", "create")
_TARGETS = 1000
"""How many tasks, evenly spread over all of them, are read in turn."""
_CONNECTIONS = 4
"""So few that a request hardly waits for others: what is asked is how long it takes."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """So many workspaces of one user, with so many tasks each."""

    workspaces: int
    tasks: int

    @property
    def name(self) -> str:
        return f"{self.tasks:,} tasks" if self.workspaces == 1 else f"{self.workspaces:,} x {self.tasks:,} tasks"

    def request(self, operation: str, person: Person) -> Request:
        total = self.workspaces * self.tasks
        places = [divmod(number * total // _TARGETS, self.tasks) for number in range(_TARGETS)]
        workspaces = [f"{rows.workspace_path(workspace)}/tasks" for workspace, _ in places]
        if operation == "get":
            targets = [rows.task_path(workspace, task) for workspace, task in places]
        else:
            query = "?status=open&limit=50&sort=created_at" if operation == "list" else ""
            targets = [f"{path}{query}" for path in workspaces]
        body = b'{"title": "Buy seeds"}' if operation == "create" else None
        method = "GET" if body is None else "POST"
        return Request(method, targets[0], body, person.token, Variety(targets=tuple(targets)))


def grow(kind: str, sizes: Sequence[int], *, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure each size in turn, print the percentiles, and return all."""
    found: dict[str, dict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    every = [*(Size(workspaces=1, tasks=tasks) for tasks in sizes), Size(workspaces=WORKSPACES, tasks=TASKS_EACH)]
    with contextlib.ExitStack() as stack:
        servers = {size: stack.enter_context(_serving(kind, size)) for size in every}
        for number, operation in product(range(rounds), OPERATIONS):
            for size in rotated(every, number):
                server, person = servers[size]
                request = size.request(operation, person)
                result = load.measure(server, request, seconds=seconds, connections=_CONNECTIONS)
                found[operation][size.name].append(result)
    shown = {
        operation: _summary({size.name: by_size[size.name] for size in every}) for operation, by_size in found.items()
    }
    _show(kind, shown, rounds)
    return shown


@contextlib.contextmanager
def _serving(kind: str, size: Size) -> Iterator[tuple[Running, Person]]:
    with opened(kind) as database, tickbox.serving(database, core=cores()[0]) as server:
        ada = tickbox.register(server.base, "Ada")
        rows.fill(database, ada.id, workspaces=size.workspaces, tasks=size.tasks)
        yield server, ada


def _summary(by_size: dict[str, list[Result]]) -> dict[str, Any]:
    """By size: medians over the rounds, and how many times the first's p99 its p99 is, round by round."""
    base = [result.p99_us for result in next(iter(by_size.values()))]
    return {
        name: {
            "p50_us": statistics.median(result.p50_us for result in results),
            "p99_us": statistics.median(result.p99_us for result in results),
            "p99_ratio": ratio([result.p99_us for result in results], base),
            "rounds": [dataclasses.asdict(result) for result in results],
        }
        for name, results in by_size.items()
    }


def _show(kind: str, shown: dict[str, Any], rounds: int) -> None:
    print(f"\n{kind}: milliseconds of a request, {_CONNECTIONS} at once; medians of {rounds} rounds")
    print(f"{'':10}{'':24}{'p50':>8}{'p99':>8}   p99 over that of the smallest")
    for operation, by_size in shown.items():
        for name, figures in by_size.items():
            cells = f"{figures['p50_us'] / 1000:8.2f}{figures['p99_us'] / 1000:8.2f}"
            spread = figures["p99_ratio"]
            print(f"{operation:10}{name:24}{cells}{spread.median:8.2f} ({spread.lowest:.2f}-{spread.highest:.2f})")

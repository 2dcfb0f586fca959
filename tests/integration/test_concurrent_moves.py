"""Cases of users: an order that many change at once (A15)."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from domain.positions import LONGEST
from tests.support.clients import Person, everything, ok
from tests.support.databases import AT_LENGTH
from tests.support.logs import check_log, check_payloads
from tests.support.tables import Tables

THREADS = 8
TASKS = 120
MOVES = 10_000 if AT_LENGTH else 400
"""So many that neighbours must make room."""


def in_order(person: Person) -> list[dict[str, Any]]:
    """The tasks as they are listed, whose positions are different, and in the order of their bytes."""
    listed = everything(person.client, f"{person.home}/tasks", sort="position", limit=200)
    positions = [task["position"].encode() for task in listed]
    assert positions == sorted(set(positions))
    return listed


def test_a15_an_order_that_eight_threads_change_at_once_neither_collides_nor_loses_a_task(
    ada: Person, tables: Tables
) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        created = list(threads.map(lambda n: ada.create("tasks", title=f"{n}"), range(TASKS)))
    before = in_order(ada)
    assert {task["id"] for task in before} == {task["id"] for task in created}

    gap, moved = before[60]["id"], [task["id"] for task in before[61:100]]

    def move(number: int) -> None:
        mover = random.Random(number).choice(moved)  # noqa: S311 -- no secret
        ok(ada.client.post(f"{ada.home}/tasks/{mover}/move", json={"after": gap}))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(move, range(MOVES)))

    after = in_order(ada)
    untouched = [task["id"] for task in before if task["id"] not in moved]
    assert [task["id"] for task in after if task["id"] not in moved] == untouched
    assert {task["id"] for task in after} == {task["id"] for task in before}
    assert {task["id"] for task in after[61:100]} == set(moved)
    assert max(len(task["position"]) for task in after) <= LONGEST < 64
    log = check_log(tables, ada.workspace_id)
    check_payloads(ada, log)
    events = [event for event in log if event.type == "task.moved"]
    assert MOVES * 0.9 < len({event.revision for event in events}) < len(events) < MOVES * 1.2

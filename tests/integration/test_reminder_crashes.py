"""kill -9 of a worker that fires reminders, repeatedly: none is lost, and none fires twice."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from persistence.database import Database
from persistence.fired_reminders import fired_reminders
from tests.support.overdue import add_overdue, check_fired
from tests.support.programs import patiently, started
from tests.support.tables import Tables

KILLS = int(os.environ.get("TICKBOX_TEST_KILLS", "2"))
"""The number of kills; `make soak` sets a larger one."""
PEOPLE, EACH = 20, 150
"""A worker looks at 100 at once, so a transaction fires five: it takes 600 of them in all."""
LONGEST_S = 0.2
"""A worker is killed at a random moment within this time of work."""
FIRED = select(func.count()).select_from(fired_reminders)

pytestmark = pytest.mark.unmeasured


def test_each_fires_once_although_workers_are_killed(database_url: str, tmp_path: Path) -> None:
    async def prepare() -> dict[UUID, list[UUID]]:
        database = Database(database_url)
        added = await add_overdue(database, [f"u{n}" for n in range(PEOPLE)], each=EACH)
        await database.close()
        return added

    async def check(expected: dict[UUID, list[UUID]]) -> None:
        database = Database(database_url)
        await check_fired(database, expected)
        await database.close()

    expected = asyncio.run(prepare())
    tables = Tables(database_url)
    counts = [run_until_killed(tables, database_url, tmp_path / str(number)) for number in range(KILLS)]
    assert counts[0] < PEOPLE * EACH, "it was killed while there was something to do"
    with started(folder(tmp_path / "last"), "worker", database_url=database_url):
        wait_for(tables, PEOPLE * EACH)
    tables.close()
    asyncio.run(check(expected))


def run_until_killed(tables: Tables, database_url: str, place: Path) -> int:
    """Start a worker, and kill it soon after it has begun to fire. How many have fired then."""
    before = count_of(tables)
    with started(folder(place), "worker", database_url=database_url) as worker:
        wait_for(tables, min(before + 1, PEOPLE * EACH))
        time.sleep(random.uniform(0, LONGEST_S))  # noqa: S311  # no secret
        worker.process.kill()
        worker.process.wait()
    return count_of(tables)


def wait_for(tables: Tables, count: int) -> None:
    for _ in patiently():
        if count_of(tables) >= count:
            return


def count_of(tables: Tables) -> int:
    rows: Sequence[tuple[int]] = tables.rows(FIRED)
    return rows[0][0]


def folder(path: Path) -> Path:
    path.mkdir()
    return path

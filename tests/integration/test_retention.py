"""What is old is deleted from logs: clients notice, and writers do not."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select

from app.jobs.purge import purge
from persistence import log_purges
from persistence.events import events, tombstones
from persistence.memberships import workspaces
from persistence.octets import octets
from tests.support.clients import Client, Person, created, everything, no_content, ok, register, rejected
from tests.support.databases import AT_LENGTH
from tests.support.purging import dependencies, purged
from tests.support.streams import streaming
from tests.support.tables import Tables

KEPT = dt.timedelta(days=90)
LATER = KEPT + dt.timedelta(days=1)
PURGE = partial(log_purges.purge, kept=KEPT)
WRITERS = 4
TASKS = 250 if AT_LENGTH else 25

pytestmark = [pytest.mark.unmeasured, pytest.mark.mostly_on_one_database]


def test_a_client_that_was_away_for_longer_than_the_retention_reads_everything_again(
    ada: Person, tables: Tables, module_database_url: str
) -> None:
    away = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 200}))["next_cursor"]
    deleted = ada.create("tasks", title="Sow")["id"]
    no_content(ada.client.delete(f"{ada.home}/tasks/{deleted}"))
    kept = ada.create("tasks", title="Reap")["id"]
    recent = ok(ada.client.get(f"{ada.home}/changes", params={"limit": 200, "cursor": away}))["next_cursor"]

    purged(module_database_url, PURGE, after=KEPT - dt.timedelta(days=1))
    assert ok(ada.client.get(f"{ada.home}/changes", params={"cursor": away}))["items"]
    purged(module_database_url, PURGE, after=LATER)

    rejected(ada.client.get(f"{ada.home}/changes", params={"cursor": away}), 410, "cursor-expired")
    assert ok(ada.client.get(f"{ada.home}/changes", params={"cursor": recent}))["items"] == []
    first = ok(ada.client.get(f"{ada.home}/changes", params={"types": ["task"]}))["items"]
    assert [(each["id"], each["deleted"]) for each in first] == [(kept, False)]
    log = everything(ada.client, f"{ada.home}/activity")
    assert {(each["title"], tuple(each["changed"])) for each in log} == {(None, ())}
    assert [(each["event"], each["id"], each["erased"]) for each in log[:3]] == [
        ("task.created", kept, True),
        ("task.deleted", deleted, False),
        ("task.created", deleted, True),
    ]
    with streaming(ada.client, f"{ada.home}/events", cursor=recent, until="head") as stream:
        assert stream.rest() == []
    rejected(ada.client.get(f"{ada.home}/events", params={"cursor": away}), 410, "cursor-expired")
    assert tables.rows(select(tombstones.c.entity_id).where(tombstones.c.workspace_id == UUID(ada.workspace_id))) == []


def write(client: Client, home: str) -> None:
    """Create tasks, change each, and delete every other one."""
    for number in range(TASKS):
        task = created(client.post(f"{home}/tasks", json={"title": str(number), "description": "x" * 500}))["id"]
        ok(client.merge(f"{home}/tasks/{task}", {"title": f"{number} again"}))
        if number % 2:
            no_content(client.delete(f"{home}/tasks/{task}"))


async def purge_until(stop: threading.Event, url: str) -> int:
    """Purge again and again what others write, which is old at once. How many rows were deleted."""
    parts = replace(dependencies(url), clock=lambda: dt.datetime.now(dt.UTC) + LATER)
    total = 0
    try:
        while not stop.is_set():
            total += await purge(parts, PURGE)
            await asyncio.sleep(0.01)
    finally:
        await parts.database.close()
    return total


@pytest.mark.on_each_database
def test_the_purge_of_a_log_and_those_who_write_to_it_do_not_get_in_each_other_s_way(
    client: Client, tables: Tables, module_database_url: str
) -> None:
    person = register(client)
    stop = threading.Event()
    with ThreadPoolExecutor(WRITERS + 1) as threads:
        purging = threads.submit(asyncio.run, purge_until(stop, module_database_url))
        writing = [
            threads.submit(write, person.client.with_token(person.tokens["access_token"]), person.home)
            for _ in range(WRITERS)
        ]
        try:
            for each in writing:
                each.result()
        finally:
            stop.set()
        assert purging.result() > WRITERS * TASKS

    here = UUID(person.workspace_id)
    changes = 1 + WRITERS * (2 * TASKS + TASKS // 2)
    assert person.head() == changes
    assert tables.rows(select(func.count(events.c.revision.distinct())).where(events.c.workspace_id == here)) == [
        (changes,)
    ]
    purged(module_database_url, PURGE, after=dt.timedelta())
    size = select(func.coalesce(func.sum(octets(events.c.body)), 0)).where(events.c.workspace_id == here)
    used = select(workspaces.c.log_bytes).where(workspaces.c.id == here)
    assert tables.rows(size) == tables.rows(used)
    purged(module_database_url, PURGE, after=LATER)
    assert (tables.rows(size), tables.rows(used)) == ([(0,)], [(0,)])

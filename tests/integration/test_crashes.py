"""kill -9 under load, repeatedly: no acknowledged write is lost, nothing is half done, no retry has a second effect.

Each writer sends one request after the other, each with its own key, and waits for each response. It sends requests
that got no response because of a kill again, unchanged, to the next server. At the end the log must have each request
exactly once, and the tables must match the log.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, insert, select, update

from persistence.events import events
from persistence.memberships import workspaces
from persistence.task_rows import LIVE, tasks
from tests.support.clients import MERGE_PATCH, Client, Person, new_id, no_content, ok, register, rejected
from tests.support.logs import LoggedEvent, check_log, check_payloads
from tests.support.patience import PATIENCE_S
from tests.support.programs import serve
from tests.support.tables import NOW, Tables

KILLS = int(os.environ.get("TICKBOX_TEST_KILLS", "2"))
"""The number of kills; `make soak` sets a larger one."""
WRITERS = 8
LARGE, AT_ONCE = 5000, 500
"""The tasks of a large project, and how many of them are inserted at once."""
LONGEST_S = 0.5
"""A server is killed at a random moment within this time of load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request and the event that it must write: the type, and the title of the task then (None if it was deleted)."""

    method: str
    path: str
    event_type: str
    title: str | None
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Writer:
    """Creates a task, changes it, completes it, deletes some; then the next one."""

    name: str
    tasks_path: str
    acknowledged: list[Request] = field(default_factory=list)
    pending: Request | None = None

    def __post_init__(self) -> None:
        self._requests = self._plan()

    async def send(self, client: httpx.AsyncClient) -> bool:
        """Send the next request, or the last one again. False if the server was killed and the outcome is unknown."""
        again = self.pending is not None
        request = self.pending = self.pending or next(self._requests)
        try:
            response = await client.request(request.method, request.path, json=request.body, headers=request.headers)
        except httpx.TransportError:
            return False
        # A deletion that was committed but got no response finds nothing when it is sent again.
        was_deleted = again and request.method == "DELETE" and response.status_code == httpx.codes.NOT_FOUND
        assert response.is_success or was_deleted, (response.status_code, response.text)
        self.acknowledged.append(request)
        self.pending = None
        return True

    async def send_until_the_end(self, client: httpx.AsyncClient) -> None:
        """Send requests until the server is killed."""
        while await self.send(client):
            pass

    async def repeat_unanswered(self, client: httpx.AsyncClient) -> None:
        """Send the request without a response again."""
        assert self.pending is None or await self.send(client)

    def _plan(self) -> Iterator[Request]:
        number = 0
        while True:
            number += 1
            title, task_id = f"{self.name}, task {number}", new_id()
            path = f"{self.tasks_path}/{task_id}"
            by_id = {"title": title, "id": task_id}
            yield self._with_key("POST", self.tasks_path, "task.created", title, by_id)
            patch = {"Content-Type": MERGE_PATCH, "Idempotency-Key": new_id()}
            title += ", changed"
            yield Request(
                method="PATCH", path=path, event_type="task.updated", title=title, body={"title": title}, headers=patch
            )
            yield self._with_key("POST", f"{path}/complete", "task.completed", title)
            # A task that is created without a key is recognised by its id alone.
            other = {"title": f"{self.name}, other {number}", "id": new_id()}
            yield Request(
                method="POST", path=self.tasks_path, event_type="task.created", title=other["title"], body=other
            )
            if number % 2:
                yield Request(method="DELETE", path=path, event_type="task.deleted", title=None)

    @staticmethod
    def _with_key(method: str, path: str, event_type: str, title: str, body: dict[str, Any] | None = None) -> Request:
        headers = {"Idempotency-Key": new_id()}
        return Request(method=method, path=path, event_type=event_type, title=title, body=body, headers=headers)


async def load(url: str, token: str, writers: list[Writer], *, kill_after_s: float, kill: Callable[[], None]) -> None:
    """Let all *writers* write, and kill the server meanwhile."""
    async with connected(url, token) as client:
        writing = [asyncio.create_task(writer.send_until_the_end(client)) for writer in writers]
        await asyncio.sleep(kill_after_s)
        kill()
        await asyncio.gather(*writing)


async def repeat_unanswered(url: str, token: str, writers: list[Writer]) -> None:
    """Let *writers* repeat the requests without a response."""
    async with connected(url, token) as client:
        await asyncio.gather(*(writer.repeat_unanswered(client) for writer in writers))


def connected(url: str, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S, trust_env=False
    )


def events_of_tasks(log: list[LoggedEvent]) -> Counter[tuple[str, str | None]]:
    """How often the log has each event: the type and the title of the task then; of a deletion only the type."""
    return Counter(
        (event.type, None if event.is_the_end or event.payload is None else event.payload["title"])
        for event in log
        if event.kind == "task"
    )


@pytest.mark.unmeasured
def test_no_acknowledged_write_is_lost_and_none_is_done_twice(
    database_url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.randrange(10**9)  # noqa: S311  # any moment will do
    moments = random.Random(seed)  # noqa: S311  # as above
    settings = {"database_url": database_url, "log_level": "warning"}
    tables = Tables(database_url)
    writers: list[Writer] = []
    unacknowledged = 0
    for _ in range(KILLS):
        with serve(tmp_path, **settings) as program:
            if not writers:
                with Client(program.url) as client:
                    ada = register(client)
                token = str(ada.tokens["access_token"])
                writers = [Writer(f"writer {n}", f"{ada.home}/tasks") for n in range(WRITERS)]
            moment = moments.uniform(0, LONGEST_S)
            asyncio.run(load(program.url, token, writers, kill_after_s=moment, kill=program.process.kill))
        unacknowledged += sum(writer.pending is not None for writer in writers)
    with serve(tmp_path, **settings) as program, Client(program.url, token=token) as client:
        asyncio.run(repeat_unanswered(program.url, token, writers))
        log = check_log(tables, ada.workspace_id)
        check_payloads(replace(ada, client=client), log)
    tables.close()
    acknowledged = [request for writer in writers for request in writer.acknowledged]
    assert events_of_tasks(log) == Counter((request.event_type, request.title) for request in acknowledged), seed
    assert unacknowledged > KILLS, "the servers were killed under load"
    record_property(
        "writes", f"{len(acknowledged)} acknowledged, {unacknowledged} cut off by {KILLS} kills (seed {seed})"
    )


@pytest.mark.unmeasured
def test_the_deletion_of_a_large_project_goes_on_after_a_kill(database_url: str, tmp_path: Path) -> None:
    settings = {"database_url": database_url, "log_level": "warning"}
    tables = Tables(database_url)
    with serve(tmp_path, **settings) as program, Client(program.url) as client, ThreadPoolExecutor(1) as thread:
        ada = register(client)
        path = f"{ada.home}/projects/{large_project(ada, tables)}"
        deleting = thread.submit(ada.client.delete, path)
        while tasks_left(tables) == LARGE and not deleting.done():
            pass
        program.process.kill()
        with pytest.raises(httpx.TransportError):
            deleting.result()
        assert 0 < tasks_left(tables) < LARGE
        check_log(tables, ada.workspace_id)
    token = str(ada.tokens["access_token"])
    with serve(tmp_path, **settings) as program, Client(program.url, token=token) as client:
        ok(client.get(path))
        no_content(client.delete(path))
        rejected(client.get(path), 404, "not-found")
    assert tasks_left(tables) == 0
    check_log(tables, ada.workspace_id)
    tables.close()


def large_project(ada: Person, tables: Tables) -> str:
    """A project with many tasks, all created by its workspace's next change."""
    project: str = ada.create("projects", name="Garden")["id"]
    revision = ada.head() + 1
    for start in range(0, LARGE, AT_ONCE):
        place = {"workspace_id": UUID(ada.workspace_id), "revision": revision}
        ids = {number: UUID(new_id()) for number in range(start + 1, start + AT_ONCE + 1)}
        created = {"project_id": UUID(project), "created_by": UUID(ada.id), "created_at": NOW, "updated_at": NOW}
        texts = dict.fromkeys(("description", "label_ids", "metadata"), "")
        task = {"title": "Sow", "status": "open", "priority": 0, "due_key": "~", **texts}
        event = {"type": "task.created", "actor_id": UUID(ada.id), "recorded_at": NOW, "body": "{}"}
        tables.write(
            insert(tasks).values(
                [{**place, **created, **task, "id": each, "position": f"a{n:06}"} for n, each in ids.items()]
            )
        )
        tables.write(
            insert(events).values([{**place, **event, "sequence": n, "entity_id": each} for n, each in ids.items()])
        )
    tables.write(update(workspaces).where(workspaces.c.id == UUID(ada.workspace_id)).values(head=revision))
    return project


def tasks_left(tables: Tables) -> int:
    return int(tables.rows(select(func.count()).select_from(tasks).where(LIVE))[0][0])

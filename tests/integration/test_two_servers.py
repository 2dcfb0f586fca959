"""Two servers on one database, also on an SQLite file: all that one server promises holds for both together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.clients import (
    MERGE_PATCH,
    PASSWORD,
    Client,
    Person,
    check,
    created,
    everything,
    new_email,
    new_id,
    no_content,
    ok,
    register,
    rejected,
)
from tests.support.logs import check_log, check_payloads
from tests.support.mailboxes import Mailbox
from tests.support.patience import PATIENCE_S
from tests.support.programs import Program, serve
from tests.support.tables import Tables

MANY = 40


@dataclass(frozen=True, slots=True)
class Pair:
    """Two running servers, and the mail server of both."""

    programs: tuple[Program, Program]
    mailbox: Mailbox

    @property
    def urls(self) -> tuple[str, str]:
        first, second = self.programs
        return first.url, second.url

    def at_once(self, requests: list[dict[str, Any]], *, token: str | None = None) -> list[httpx.Response]:
        """The responses to *requests*, sent to both servers in turn, each on its own connection."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}

        async def send() -> list[httpx.Response]:
            async with httpx.AsyncClient(headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
                each = zip(cycle(self.urls), requests, strict=False)
                return await asyncio.gather(*(client.request(**{**r, "url": base + r["url"]}) for base, r in each))

        responses = asyncio.run(send())
        for response in responses:
            check(response)
        return responses


@pytest.fixture(scope="module")
def pair(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    mailbox = Mailbox()
    mailbox.start()
    settings = {"database_url": module_database_url, "smtp_url": mailbox.url}
    with ExitStack() as stack:
        first, second = (stack.enter_context(serve(tmp_path_factory.mktemp(name), **settings)) for name in "ab")
        yield Pair((first, second), mailbox)
    mailbox.stop()


@pytest.fixture
def ada(pair: Pair) -> Iterator[Person]:
    with Client(pair.urls[0]) as client:
        yield register(client)


def creates(ada: Person, **headers: str) -> list[dict[str, Any]]:
    return [
        {"method": "POST", "url": f"{ada.home}/tasks", "json": {"title": "Sow"}, "headers": headers}
        for _ in range(MANY)
    ]


def statuses(responses: list[httpx.Response]) -> Counter[int]:
    return Counter(response.status_code for response in responses)


def test_concurrent_creates_at_both_all_exist_and_are_numbered_without_a_gap(
    pair: Pair, ada: Person, tables: Tables
) -> None:
    responses = pair.at_once(creates(ada), token=ada.tokens["access_token"])
    assert statuses(responses) == {201: MANY}
    assert sorted(response.json()["revision"] for response in responses) == list(range(2, MANY + 2))
    ids = {response.json()["id"] for response in responses}
    assert {task["id"] for task in everything(ada.client, f"{ada.home}/tasks")} == ids
    check_payloads(ada, check_log(tables, ada.workspace_id))


def test_one_key_at_both_at_once_has_one_effect_and_one_response(pair: Pair, ada: Person) -> None:
    requests = creates(ada, **{"Idempotency-Key": new_id()})
    responses = pair.at_once(requests, token=ada.tokens["access_token"])
    assert statuses(responses) == {201: MANY}
    assert len({response.content for response in responses}) == 1
    assert everything(ada.client, f"{ada.home}/tasks") == [responses[0].json()]


def test_of_concurrent_patches_of_one_version_at_both_one_succeeds(pair: Pair, ada: Person) -> None:
    path = f"{ada.home}/tasks/{ada.create('tasks', title='Sow')['id']}"
    headers = {"If-Match": ada.client.get(path).headers["etag"], "Content-Type": MERGE_PATCH}
    requests = [
        {"method": "PATCH", "url": path, "json": {"title": f"Version {n}"}, "headers": headers} for n in range(MANY)
    ]
    responses = pair.at_once(requests, token=ada.tokens["access_token"])
    assert statuses(responses) == {200: 1, 412: MANY - 1}
    (winner,) = [response for response in responses if response.status_code == 200]
    assert ok(ada.client.get(path)) == winner.json()


def test_a_commit_of_one_is_visible_at_the_other_at_once(pair: Pair, ada: Person) -> None:
    with Client(pair.urls[1], token=ada.tokens["access_token"]) as other:
        for number in range(MANY):
            task = ada.create("tasks", title=f"Sow {number}")
            assert ok(other.get(f"{ada.home}/tasks/{task['id']}")) == task
        no_content(ada.client.delete(f"/v1/sessions/{ada.tokens['session_id']}"))
        rejected(other.get("/v1/users/me"), 401, "unauthenticated")


def test_each_email_is_sent_by_one_of_the_two(pair: Pair) -> None:
    addresses = [new_email() for _ in range(MANY)]
    requests = [
        {"method": "POST", "url": "/v1/users", "json": {"email": email, "password": PASSWORD, "name": "Ada"}}
        for email in addresses
    ]
    assert statuses(pair.at_once(requests)) == {201: MANY}
    for address in addresses:
        pair.mailbox.wait_for(address)
    assert {address: len(pair.mailbox.to(address)) for address in addresses} == dict.fromkeys(addresses, 1)


def test_one_that_is_killed_while_both_write_does_not_delay_the_other(
    pair: Pair, ada: Person, tables: Tables, module_database_url: str, tmp_path: Path
) -> None:
    with serve(tmp_path, database_url=module_database_url, log_level="warning") as killed:
        asyncio.run(_write_at_both(ada, killed, pair.programs[0]))
    created(ada.client.post(f"{ada.home}/tasks", json={"title": "after"}))
    check_payloads(ada, check_log(tables, ada.workspace_id))


async def _write_at_both(ada: Person, killed: Program, other: Program) -> None:
    """Eight writers at each; one server is killed after each of its writers has two responses."""
    headers = {"Authorization": f"Bearer {ada.tokens['access_token']}"}
    responses_of = Counter[str]()

    async def write(url: str, enough: int) -> None:
        while responses_of[url] < enough:
            reply = await client.post(f"{url}{ada.home}/tasks", json={"title": "Sow"})
            assert reply.status_code == 201, reply.text
            responses_of[url] += 1

    urls = killed.url, other.url
    async with httpx.AsyncClient(headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
        doomed = [asyncio.create_task(write(urls[0], 1_000_000)) for _ in range(8)]
        living = [asyncio.create_task(write(urls[1], 50)) for _ in range(8)]
        while responses_of[urls[0]] < 16:  # noqa: ASYNC110  # counted by eight others
            await asyncio.sleep(0.01)
        killed.process.kill()
        ends = await asyncio.gather(*doomed, return_exceptions=True)
        await asyncio.gather(*living)
    assert all(isinstance(end, httpx.TransportError) for end in ends), ends

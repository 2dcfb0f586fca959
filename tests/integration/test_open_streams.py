"""Open streams of a process: how many there can be, what they cost, and what happens when the database is away."""

from __future__ import annotations

import gc
import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import pytest

from app.main import URN_PREFIX, build
from app.settings import Settings
from domain.account_changes import AccountChanges
from domain.change_cursors import encode
from domain.model.changes import ChangeEvent, LogPlace
from tests.support.clients import Client, Person, ok, register, rejected
from tests.support.databases import Databases, PostgresDatabases
from tests.support.patience import PATIENCE_S
from tests.support.programs import our_contract, quick_passwords
from tests.support.server import UNHINDERED, serving
from tests.support.statements import overheard
from tests.support.streams import streaming
from tests.support.wire import Address, connected, request
from tickbox_contract.engine.protocol import bounded_protocol
from tickbox_contract.responses import Event, Messages

MANY = 50


@contextmanager
def served(database_url: str, *, write_timeout_s: float = 30, **settings: Any) -> Iterator[tuple[Client, Address]]:
    """A client of a server with these settings, and its address."""
    application = build(
        Settings(database_url=database_url, **UNHINDERED | settings),
        contract=our_contract(),
        background=False,
        passwords=quick_passwords(),
    )
    protocol = bounded_protocol(URN_PREFIX, write_timeout_s=write_timeout_s)
    with (
        serving(application, protocol=protocol, lifespan="on", timeout_graceful_shutdown=PATIENCE_S) as (host, port),
        Client(f"http://{host}:{port}") as client,
    ):
        yield client, (host, port)


def events_of(person: Person) -> str:
    return f"{person.home}/events"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def test_a_user_and_a_process_have_so_many_streams_at_most(database_url: str) -> None:
    with served(database_url, streams_per_user=2, streams=3) as (client, _), ExitStack() as stack:
        ada, bob = register(client), register(client)
        first = stack.enter_context(ExitStack())
        for holder in (first, stack):
            holder.enter_context(streaming(ada.client, events_of(ada)))
        refused = ada.client.get(events_of(ada))
        rejected(refused, 429, "too-many-streams")
        assert refused.json()["detail"].startswith("You have 2 open streams, and cannot have more.")
        assert int(refused.headers["Retry-After"]) > 0
        stack.enter_context(streaming(bob.client, events_of(bob)))
        refused = bob.client.get(events_of(bob))
        rejected(refused, 503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        first.close()
        until(lambda: ada.client.head(events_of(ada)).status_code == 200)


def test_open_streams_do_not_hold_up_other_requests_of_their_user(sqlite_url: str) -> None:
    """A caller who begins many requests at once waits for their turn (ADR 86): open streams have begun long ago."""
    with served(sqlite_url, streams_per_user=MANY) as (client, _), ExitStack() as stack:
        ada = register(client)
        streams = [stack.enter_context(streaming(ada.client, events_of(ada))) for _ in range(MANY)]
        task = ada.create("tasks", title="Sow")
        assert ok(ada.client.get(f"{ada.home}/tasks/{task['id']}")) == task
        assert {stream.event()["revision"] for stream in streams} == {task["revision"]}


def test_a_silent_stream_sends_heartbeats(database_url: str) -> None:
    with served(database_url, stream_heartbeat_s=1) as (client, _):
        ada = register(client)
        with streaming(ada.client, events_of(ada), types="label") as stream:
            place = stream.place
            ada.create("tasks", title="which is left out")
            until(lambda: stream.message() is None and stream.place != place)


def test_many_streams_hold_no_connection_and_share_what_they_read(database_url: str, databases: Databases) -> None:
    """With a pool of two, which 50 streams would use up."""
    with served(database_url, streams_per_user=MANY, database_pool_size=2) as (client, _), ExitStack() as stack:
        ada = register(client)
        streams = [stack.enter_context(streaming(ada.client, events_of(ada))) for _ in range(MANY)]
        if isinstance(databases, PostgresDatabases):
            assert databases.connections(database_url) <= 3  # with the one for notifications
        with overheard() as heard:
            task = ada.create("tasks", title="Sow")
            events = [stream.event() for stream in streams]
        assert all(event == events[0] for event in events)
        assert events[0]["changes"][0]["task"] == task
        reads = [sent.text for sent in heard if "events.body" in sent.text and sent.text.startswith("SELECT")]
        lookups = [sent.text for sent in heard if "FROM access_tokens" in sent.text]
        assert len(reads) < 10, reads
        assert len(lookups) < 20, lookups  # the request's own; for all streams, at the change and each second


def test_the_streams_of_all_workspaces_of_a_user_read_together(database_url: str) -> None:
    path = "/v1/users/me/changes/events"
    with served(database_url, streams_per_user=MANY) as (client, _), ExitStack() as stack:
        ada = register(client)
        streams = [stack.enter_context(streaming(ada.client, path)) for _ in range(MANY)]
        with overheard() as heard:
            task = ada.create("tasks", title="Sow")
            events = [stream.event() for stream in streams]
        assert {event["changes"][0]["head"] for event in events} == {task["revision"]}
        reads = [sent.text for sent in heard if "workspaces.head, members.role" in sent.text]
        assert 0 < len(reads) < 10, reads


def test_a_stream_that_waits_holds_nothing_that_it_has_sent(sqlite_url: str) -> None:
    """Otherwise each of many idle streams could hold the last megabyte of its workspace's log, several times."""

    def held() -> list[object]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, ChangeEvent | AccountChanges | Messages | Event)]

    with served(sqlite_url, stream_heartbeat_s=300) as (client, _), ExitStack() as stack:
        ada = register(client)
        paths = events_of(ada), "/v1/users/me/changes/events"
        streams = [stack.enter_context(streaming(ada.client, path)) for path in paths]
        ada.create("tasks", title="Sow")
        for stream in streams:
            stream.event()
        until(lambda: held() == [])


def test_a_client_that_does_not_read_is_disconnected(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with served(sqlite_url, write_timeout_s=1) as (client, address):
        ada = register(client)
        place = encode(LogPlace(0, 0), workspace_id=UUID(ada.workspace_id), types=None)
        for number in range(300):  # more than the buffers of the two sockets
            ada.create("tasks", title=str(number), description="x" * 16_000)
        with connected(address) as connection, caplog.at_level(logging.INFO):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(request("GET", f"{events_of(ada)}?cursor={place}", token=ada.tokens["access_token"]))
            until(lambda: any(getattr(each, "reason", "") == "the client reads too little" for each in caplog.records))


def test_an_open_stream_waits_for_a_database_that_is_away(postgres_databases: PostgresDatabases) -> None:
    """A file is not away: one that is moved is another one."""
    database_url = postgres_databases.migrated()
    with served(database_url, stream_heartbeat_s=1) as (client, _):
        ada = register(client)
        with streaming(ada.client, events_of(ada)) as stream:
            with postgres_databases.closed(database_url):
                until(lambda: ada.client.get(events_of(ada)).status_code == 503)
                assert [stream.message(), stream.message()] == [None, None]
            until(lambda: ada.client.get(ada.home).status_code == 200)
            task = ada.create("tasks", title="Sow")
            assert stream.event()["changes"][0]["task"] == task
    postgres_databases.remove(database_url)


def test_a_stream_is_logged_once_when_it_ends(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    def lines() -> list[Any]:
        return [each for each in caplog.records if getattr(each, "operation_id", "") == "stream_changes"]

    with served(sqlite_url) as (client, _), caplog.at_level(logging.INFO):
        ada = register(client)
        with streaming(ada.client, events_of(ada)) as stream:
            ada.create("tasks", title="Sow")
            stream.event()
            assert lines() == []
        until(lambda: len(lines()) == 1)
        assert (lines()[0].status, lines()[0].duration_ms > 0) == (200, True)


def test_proxies_are_asked_not_to_hold_events_back(sqlite_url: str) -> None:
    with served(sqlite_url) as (client, _):
        ada = register(client)
        headers = ada.client.head(events_of(ada)).headers
        assert (headers["X-Accel-Buffering"], headers["Cache-Control"]) == ("no", "no-store")
        assert "X-Accel-Buffering" not in ada.client.get(ada.home).headers

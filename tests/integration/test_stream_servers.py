"""Streams of `tickbox serve`: of two on one database, and of one that stops."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.clients import Client, Person, no_content, ok, register
from tests.support.programs import Program, serve
from tests.support.streams import streaming

MANY = 20


@pytest.fixture(scope="module")
def pair(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, Program]]:
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(serve(tmp_path_factory.mktemp(name), database_url=module_database_url)) for name in "ab"
        )
        yield first, second


@pytest.fixture
def ada(pair: tuple[Program, Program]) -> Iterator[Person]:
    """A user of the first server."""
    with Client(pair[0].url) as client:
        yield register(client)


@pytest.fixture
def there(pair: tuple[Program, Program], ada: Person) -> Iterator[Client]:
    """Ada's client of the second server."""
    with Client(pair[1].url, token=ada.tokens["access_token"]) as client:
        yield client


def test_a_stream_of_one_server_has_what_is_written_at_both(ada: Person, there: Client) -> None:
    with streaming(there, f"{ada.home}/events") as stream:
        titles = [str(number) for number in range(MANY)]
        for number, title in enumerate(titles):
            client = there if number % 2 else ada.client
            client.post(f"{ada.home}/tasks", json={"title": title})
        assert [stream.event()["changes"][0]["task"]["title"] for _ in titles] == titles


def test_a_stream_goes_on_at_the_other_server(ada: Person, there: Client) -> None:
    with streaming(ada.client, f"{ada.home}/events") as stream:
        ada.create("tasks", title="1")
        stream.event()
        place = stream.place
    ada.create("tasks", title="2")
    with streaming(there, f"{ada.home}/events", cursor=place) as stream:
        ada.create("tasks", title="3")
        assert [stream.event()["changes"][0]["task"]["title"] for _ in range(2)] == ["2", "3"]


def test_a_stream_ends_when_its_session_ends_at_the_other_server(ada: Person, there: Client) -> None:
    with streaming(there, f"{ada.home}/events") as stream:
        no_content(ada.client.delete(f"/v1/sessions/{ada.tokens['session_id']}"))
        assert stream.rest() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_stops_ends_its_streams_at_once(sqlite_url: str, tmp_path: Path, number: signal.Signals) -> None:
    with serve(tmp_path, database_url=sqlite_url, shutdown_timeout_s="3600") as program, Client(program.url) as client:
        ada = register(client)
        with ExitStack() as stack:
            streams = [stack.enter_context(streaming(ada.client, f"{ada.home}/events")) for _ in range(MANY)]
            assert program.stop(number) == 0
            assert [stream.rest() for stream in streams] == [[]] * MANY
            assert all(stream.ended for stream in streams)
        ended = [line for line in program.log if line.get("operation_id") == "stream_changes"]
        assert [line["status"] for line in ended] == [200] * MANY
        assert [line for line in program.log if line["level"] == "error"] == []


def test_a_stream_goes_on_after_a_restart(sqlite_url: str, tmp_path: Path) -> None:
    with serve(tmp_path, database_url=sqlite_url) as program, Client(program.url) as client:
        ada = register(client)
        with streaming(ada.client, f"{ada.home}/events") as stream:
            ada.create("tasks", title="1")
            stream.event()
            program.process.kill()
            place = stream.place
    with serve(tmp_path, database_url=sqlite_url) as program, Client(program.url) as client:
        again = client.with_token(ada.tokens["access_token"])
        task = ok(again.get(f"{ada.home}/tasks"))["items"][0]
        again.merge(f"{ada.home}/tasks/{task['id']}", {"title": "2"})
        with streaming(again, f"{ada.home}/events", cursor=place) as stream:
            assert stream.event()["changes"][0]["task"]["title"] == "2"

"""Streams, while they last: who may still read them, and what ends them."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.server import serving
from tests.support.wire import connected, request
from tickbox_contract.engine.declared_responses import DeclaredResponse, DeclaredResponses, EncodedResponse
from tickbox_contract.engine.limits import DEFAULT_POLICY, Tally
from tickbox_contract.engine.media import media_of
from tickbox_contract.engine.protocol import bounded_protocol
from tickbox_contract.engine.sending import SERVER_STOPS, send_encoded
from tickbox_contract.engine.violations import NonConformingResponseError, ResponseCheck, violation_reporter
from tickbox_contract.openapi.media_types import EVENT_STREAM
from tickbox_contract.openapi.schemas import SchemaCompiler
from tickbox_contract.responses import Event, Heartbeat, Messages, Response, events, ok

from .conftest import STATION, STATION_ID, Sample
from .sample.application import URN_PREFIX, build
from .sample.store import Store
from .test_limits import CountingLimiter

READINGS = f"/stations/{STATION_ID}/readings"
EVENT = b'data: {"status":"sunny"}'
LAST_CHUNK = b"0\r\n\r\n"


def until_event(connection: socket.socket) -> bytes:
    received = b""
    while EVENT not in received:
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    return received


def until_end(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(LAST_CHUNK):
        chunk = connection.recv(65536)
        assert chunk, received[-100:]
        received = (received + chunk)[-1000:]
    return received


def revoke(store: Store) -> None:
    store.revoked.add("observer")


def remove(store: Store) -> None:
    store.roles["observer"] = None


@pytest.mark.parametrize("change", [revoke, remove])
def test_a_stream_ends_when_its_caller_is_no_longer_admitted(server: Sample, change: Callable[[Store], None]) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("GET", READINGS, token="observer"))
        assert until_event(connection).startswith(b"HTTP/1.1 200 ")
        change(server.store)
        until_end(connection)
    assert server.store.closed_streams == ["readings"]


def test_a_stream_goes_on_while_its_caller_has_a_role_that_is_enough(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("GET", READINGS, token="observer"))
        until_event(connection)
        server.store.roles["observer"] = "keeper"
        for _ in range(3):
            until_event(connection)
    assert server.store.roles == {"observer": "keeper"}


def test_no_unit_of_work_is_open_while_a_stream_lasts(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("GET", READINGS, token="observer"))
        until_event(connection)
        assert server.store.open_units == 0


@pytest.mark.parametrize("target", [READINGS, f"/stations/{STATION_ID}/events?kind=endless"])
def test_a_server_that_stops_ends_its_streams(target: str, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(stations={STATION_ID: dict(STATION)})
    protocol = bounded_protocol(URN_PREFIX)
    with serving(build(store), protocol=protocol, timeout_graceful_shutdown=PATIENCE_S) as address:
        connection = socket.create_connection(address, timeout=PATIENCE_S)
        connection.sendall(request("GET", target, token="observer"))
        until_event(connection)
    with connection:
        until_end(connection)
    assert len(store.closed_streams) == 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_client_that_does_not_read_ends_its_stream_by_going_away(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("GET", READINGS, token="observer"))
    deadline = time.monotonic() + PATIENCE_S
    while not server.store.closed_streams and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.store.closed_streams == ["readings"]


async def test_the_end_of_a_stream_does_not_wait_for_a_client_that_does_not_read_when_the_server_stops() -> None:
    """The protocol holds `send` back for as long as the client takes nothing."""
    stops, closed = asyncio.Event(), asyncio.Event()

    async def chunks() -> AsyncGenerator[bytes, None]:
        try:
            yield b"x"
        finally:
            closed.set()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            stops.set()
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"method": "GET", "extensions": {SERVER_STOPS: {"event": stops}}}
    await send_encoded(EncodedResponse(200, [], chunks()), scope, receive, send, last_chunk_timeout_s=0.01)
    assert closed.is_set()


STATUS: Any = {"type": "object", "properties": {"status": {"type": "string", "enum": ["sunny", "rainy"]}}}


def stream_of(*items: Any, check: ResponseCheck = "enforce", responses: DeclaredResponses | None = None) -> Any:
    """What is sent of *items* as a stream of events, in chunks."""

    async def stream() -> AsyncGenerator[Any, None]:
        for item in items:
            yield item

    response = (responses or of_events()).encode(
        events(stream()), accepted=EVENT_STREAM, violation=violation_reporter("stream", check)
    )
    return response.body


def of_events() -> DeclaredResponses:
    media = media_of(EVENT_STREAM, STATUS, SchemaCompiler({}).compile(STATUS, direction="response"), dict)
    return DeclaredResponses({200: DeclaredResponse(content={EVENT_STREAM: media}, headers={})}, (EVENT_STREAM,))


async def test_messages_that_are_yielded_together_are_sent_together() -> None:
    sunny, rainy = Event(content={"status": "sunny"}, id="1"), Event(content={"status": "rainy"}, type="weather")
    assert [chunk async for chunk in stream_of([sunny, rainy], sunny)] == [
        b'id: 1\ndata: {"status":"sunny"}\n\nevent: weather\ndata: {"status":"rainy"}\n\n',
        b'id: 1\ndata: {"status":"sunny"}\n\n',
    ]


async def test_a_heartbeat_is_a_comment_which_may_move_the_place_of_the_client() -> None:
    assert [chunk async for chunk in stream_of(Heartbeat(), Heartbeat(id="7"))] == [b":\n\n", b":\nid: 7\n\n"]


async def test_messages_of_several_streams_are_encoded_and_checked_once() -> None:
    event, responses = Event(content={"status": "sunny"}), of_events()
    shared = Messages([event, Heartbeat(id="1")])
    first = [chunk async for chunk in stream_of(shared, responses=responses)]
    assert first == [b'data: {"status":"sunny"}\n\n:\nid: 1\n\n']
    event.content["status"] = "stormy"  # which would be found, if it was looked at again
    assert [chunk async for chunk in stream_of(shared, responses=responses)] == first


async def test_messages_are_checked_by_each_operation_that_sends_them() -> None:
    event = Event(content={"status": "sunny"})
    shared = Messages([event])
    assert len([chunk async for chunk in stream_of(shared)]) == 1
    event.content["status"] = "stormy"
    with pytest.raises(NonConformingResponseError):
        await anext(stream_of(shared))


async def test_messages_that_break_the_contract_are_sent_to_nobody() -> None:
    shared, responses = Messages([Event(content={"status": "stormy"})]), of_events()
    for _ in range(2):
        with pytest.raises(NonConformingResponseError):
            await anext(stream_of(shared, responses=responses))


async def test_a_stream_that_waits_does_not_hold_the_bytes_that_it_has_sent() -> None:
    freed, waits = [], asyncio.Event()

    class Chunk(bytes):
        def __del__(self) -> None:
            freed.append(bytes(self))

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield Chunk(b"x")
        waits.set()
        await asyncio.Event().wait()

    async def ignore(_message: Any) -> None:
        """The client has read it."""

    async def receive() -> Any:
        await waits.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET"}
    tally = Tally(CountingLimiter(), DEFAULT_POLICY, scope, None)
    sending = asyncio.create_task(
        send_encoded(EncodedResponse(200, [], tally.streamed(chunks())), scope, receive, ignore)
    )
    await waits.wait()
    assert freed == [b"x"]
    await sending


BYTES: Any = {"type": "string", "format": "binary", "minLength": 2, "maxLength": 4}


async def _chunks(*chunks: Any) -> AsyncGenerator[Any, None]:
    for chunk in chunks:
        yield chunk


def encoded(chunks: AsyncGenerator[Any, None], response_check: ResponseCheck) -> AsyncGenerator[bytes, None]:
    """What is sent of *chunks* as `image/png` of two to four bytes."""
    media = media_of("image/png", BYTES, SchemaCompiler({}).compile(BYTES, direction="response"), dict)
    responses = DeclaredResponses({200: DeclaredResponse(content={"image/png": media}, headers={})}, ("image/png",))
    wire = responses.encode(ok(chunks), accepted="image/png", violation=violation_reporter("stream", response_check))
    assert not isinstance(wire.body, bytes)
    return wire.body


@pytest.mark.parametrize(
    ("chunks", "sent"),
    [((b"abc", b"de"), [b"abc"]), ((b"a",), [b"a"]), ((b"ab", "cd"), [b"ab"]), ((b"ab", None), [b"ab"])],
)
async def test_a_stream_of_bytes_is_cut_off_where_it_breaks_the_contract(chunks: Any, sent: list[bytes]) -> None:
    stream = encoded(_chunks(*chunks), "enforce")
    assert [await anext(stream) for _ in sent] == sent
    with pytest.raises(NonConformingResponseError):
        await anext(stream)


async def test_a_stream_of_bytes_that_breaks_the_contract_passes_where_violationes_are_only_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert [chunk async for chunk in encoded(_chunks(b"abc", b"de"), "report")] == [b"abc", b"de"]
    assert [vars(record)["violation"] for record in caplog.records] == ["more than 4 bytes of image/png"]


async def test_bytes_under_a_range_of_json_pass_where_violationes_are_only_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    schema = {"type": "object"}
    media = media_of("*/*", schema, SchemaCompiler({}).compile(schema, direction="response"), dict)
    responses = DeclaredResponses({200: DeclaredResponse(content={"*/*": media}, headers={})}, ("*/*",))
    response = Response(status=200, content=b"\xff", media_type="image/png")
    assert (
        responses.encode(response, accepted="*/*", violation=violation_reporter("response", "report")).body == b"\xff"
    )
    assert len(caplog.records) == 1

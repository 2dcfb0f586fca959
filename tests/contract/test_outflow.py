"""Clients that do not take their responses: on real sockets, and the rules on a transport whose time is in hand."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from tests.support.patience import PATIENCE_S
from tests.support.server import serving
from tests.support.wire import Address, connected, read_reply, request
from tickbox_contract.engine.outflow import MIN_TAKEN_BYTES, Backlog, JoinedWrites, Outflow, untaken_bytes
from tickbox_contract.engine.protocol import bounded_protocol

LARGE = 12 * 1024 * 1024
"""More than the socket buffers of both sides take."""
SMALL = 1000


class LargeResponses:
    """An application that responses `/large` with LARGE bytes, and all else with few."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.calls.append(scope["path"])
        body = b"x" * (LARGE if scope["path"] == "/large" else SMALL)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def watched(application: Any, **bounds: Any) -> Iterator[tuple[Address, queue.Queue[int]]]:
    """Serve *application* within *bounds*; beside the address, the clients' ports whose connections are lost."""
    lost: queue.Queue[int] = queue.Queue()

    class Watched(bounded_protocol("urn:x:", **bounds)):  # type: ignore[misc]  # made when it is called
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            lost.put(self.client[1])

    with serving(application, protocol=Watched, lifespan="off") as address:
        yield address, lost


@contextlib.contextmanager
def reluctant(address: Address) -> Iterator[socket.socket]:
    """A client that lets little wait in its own buffers."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(PATIENCE_S)
        connection.connect(address)
        yield connection


def read_body(stream: BinaryIO) -> int:
    """Read the next response: the length of its body."""
    lines = dict(line.lower().split(b": ", 1) for line in iter(stream.readline, b"\r\n") if b": " in line)
    return len(stream.read(int(lines[b"content-length"])))


def test_a_client_that_never_reads_is_disconnected() -> None:
    with watched(LargeResponses(), write_timeout_s=0.2) as (address, lost), reluctant(address) as connection:
        connection.sendall(request("GET", "/large"))
        assert lost.get(timeout=PATIENCE_S) == connection.getsockname()[1]


def test_a_client_that_never_reads_is_disconnected_from_a_connection_that_closes() -> None:
    with watched(LargeResponses(), write_timeout_s=0.2) as (address, lost), reluctant(address) as connection:
        connection.sendall(request("GET", "/large", "Connection: close"))
        assert lost.get(timeout=PATIENCE_S) == connection.getsockname()[1]


def test_unsent_bytes_are_limited_and_the_longest_waiting_connection_is_closed_first() -> None:
    bounds = {"unsent_limit_bytes": 2 * LARGE, "write_timeout_s": 2 * PATIENCE_S}
    with watched(LargeResponses(), **bounds) as (address, lost), contextlib.ExitStack() as stack:
        first = stack.enter_context(reluctant(address))
        first.sendall(request("GET", "/large"))
        assert first.recv(1)
        for _ in range(4):
            other = stack.enter_context(reluctant(address))
            other.sendall(request("GET", "/large"))
            assert other.recv(1, socket.MSG_PEEK)
        assert lost.get(timeout=PATIENCE_S) == first.getsockname()[1]
        assert len(read_reply(other).body) == LARGE


def test_a_request_behind_one_whose_response_is_not_taken_waits() -> None:
    application = LargeResponses()
    with watched(application) as (address, _), reluctant(address) as connection:
        connection.sendall(request("GET", "/large") + request("GET", "/behind"))
        head = connection.recv(4096, socket.MSG_PEEK)
        assert head.startswith(b"HTTP/1.1 200 ")
        with connected(address) as other:
            other.sendall(request("GET", "/other"))
            assert read_reply(other).status == 200
        assert application.calls == ["/large", "/other"]
        with connection.makefile("rb") as stream:
            assert [read_body(stream) for _ in range(2)] == [LARGE, SMALL]
        assert application.calls == ["/large", "/other", "/behind"]


class HeldTransport:
    """A transport by hand: it holds `size` bytes, and remembers whether it was aborted."""

    def __init__(self, size: int, *, closing: bool = False) -> None:
        self.size = size
        self.closing = closing
        self.aborted = False

    def get_write_buffer_size(self) -> int:
        return self.size

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, _name: str) -> None:
        """It has no socket."""

    def abort(self) -> None:
        self.aborted = True
        self.size = 0


class Timer:
    """The timers of one connection, which go off when the test says so."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def call_later(self, _delay_s: float, callback: Callable[[], None]) -> Any:
        self.due.append(callback)
        return Handle(self, callback)

    def go_off(self) -> None:
        (callback,) = self.due
        self.due = []
        callback()


class Handle:
    """What cancels a timer."""

    def __init__(self, timer: Timer, callback: Callable[[], None]) -> None:
        self._timer = timer
        self._callback = callback

    def cancel(self) -> None:
        if self._callback in self._timer.due:
            self._timer.due.remove(self._callback)


def outflow_of(transport: HeldTransport, timer: Timer, backlog: Backlog | None = None) -> Outflow:
    given: Any = transport
    return Outflow(given, backlog or Backlog(), call_later=timer.call_later, timeout_s=1)


def test_a_client_that_takes_enough_in_each_period_may_take_the_rest() -> None:
    transport, timer = HeldTransport(3 * MIN_TAKEN_BYTES), Timer()
    outflow_of(transport, timer).hold()
    for _ in range(2):
        transport.size -= MIN_TAKEN_BYTES
        timer.go_off()
    assert not transport.aborted


async def test_what_a_client_takes_out_of_the_kernels_buffer_counts() -> None:
    """A kernel can keep megabytes, and accepts more only after much of it was read."""
    connected_to: asyncio.Future[asyncio.WriteTransport] = asyncio.get_running_loop().create_future()

    class Writing(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(b"x" * LARGE)
            connected_to.set_result(transport)

    loop, timer = asyncio.get_running_loop(), Timer()
    server = await loop.create_server(Writing, "127.0.0.1", 0)
    with socket.socket() as client:
        client.settimeout(0)
        await loop.sock_connect(client, server.sockets[0].getsockname())
        transport = await connected_to
        outflow = Outflow(transport, Backlog(), call_later=timer.call_later, timeout_s=1)
        outflow.hold()
        waiting, held = untaken_bytes(transport), transport.get_write_buffer_size()
        assert waiting > held
        while waiting - untaken_bytes(transport) < MIN_TAKEN_BYTES:
            client.recv(MIN_TAKEN_BYTES)  # without a turn of the event loop, so the transport hands over nothing
        assert transport.get_write_buffer_size() == held
        timer.go_off()
        assert not transport.is_closing()
        timer.go_off()
        assert transport.is_closing()
        outflow.end()
    server.close()


@pytest.mark.parametrize("taken", [0, MIN_TAKEN_BYTES - 1])
def test_a_client_that_takes_too_little_in_a_period_is_disconnected(taken: int) -> None:
    transport, timer = HeldTransport(3 * MIN_TAKEN_BYTES), Timer()
    outflow_of(transport, timer).hold()
    transport.size -= taken
    timer.go_off()
    assert transport.aborted


def test_a_connection_that_flows_again_is_not_watched() -> None:
    transport, timer = HeldTransport(MIN_TAKEN_BYTES), Timer()
    outflow = outflow_of(transport, timer)
    outflow.hold()
    transport.size = 10
    outflow.flow()
    assert timer.due == []


def test_the_rest_of_what_a_closing_connection_holds_must_be_taken_too() -> None:
    transport, timer = HeldTransport(MIN_TAKEN_BYTES, closing=True), Timer()
    outflow = outflow_of(transport, timer)
    outflow.hold()
    transport.size = 10
    outflow.flow()
    timer.go_off()
    assert transport.aborted


@pytest.mark.parametrize(("size", "watched"), [(0, 0), (1, 1)])
def test_a_closing_connection_is_watched_while_it_holds_anything(size: int, watched: int) -> None:
    timer = Timer()
    outflow_of(HeldTransport(size, closing=True), timer).linger()
    assert len(timer.due) == watched


def test_a_lost_connection_no_longer_counts() -> None:
    backlog, timer = Backlog(limit_bytes=10), Timer()
    lost, other = HeldTransport(9), HeldTransport(9)
    outflow = outflow_of(lost, timer, backlog)
    outflow.hold()
    outflow.end()
    outflow_of(other, timer, backlog).hold()
    assert (lost.aborted, other.aborted, len(timer.due)) == (False, False, 1)


class IdleTransport(HeldTransport):
    """One that a protocol can be connected to."""

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        super().abort()
        self.is_aborted.set()

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.is_aborted = asyncio.Event()


async def test_an_idle_connection_is_not_left_to_a_client_that_does_not_read() -> None:
    """Closing it waits for what is unsent, for ever, though it was too little to be watched while it was open."""
    transport: Any = IdleTransport(1)
    config = uvicorn.Config(LargeResponses(), http=bounded_protocol("urn:x:"), log_config=None)
    bounded = bounded_protocol("urn:x:", write_timeout_s=0, read_timeout_s=2 * PATIENCE_S)
    protocol = bounded(config, uvicorn.server.ServerState(), {})
    protocol.connection_made(transport)
    protocol.timeout_keep_alive_handler()
    await asyncio.wait_for(transport.is_aborted.wait(), PATIENCE_S)
    protocol.connection_lost(None)


class Packets(asyncio.WriteTransport):
    """What was written to it, each part on its own; None once it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes | None] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.written.append(None)

    def is_closing(self) -> bool:
        return None in self.written


async def test_the_head_and_the_body_of_a_response_are_one_packet() -> None:
    joined = JoinedWrites(packets := Packets(), asyncio.get_running_loop())

    for response in (b"1", b"2"):
        joined.write(b"head" + response)
        joined.write(b"body" + response)
    await asyncio.sleep(0)

    assert packets.written == [b"head1body1", b"head2body2"]


async def test_a_head_whose_body_comes_later_is_sent_without_it() -> None:
    joined = JoinedWrites(packets := Packets(), asyncio.get_running_loop())

    joined.write(b"head")
    await asyncio.sleep(0)
    assert packets.written == [b"head"]

    joined.write(b"chunk")
    await asyncio.sleep(0)
    assert packets.written == [b"head", b"chunk"]


async def test_a_head_is_sent_before_the_connection_closes() -> None:
    joined = JoinedWrites(packets := Packets(), asyncio.get_running_loop())

    joined.write(b"head")
    joined.close()
    await asyncio.sleep(0)

    assert packets.written == [b"head", None]
    assert joined.is_closing()


def test_a_refusal_comes_after_a_response_of_the_same_turn() -> None:
    connections: list[Any] = []

    class Kept(bounded_protocol("urn:x:")):  # type: ignore[misc]  # made when it is called
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            connections.append(self)

    async def respond_and_read_on(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b""})
        connections[-1].data_received(b"this is not HTTP\r\n\r\n")  # as if it had arrived in the meantime

    with (
        serving(respond_and_read_on, protocol=Kept, lifespan="off") as address,
        socket.create_connection(address, timeout=PATIENCE_S) as connection,
    ):
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert [line[9:12] for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")] in (
        [b"200", b"400"],
        [b"200", b"501"],
    )

"""The HTTP parser's side: bounds, pipelines, chunks, and connections that go on after a refusal."""

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.support.server import serving
from tests.support.wire import Address, connected, exchange, read_reply, request
from tickbox_contract.engine.protocol import MAX_PIPELINED, bounded_protocol
from tickbox_contract.engine.protocol_problems import MAX_HEAD_BYTES, MAX_HEADERS

from .conftest import Sample
from .sample.application import build
from .sample.store import Store

ALIVE = request("GET", "/livez")
JSON = "Content-Type: application/json"
OCTETS = "Content-Type: application/octet-stream"


def statuses(connection: socket.socket, count: int) -> list[int]:
    """The statuses of *count* responses of the form `head, Content-Length, body`, which may arrive together."""
    stream = connection.makefile("rb")
    found = []
    for _ in range(count):
        found.append(int(stream.readline().split()[1]))
        lines = dict(line.lower().split(b": ", 1) for line in iter(stream.readline, b"\r\n"))
        stream.read(int(lines.get(b"content-length", b"0")))
    return found


def until_closed(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_head_just_within_the_bounds_is_served(server: Sample) -> None:
    lines = [f"X-{i}: {'x' * 320}" for i in range(MAX_HEADERS - 3)]
    assert 31_000 < len("".join(lines)) < MAX_HEAD_BYTES
    assert server.call("GET", "/livez", *lines).status == 200


@pytest.mark.parametrize(("excess", "status"), [(0, 200), (1, 431)])
def test_a_head_is_measured_with_the_four_bytes_that_each_line_has_besides(
    server: Sample, excess: int, status: int
) -> None:
    """Of a hundred headers these are the colons, spaces and line ends."""
    lines = [f"X-{number}: " for number in range(100, 100 + MAX_HEADERS - 2)]
    head = request("GET", "/livez", *lines)
    used = len(head) - len(b"GET  HTTP/1.1\r\n\r\n")
    assert used > 900
    filler = "x" * (MAX_HEAD_BYTES - used - len("X-Filler: \r\n") + excess)
    assert server.call("GET", "/livez", *lines, f"X-Filler: {filler}").status == status


@pytest.mark.parametrize("size", [1, 1000, 20_000])
def test_a_long_header_is_served_however_it_is_cut_into_pieces(server: Sample, size: int) -> None:
    head = request("GET", "/livez", f"X-Long: {'x' * (30_000 if size > 1 else 300)}")
    with connected(server.address) as connection:
        for start in range(0, len(head), size):
            connection.sendall(head[start : start + size])
        assert read_reply(connection).status == 200


def test_a_head_that_is_too_long_is_refused_in_one_read(server: Sample) -> None:
    reply = server.call("GET", "/livez", f"X-Long: {'x' * 40_000}")
    assert (reply.status, reply.slug, reply.headers["connection"]) == (431, "headers-too-large", "close")


def test_nothing_is_served_after_a_refused_head(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(b"BREW / HTTP/1.1\r\n\r\n" + ALIVE)
        received = b""
        with contextlib.suppress(ConnectionError):
            for _ in range(50):
                connection.sendall(ALIVE)
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65536):
                received += more
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 501 ")


def test_two_requests_in_one_write_both_get_a_response(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(ALIVE * 2)
        assert statuses(connection, 2) == [200, 200]


def test_a_request_behind_a_long_body_is_not_taken_for_a_long_head(server: Sample) -> None:
    body = b'{"name": "' + b"x" * 45_000 + b'"}'
    first = request("POST", "/stations", JSON, body=body, token="director")
    with connected(server.address) as connection:
        connection.sendall(first + ALIVE[:10])
        connection.sendall(ALIVE[10:-2])
        connection.sendall(ALIVE[-2:])
        assert statuses(connection, 2) == [422, 200]


def test_each_request_of_a_connection_has_its_own_bounds(server: Sample) -> None:
    long = request("GET", "/livez", f"X-Long: {'x' * 20_000}")
    with connected(server.address) as connection:
        for _ in range(5):
            connection.sendall(long)
            assert read_reply(connection).status == 200


def test_a_body_in_chunks_is_read(server: Sample) -> None:
    head = request("PUT", "/notes", OCTETS, "Transfer-Encoding: chunked")
    chunks = [head, b"1\r\n", b"a\r", b"\n2;name=value\r\nbc\r\n", b"0\r\n\r\n"]
    assert exchange(server.address, chunks, method="PUT").json == {"given": ["bytes", b"abc".hex()]}


def test_trailers_are_not_headers(server: Sample) -> None:
    head = request("POST", "/stations", JSON, "Transfer-Encoding: chunked")
    body = b'{"name": "Kew"}'
    chunks = [head + b"%x\r\n" % len(body) + body + b"\r\n0\r\nAuthorization: Bearer director\r\n\r\n"]
    assert exchange(server.address, chunks, method="POST").status == 401


@pytest.mark.parametrize(
    "trailers",
    [[b"X: " + b"x" * 65536] + [b"x" * 65536] * 100, [b"X: " + b"x" * 10_000 + b"\r\n"] * 50, [b"X: y\r\n" * 101]],
    ids=["one that does not end", "large ones", "many"],
)
def test_trailers_are_bounded_as_headers_are(server: Sample, trailers: list[bytes]) -> None:
    head = request("PUT", "/notes", OCTETS, "Transfer-Encoding: chunked")
    reply = exchange(server.address, [head + b"1\r\na\r\n0\r\n", *trailers], method="PUT")
    assert (reply.status, reply.slug) == (431, "headers-too-large")


def test_the_size_line_of_a_chunk_is_bounded(server: Sample) -> None:
    head = request("PUT", "/notes", OCTETS, "Transfer-Encoding: chunked")
    reply = exchange(server.address, [head, b"1;", *[b"x" * 65536] * 100], method="PUT")
    assert reply.status in (400, 431)


def test_a_broken_chunk_is_refused(server: Sample) -> None:
    head = request("PUT", "/notes", OCTETS, "Transfer-Encoding: chunked")
    reply = exchange(server.address, [head, b"1\r\na\r\n", b"xyz\r\n"], method="PUT")
    assert (reply.status, reply.slug) == (400, "malformed-request")


def test_the_connection_goes_on_after_a_body_that_was_refused_unread(server: Sample) -> None:
    body = b"x" * 300_000
    with connected(server.address) as connection:
        connection.sendall(request("PUT", "/notes", OCTETS, f"Content-Length: {len(body)}"))
        assert read_reply(connection, method="PUT").slug == "content-too-large"
        connection.sendall(body)
        connection.sendall(ALIVE)
        assert read_reply(connection).status == 200


def test_the_connection_goes_on_after_a_body_that_was_refused_half_read(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("PUT", "/notes", OCTETS, "Transfer-Encoding: chunked"))
        connection.sendall(b"64\r\n" + b"x" * 100 + b"\r\n")
        assert read_reply(connection, method="PUT").slug == "content-too-large"
        connection.sendall(b"64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n" + ALIVE)
        assert read_reply(connection).status == 200


def test_a_client_that_waits_gets_a_100_only_if_its_body_is_wanted(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("PUT", "/notes", OCTETS, "Expect: 100-continue", "Content-Length: 3"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert read_reply(connection).status == 200
        connection.sendall(request("PUT", "/notes", OCTETS, "Expect: 100-continue", "Content-Length: 65"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_is_cut_short_has_no_effect(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("POST", "/stations", JSON, "Content-Length: 50", token="director") + b'{"name"')
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP/1.1 2" not in until_closed(connection)
    assert server.call("GET", "/livez").status == 200
    assert "committed" not in server.store.log


def test_a_request_that_asks_for_another_protocol_gets_its_response(server: Sample) -> None:
    reply = server.call("GET", "/stations", "Connection: Upgrade", "Upgrade: websocket", token="director")
    assert reply.status == 200


@pytest.mark.parametrize("target", ["http://sample/livez", "HTTP://[::1]:8080/livez", "https://sample:/livez?"])
def test_the_absolute_form_of_a_target_is_understood(server: Sample, target: str) -> None:
    assert server.call("GET", target).status == 200


@pytest.mark.parametrize("target", ["http://sample", "http://sample?a=b"])
def test_an_absolute_target_without_a_path_is_the_root(server: Sample, target: str) -> None:
    assert server.call("GET", target).slug == "not-found"


@pytest.mark.parametrize("target", ["*", "http://sample"])
def test_options_of_the_server_as_a_whole_lists_the_methods_of_the_contract(server: Sample, target: str) -> None:
    reply = server.call("OPTIONS", target)
    assert (reply.status, reply.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")


@pytest.mark.parametrize("asked", ["GET /livez#part", "GET *", "GET ftp://a/livez", "GET http://a@b/livez",
                                   "GET http:///livez", "GET http://:80/livez", "GET http://a:b/livez"])  # fmt: skip
def test_what_is_not_a_form_of_a_target_is_refused(server: Sample, asked: str) -> None:
    assert server.call(*asked.split()).slug == "malformed-request"


@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0", "3.0"])
def test_other_versions_of_http_are_refused(server: Sample, version: str) -> None:
    reply = exchange(server.address, [f"GET /livez HTTP/{version}\r\nHost: a\r\n\r\n".encode()])
    assert reply.slug == "malformed-request"


def test_a_request_without_a_version_is_refused(server: Sample) -> None:
    assert exchange(server.address, [b"GET /livez\r\n\r\n"]).slug == "malformed-request"


@pytest.mark.parametrize(
    "host", ["a b", "a/b", "a@b", "a:b", "a:80:80", "[::1", "[1::2::3]", "::1", "a%zz", 'a"b', "\xe4"]
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_malformed_host_is_refused(server: Sample, host: str, version: str) -> None:
    head = f"GET /livez HTTP/{version}\r\nHost: {host}\r\n\r\n".encode("latin-1")
    assert exchange(server.address, [head]).slug == "malformed-request"


@pytest.mark.parametrize(
    "host",
    ["", "a", "a.example:8080", "a:", "127.0.0.1:1", "[::1]", "[fe80::1]:80", "[v1.x:y]", "a_b", "%C3%A4", "A-b~c"],
)
def test_a_host_is_a_name_or_an_address_with_a_port_or_without(server: Sample, host: str) -> None:
    assert exchange(server.address, [f"GET /livez HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()]).status == 200


@pytest.mark.parametrize(
    "codings", ["gzip, chunked", "gzip", "identity", "chunked;a=b", "gzip,\r\nTransfer-Encoding: chunked"]
)
@pytest.mark.parametrize("more", ["", "\r\nConnection: Upgrade\r\nUpgrade: h2c"])
def test_a_transfer_coding_that_is_not_known_is_refused_as_such(server: Sample, codings: str, more: str) -> None:
    head = request("POST", "/stations", JSON, f"Transfer-Encoding: {codings}{more}", token="director")
    reply = exchange(server.address, [head, b"0\r\n\r\n"])
    assert (reply.status, reply.slug) == (501, "not-implemented")


@pytest.mark.parametrize("lines", ["chunked, gzip", "chunked\r\nTransfer-Encoding: chunked", ""])
def test_a_body_that_is_not_framed_by_its_last_coding_is_refused(server: Sample, lines: str) -> None:
    head = request("POST", "/stations", JSON, f"Transfer-Encoding: {lines}", token="director")
    assert exchange(server.address, [head, b"0\r\n\r\n"]).slug == "malformed-request"


def test_chunks_in_http_1_0_are_refused(server: Sample) -> None:
    head = request("PUT", "/notes", OCTETS, "Transfer-Encoding: Chunked")
    assert exchange(server.address, [head, b"0\r\n\r\n"], method="PUT").status == 200
    old = head.replace(b"HTTP/1.1", b"HTTP/1.0")
    assert exchange(server.address, [old, b"0\r\n\r\n"]).slug == "malformed-request"


def test_a_bad_coding_beside_an_upgrade_breaks_nothing_in_the_server(
    server: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    server.call("GET", "/livez", "Connection: Upgrade", "Upgrade: h2c", "Transfer-Encoding: klingon")
    server.call("GET", "/livez")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_client_of_http_1_0_gets_no_interim_response(server: Sample) -> None:
    head = b"PUT /notes HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n" + OCTETS.encode() + b"\r\n\r\n"
    with connected(server.address) as connection:
        connection.sendall(head + b"abc")
        assert until_closed(connection).startswith(b"HTTP/1.1 200 ")


def test_a_problem_of_the_protocol_itself_has_the_headers_of_every_response() -> None:
    protocol = bounded_protocol("urn:x:", problem_headers=[(b"cache-control", b"no-store")])
    with serving(build(Store()), protocol=protocol) as address:
        reply = exchange(address, [b"GET /livez HTTP/1.1\r\n\r\n"])
    assert reply.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", reply.headers["date"])


def test_a_refused_head_request_gets_a_response_without_a_body(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(b"HEAD /livez HTTP/1.1\r\n\r\n")
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert body == b""


def test_http_1_0_gets_a_response_and_the_connection_closes(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"\r\ncontent-length: {len(body)}\r\n".encode() in head


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_a_response_without_a_length_has_no_chunks_in_http_1_0(method: bytes) -> None:
    async def stream(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for chunk in (b"first\n", b"", b"second\n"):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

    with (
        serving(stream, protocol=bounded_protocol("urn:x:"), lifespan="off") as address,
        connected(address) as connection,
    ):
        connection.sendall(method + b" / HTTP/1.0\r\n\r\n")
        head, _, body = until_closed(connection).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    assert body == (b"" if method == b"HEAD" else b"first\nsecond\n")


H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")


@pytest.mark.parametrize("cut", [1, 30, None])
def test_the_body_of_a_request_that_asks_for_an_upgrade_is_read(server: Sample, cut: int | None) -> None:
    body = b'{"name": 5}'
    asking = request("POST", "/stations", JSON, *H2C, body=body, token="director")
    with connected(server.address) as connection:
        connection.sendall(asking[:-cut] if cut else asking)
        connection.sendall(asking[-cut:] if cut else b"")
        connection.sendall(ALIVE)
        assert statuses(connection, 2) == [422, 200]


def test_the_chunks_of_a_request_that_asks_for_an_upgrade_are_read(server: Sample) -> None:
    head = request("POST", "/stations", JSON, *H2C, "Transfer-Encoding: chunked", token="director")
    with connected(server.address) as connection:
        for chunk in (head, b'b\r\n{"name": 5}\r\n', b"0\r\n\r\n", ALIVE):
            connection.sendall(chunk)
        assert statuses(connection, 2) == [422, 200]


def test_an_upgrade_of_a_request_without_a_body_is_ignored(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("GET", "/livez", "Connection: Upgrade", "Upgrade: websocket"))
        connection.sendall(ALIVE)
        assert statuses(connection, 2) == [200, 200]


@pytest.mark.parametrize(
    ("version", "hosts"), [("1.1", ""), ("1.1", "Host: a\r\nHost: a\r\n"), ("1.0", "Host: a\r\nHost: b\r\n")]
)
def test_a_request_without_a_single_host_is_refused(server: Sample, version: str, hosts: str) -> None:
    reply = exchange(server.address, [f"GET /livez HTTP/{version}\r\n{hosts}\r\n".encode()])
    assert (reply.status, reply.slug) == (400, "malformed-request")


def test_a_bad_body_is_not_the_response_to_the_request_before_it(server: Sample) -> None:
    slow = request("POST", "/stations", JSON, body=b'{"name": 5}', token="director")
    bad = request("PUT", "/notes", OCTETS, "Transfer-Encoding: chunked") + b"1\r\na\r\nxyz\r\n"
    with connected(server.address) as connection:
        connection.sendall(slow + bad)
        assert read_reply(connection).status == 422
        assert until_closed(connection) == b""


def test_a_complete_request_gets_its_response_before_a_malformed_one_closes_the_connection(server: Sample) -> None:
    body = b'{"name": 5}'
    one_byte_more = request("POST", "/stations", JSON, body=body, token="director") + b"}"
    with connected(server.address) as connection:
        connection.sendall(one_byte_more)
        assert read_reply(connection).status == 422
        assert until_closed(connection) == b""


def test_many_upgrades_in_one_write_all_get_a_response(server: Sample) -> None:
    asking = request("GET", "/livez", "Connection: Upgrade", "Upgrade: h2c")
    with connected(server.address) as connection:
        connection.sendall(asking * MAX_PIPELINED)
        assert statuses(connection, MAX_PIPELINED) == [200] * MAX_PIPELINED


@pytest.mark.parametrize(
    ("head", "part"),
    [
        ("GET /livez HTTP/1.1\r\n\r\n", "one Host header"),
        ("GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", "one Host header"),
        ("GET /livez HTTP/1.2\r\nHost: a\r\n\r\n", "HTTP/1.1 or HTTP/1.0"),
        ("GET /livez HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 or HTTP/1.0"),
        ("GET /livez#a HTTP/1.1\r\nHost: a\r\n\r\n", "without a fragment"),
        ("GET livez HTTP/1.1\r\nHost: a\r\n\r\n", "request target"),
        ("PUT /notes HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "length of the body"),
        ("PUT /notes HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "length of the body"),
        ("PUT /notes HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "length of the body"),
        ("GET /livez HTTP/1.1\r\nHo st: a\r\n\r\n", "not valid HTTP/1.1"),
    ],
)
def test_the_response_to_a_malformed_head_names_the_wrong_part(server: Sample, head: str, part: str) -> None:
    reply = exchange(server.address, [head.encode()])
    assert (reply.status, reply.slug) == (400, "malformed-request")
    assert part in reply.json["detail"]


@pytest.fixture
def hasty() -> Iterator[Address]:
    with serving(build(Store()), protocol=bounded_protocol("urn:x:", read_timeout_s=0.6)) as address:
        yield address


@pytest.mark.parametrize(
    "begun", [b"GET /li", request("POST", "/stations", JSON, "Content-Length: 9", token="director")]
)
def test_a_request_that_does_not_arrive_in_time_is_refused(hasty: Address, begun: bytes) -> None:
    with connected(hasty) as connection:
        connection.sendall(begun)
        reply = read_reply(connection)
        assert (reply.status, reply.slug) == (408, "request-timeout")
        assert until_closed(connection) == b""


@pytest.mark.parametrize("sent", [b"", b"abc"])
def test_a_server_that_stops_refuses_a_request_that_has_not_arrived_in_full(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It does not wait for the rest: were it to, the end of its patience would be logged as an error."""
    store = Store()
    half = request("PUT", "/notes", OCTETS, "Content-Length: 9")
    with contextlib.ExitStack() as stack:
        with serving(build(store), protocol=bounded_protocol("urn:x:"), timeout_graceful_shutdown=2) as address:
            connection = stack.enter_context(connected(address))
            connection.sendall(half + sent)
            assert exchange(address, [ALIVE]).status == 200  # by now the half has been read, too
        reply = read_reply(connection)
        assert (reply.status, reply.slug, reply.headers["connection"]) == (408, "request-timeout", "close")
        assert until_closed(connection) == b""
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_connection_on_which_nothing_comes_is_closed(hasty: Address) -> None:
    with connected(hasty) as connection:
        assert until_closed(connection) == b""


def test_a_body_that_was_refused_and_never_ends_gets_no_second_response(hasty: Address) -> None:
    with connected(hasty) as connection:
        connection.sendall(request("POST", "/stations", JSON, "Content-Length: 99999999", token="director"))
        assert read_reply(connection).status == 413
        assert until_closed(connection) == b""


class Waiting:
    """An application that responses `/wait` only after `/go`."""

    def __init__(self) -> None:
        self.may_go = asyncio.Event()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] == "/go":
            self.may_go.set()
        await self.may_go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


@pytest.mark.parametrize(("excess", "end"), [(0, ""), (1, "close"), (50, "close")])
def test_no_more_than_so_many_requests_wait_on_a_connection(excess: int, end: str) -> None:
    """They get responses. Then the connection closes if there were more: 26 bytes of a client took 2 KB here."""
    with (
        serving(Waiting(), protocol=bounded_protocol("urn:x:"), lifespan="off") as address,
        connected(address) as connection,
        connection.makefile("rb") as stream,
    ):
        connection.sendall(request("GET", "/wait") + ALIVE * (MAX_PIPELINED + excess))
        # When the server sends this response, it has parsed what came before.
        assert exchange(address, [request("GET", "/go")]).status == 200
        heads = [b"".join(iter(stream.readline, b"\r\n")).decode() for _ in range(1 + MAX_PIPELINED)]
        assert {head.split(" ")[1] for head in heads} == {"200"}
        assert ["".join(re.findall("connection: (.+)\r", head)) for head in heads[-2:]] == ["", end]
        if end:
            assert stream.read() == b""


async def begin_and_wait(_scope: Scope, receive: Receive, send: Send) -> None:
    """Begin a response before the request has ended."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    while (await receive())["type"] != "http.disconnect":
        pass


def test_a_response_that_has_begun_does_not_contain_another_one() -> None:
    """Not when the rest of its request does not come in time, either."""
    protocol = bounded_protocol("urn:x:", read_timeout_s=1)
    with serving(begin_and_wait, protocol=protocol, lifespan="off") as address, connected(address) as connection:
        connection.sendall(request("PUT", "/", "Content-Length: 9"))
        received = until_closed(connection)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"\r\n\r\n5\r\nbegun\r\n")

"""Calls are counted when, and as what, the contract says; each response tells it, and one too many is refused."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from tests.support.server import serving
from tests.support.wire import Reply, connected, read_reply, request
from tickbox_contract.engine import limits
from tickbox_contract.engine.limits import PARTS_OF_UNIT, UNIT_BYTES, Allowance
from tickbox_contract.engine.protocol import bounded_protocol
from tickbox_contract.openapi.document import Document

from .conftest import STATION, STATION_ID, Sample
from .sample.application import CONTRACT, URN_PREFIX, build
from .sample.store import Store

QUOTA = 2
WINDOW_S, RESET_S = 60, 42
HERE = "127.0.0.1"
UNKNOWN_ID = "0190a5f0-0000-7000-8000-00000000ffff"


@dataclass
class CountingLimiter:
    """Allows each caller QUOTA requests for each policy, for ever; while it is silent, it returns nothing."""

    silent: bool = False
    counts: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    async def count(self, policy: str, *, address: str | None, principal: Any, units: int = 1) -> Allowance | None:
        return self._count(policy, principal or address, units)

    async def look(self, policy: str, *, address: str | None, principal: Any) -> Allowance | None:
        return self._look(policy, principal or address)

    async def look_at_failures(self, address: str | None) -> Allowance | None:
        return self._look("failures", address)

    async def count_failure(self, address: str | None) -> Allowance | None:
        return self._count("failures", address)

    def _look(self, policy: str, who: str | None) -> Allowance | None:
        count = self.counts[policy, who]
        return self._allowance(policy, count + 1) if count >= QUOTA and not self.silent else None

    def _count(self, policy: str, who: str | None, units: int = 1) -> Allowance | None:
        self.counts[policy, who] += units
        return None if self.silent else self._allowance(policy, self.counts[policy, who])

    def _allowance(self, policy: str, count: int) -> Allowance:
        return Allowance(policy, QUOTA, WINDOW_S, max(0, QUOTA - count), RESET_S, exceeded=count > QUOTA)


def limited_document() -> Document:
    """The sample's document with limits: signs of life and patches have none, notes are tighter than the rest."""
    root = copy.deepcopy(Document.read(CONTRACT).root)
    text = {"schema": {"type": "string"}}
    declared = {"RateLimit": text, "RateLimit-Policy": text}
    for response in root["components"]["responses"].values():
        response["headers"] |= declared
    late = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
    problem = root["components"]["responses"]["Problem"]
    root["components"]["responses"]["TooMany"] = problem | {"headers": problem["headers"] | late}
    for item in root["paths"].values():
        for operation in (node for method, node in item.items() if method != "parameters"):
            for response in operation["responses"].values():
                response.update({} if "$ref" in response else {"headers": response.get("headers", {}) | declared})
            operation["responses"]["429"] = {"$ref": "#/components/responses/TooMany"}
    root["paths"]["/livez"]["get"]["x-rate-limit"] = "none"
    root["paths"]["/stations/{station_id}"]["patch"]["x-rate-limit"] = "none"
    root["paths"]["/notes"]["put"]["x-rate-limit"] = "tight"
    return Document.parse(json.dumps(root).encode())


@dataclass(frozen=True)
class Limited(Sample):
    """The sample under a limiter."""

    limiter: CountingLimiter


@pytest.fixture(scope="module")
def started() -> Iterator[Limited]:
    store, limiter = Store(), CountingLimiter()
    application = build(store, document=limited_document(), limiter=limiter, policies=("default", "tight"))
    with serving(application, protocol=bounded_protocol(URN_PREFIX)) as address:
        yield Limited(address, store, limiter)


@pytest.fixture
def server(started: Limited) -> Limited:
    """With one station, and nobody counted yet."""
    started.store.stations = {STATION_ID: dict(STATION)}
    started.store.log.clear()
    started.limiter.silent = False
    started.limiter.counts.clear()
    return started


def allowance_of(reply: Reply) -> tuple[str, str]:
    return reply.headers["ratelimit"], reply.headers["ratelimit-policy"]


def is_silent(reply: Reply) -> bool:
    return not {"ratelimit", "ratelimit-policy", "retry-after"} & set(reply.headers)


def test_a_request_with_a_token_counts_for_its_principal(server: Limited) -> None:
    assert allowance_of(server.call("GET", "/stations", token="reader")) == ('"default";r=1;t=42', '"default";q=2;w=60')
    assert allowance_of(server.call("GET", "/stations", token="reader"))[0] == '"default";r=0;t=42'
    assert server.limiter.counts == {("default", "cy"): 2}


def test_a_request_that_needs_no_token_counts_for_its_address(server: Limited) -> None:
    assert allowance_of(server.call("GET", f"/stations/{STATION_ID}/report", token="reader"))[0] == '"default";r=1;t=42'
    assert server.limiter.counts == {("default", HERE): 1}


def test_a_large_response_counts_as_several_requests_and_is_sent(server: Limited) -> None:
    large = f"/stations/{UUID(int=2)}/report"
    reply = server.call("GET", large)
    assert (reply.status, allowance_of(reply)[0]) == (200, '"default";r=0;t=42')
    assert server.limiter.counts == {("default", HERE): 1 + 200_000 // UNIT_BYTES}
    assert server.call("GET", large).slug == "rate-limited"


def test_a_small_response_counts_once(server: Limited) -> None:
    assert server.call("GET", f"/stations/{UUID(int=1)}/report").status == 200
    assert server.limiter.counts == {("default", HERE): 1}


def test_a_large_representation_counts_as_several_requests_if_it_is_only_compared(
    server: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = f"/stations/{STATION_ID}"
    size_bytes = len(server.call("GET", station, token="reader").body)
    monkeypatch.setattr(limits, "UNIT_BYTES", size_bytes // QUOTA)
    reply = server.call("DELETE", station, 'If-Match: "6"', token="director")
    assert (reply.status, allowance_of(reply)[0]) == (412, '"default";r=0;t=42')
    assert server.limiter.counts["default", "ada"] == 1 + QUOTA
    assert server.call("DELETE", station, token="director").slug == "rate-limited"


@pytest.mark.parametrize(("count", "units"), [(1, 1), (PARTS_OF_UNIT, 1), (PARTS_OF_UNIT + 1, 2)])
def test_parts_of_a_request_count_together_as_requests(server: Limited, count: int, units: int) -> None:
    parts = [{"operation": "create_station", "station": {"name": str(number)}} for number in range(count)]
    reply = server.post_json("/stations/batch", json.dumps({"alone": False, "parts": parts}).encode())
    assert (reply.status, allowance_of(reply)[0]) == (200, f'"default";r={QUOTA - units};t=42')
    assert server.limiter.counts == {("default", "ada"): units}


def test_a_large_response_is_sent_where_nothing_can_be_counted(server: Limited) -> None:
    server.limiter.silent = True
    reply = server.call("GET", f"/stations/{UUID(int=2)}/report")
    assert reply.status == 200
    assert is_silent(reply)


def test_a_named_policy_counts_alone(server: Limited) -> None:
    reply = server.call("PUT", "/notes", "Content-Type: text/plain", body=b"note")
    assert (reply.status, allowance_of(reply)) == (200, ('"tight";r=1;t=42', '"tight";q=2;w=60'))
    assert server.limiter.counts == {("tight", HERE): 1}


@pytest.mark.parametrize(
    ("lines", "body", "status"),
    [
        (("Content-Type: text/plain",), b"\xff", 400),
        (("Content-Type: text/plain", "Accept: image/png"), b"note", 406),
        (("Content-Type: text/plain",), b"x" * 65, 413),
        (("Content-Type: image/png",), b"x", 415),
        (("Content-Type: text/plain",), b"x" * 21, 422),
    ],
)
def test_what_is_refused_before_it_is_performed_leaves_a_named_policy_alone(
    server: Limited, lines: tuple[str, ...], body: bytes, status: int
) -> None:
    reply = server.call("PUT", "/notes", *lines, body=body)
    assert (reply.status, allowance_of(reply)) == (status, ('"default";r=1;t=42', '"default";q=2;w=60'))
    assert server.limiter.counts == {("default", HERE): 1}


def test_too_many_that_are_refused_are_refused_for_being_too_many(server: Limited) -> None:
    lines = ("Content-Type: image/png",)
    assert [server.call("PUT", "/notes", *lines, body=b"x").status for _ in range(QUOTA + 1)] == [415, 415, 429]
    good = server.call("PUT", "/notes", "Content-Type: text/plain", body=b"note")
    assert (good.status, allowance_of(good)[0]) == (429, '"default";r=0;t=42')


def test_a_caller_with_nothing_left_of_a_named_policy_is_refused_before_the_body_is_read(server: Limited) -> None:
    server.limiter.counts["tight", HERE] = QUOTA
    with connected(server.address) as connection:
        connection.sendall(request("PUT", "/notes", "Content-Type: text/plain", "Content-Length: 10"))
        reply = read_reply(connection, method="PUT")
    assert (reply.status, allowance_of(reply)[0]) == (429, '"tight";r=0;t=42')
    assert "'tight'" in reply.json["detail"]


def test_refusals_that_arrive_at_once_are_refused_as_soon_as_they_are_too_many(
    server: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def see_nothing(_policy: str, *, address: str | None, principal: Any) -> None:
        """What is left when all of them look before one has been counted."""

    monkeypatch.setattr(server.limiter, "look", see_nothing)
    server.limiter.counts.update({("default", HERE): QUOTA, ("tight", HERE): QUOTA})
    for body in (b"x" * 21, b"note"):
        assert server.call("PUT", "/notes", "Content-Type: text/plain", body=body).status == 429


def test_a_head_counts_as_the_get_that_it_mirrors(server: Limited) -> None:
    assert allowance_of(server.call("HEAD", "/stations", token="reader"))[0] == '"default";r=1;t=42'


def test_an_operation_without_limits_is_not_counted(server: Limited) -> None:
    assert is_silent(server.call("GET", "/livez"))
    assert server.limiter.counts == {}


@pytest.mark.parametrize(("token", "status"), [("unknown", 401), ("director", 400)])
def test_an_operation_without_limits_counts_and_minds_no_token(server: Limited, token: str, status: int) -> None:
    spent = {("failures", HERE): QUOTA, ("default", "ada"): QUOTA}
    server.limiter.counts.update(spent)
    reply = server.call("PATCH", f"/stations/{STATION_ID}", token=token)
    assert (reply.status, is_silent(reply)) == (status, True)
    assert server.limiter.counts == spent


@pytest.mark.parametrize(("method", "target"), [("GET", "/nowhere"), ("DELETE", "/notes"), ("OPTIONS", "/notes")])
def test_what_reaches_no_operation_is_not_counted(server: Limited, method: str, target: str) -> None:
    assert is_silent(server.call(method, target))
    assert server.limiter.counts == {}


def test_what_cannot_be_counted_is_let_through_in_silence(server: Limited) -> None:
    server.limiter.silent = True
    for _ in range(QUOTA + 1):
        reply = server.call("GET", "/stations", token="reader")
        assert (reply.status, is_silent(reply)) == (200, True)


JSON = ("Content-Type: application/json",)
RESPONSES: Mapping[int, tuple[str, str, tuple[str, ...], bytes, str | None]] = {
    200: ("GET", "/stations", (), b"", "reader"),
    201: ("POST", "/stations", JSON, b'{"name": "Oban"}', "director"),
    202: ("POST", "/answers/good-empty", (), b"", None),
    204: ("DELETE", f"/stations/{STATION_ID}", (), b"", "director"),
    304: ("GET", "/openapi.yaml", ("If-None-Match: *",), b"", None),
    400: ("GET", "/stations?limit=many", (), b"", "reader"),
    403: ("POST", "/stations", JSON, b'{"name": "Oban"}', "reader"),
    404: ("GET", f"/stations/{UNKNOWN_ID}", (), b"", "director"),
    406: ("GET", "/stations", ("Accept: image/png",), b"", "reader"),
    409: ("POST", "/answers/raised-problem", (), b"", None),
    412: ("DELETE", f"/stations/{STATION_ID}", ('If-Match: "0"',), b"", "director"),
    413: ("PUT", "/notes", ("Content-Type: text/plain",), b"x" * 65, None),
    415: ("PUT", "/notes", ("Content-Type: image/png",), b"x", None),
    422: ("POST", "/stations", JSON, b"{}", "director"),
    500: ("POST", "/answers/failure", (), b"", None),
}


@pytest.mark.parametrize("status", RESPONSES)
def test_every_response_says_what_is_left(server: Limited, status: int) -> None:
    method, target, lines, body, token = RESPONSES[status]
    reply = server.call(method, target, *lines, body=body, token=token)
    assert (reply.status, *allowance_of(reply)) == (status, '"default";r=1;t=42', '"default";q=2;w=60')


def test_a_500_for_a_violation_says_it_too(server: Limited) -> None:
    reply = server.call("POST", "/answers/leaked-property")
    assert (reply.status, allowance_of(reply)[0]) == (500, '"default";r=1;t=42')


def test_a_stream_says_it_too(server: Limited) -> None:
    reply = server.call("GET", f"/stations/{STATION_ID}/events?kind=few")
    assert (reply.status, allowance_of(reply)[0]) == (200, '"default";r=1;t=42')


def test_a_repeated_response_says_what_is_left_now(server: Limited) -> None:
    lines = (*JSON, "Idempotency-Key: again")
    first, again = (server.call("POST", "/stations", *lines, body=b'{"name": "Oban"}', token="director") for _ in "12")
    assert (first.status, first.body) == (again.status, again.body)
    assert [allowance_of(reply)[0] for reply in (first, again)] == ['"default";r=1;t=42', '"default";r=0;t=42']


def test_one_request_too_many_is_refused_and_does_nothing(server: Limited) -> None:
    for name in ("Oban", "Skye"):
        assert server.post_json("/stations", json.dumps({"name": name}).encode()).status == 201
    server.store.log.clear()
    before = server.store.snapshot()
    reply = server.post_json("/stations", b'{"name": "Uist"}')
    assert (reply.status, reply.slug, reply.headers["retry-after"]) == (429, "rate-limited", "42")
    assert allowance_of(reply) == ('"default";r=0;t=42', '"default";q=2;w=60')
    assert (server.store.snapshot(), server.store.log) == (before, [])


def test_others_are_not_held_up(server: Limited) -> None:
    replies = [server.call("GET", "/stations", token=token) for token in ("reader",) * 3 + ("observer",)]
    assert [reply.status for reply in replies] == [200, 200, 429, 200]


def test_the_body_of_one_request_too_many_is_not_waited_for(server: Limited) -> None:
    server.limiter.counts["default", "ada"] = QUOTA
    head = request("POST", "/stations", *JSON, "Content-Length: 1000", token="director")
    with connected(server.address) as connection:
        connection.sendall(head)
        assert read_reply(connection, method="POST").status == 429


@pytest.mark.parametrize(
    ("target", "token"), [("/stations/nonsense", "reader"), (f"/stations/{STATION_ID}", "stranger")]
)
def test_one_request_too_many_learns_nothing_about_its_path(server: Limited, target: str, token: str) -> None:
    allowed = [server.call("GET", target, token=token).status for _ in range(QUOTA)]
    assert 429 not in allowed
    assert server.call("GET", target, token=token).status == 429


@pytest.mark.parametrize("token", [None, "unknown", "not a token"])
def test_a_request_without_a_valid_token_counts_for_its_address(server: Limited, token: str | None) -> None:
    reply = server.call("GET", "/stations", token=token)
    assert (reply.status, allowance_of(reply)) == (401, ('"failures";r=1;t=42', '"failures";q=2;w=60'))
    assert "www-authenticate" in reply.headers
    assert server.limiter.counts == {("failures", HERE): 1}


def test_an_address_that_sent_too_many_is_refused_before_its_token_is_looked_at(server: Limited) -> None:
    assert [server.call("GET", "/stations", token="unknown").status for _ in range(QUOTA)] == [401, 401]
    reply = server.call("GET", "/stations", token="reader")
    assert (reply.status, reply.slug, reply.headers["retry-after"]) == (429, "rate-limited", "42")
    assert server.limiter.counts == {("failures", HERE): QUOTA}


def test_failures_that_arrive_at_once_are_refused_as_soon_as_they_are_too_many(
    server: Limited, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def see_nothing(_address: str | None) -> None:
        """What is left when all of them look before one has been counted."""

    monkeypatch.setattr(server.limiter, "look_at_failures", see_nothing)
    replies = [server.call("GET", "/stations", token="unknown") for _ in range(QUOTA + 1)]
    assert [reply.status for reply in replies] == [401, 401, 429]
    assert "www-authenticate" not in replies[-1].headers


def test_an_operation_without_a_token_still_works_for_an_address_that_sent_invalid_ones(server: Limited) -> None:
    server.limiter.counts["failures", HERE] = QUOTA
    assert server.call("GET", f"/stations/{STATION_ID}/report").status == 200


def test_a_stream_counts_for_each_64_kib_and_ends_when_nothing_is_left(server: Limited) -> None:
    """The request is the first unit, and the second is the last one."""
    server.store.closed_streams.clear()
    with connected(server.address) as connection:
        connection.sendall(request("GET", f"/stations/{STATION_ID}/readings", token="observer"))
        received = b""
        while not received.endswith(b"\r\n0\r\n\r\n"):
            received += connection.recv(65536)
    assert len(received) > 2 * UNIT_BYTES
    assert server.limiter.counts == {("default", "bo"): QUOTA + 1}
    assert server.store.closed_streams == ["readings"]

"""Answers: negotiation, conditions, streams, access, and the check of what a handler returns."""

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncGenerator
from itertools import pairwise

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.wire import connected, exchange, request
from tickbox_contract.engine.declared_responses import DeclaredResponse, DeclaredResponses
from tickbox_contract.engine.media import media_of
from tickbox_contract.engine.violations import violation_reporter
from tickbox_contract.openapi.media_types import EVENT_STREAM
from tickbox_contract.openapi.schemas import SchemaCompiler
from tickbox_contract.responses import Event, events

from .conftest import STATION_ID, Sample
from .sample.application import CONTRACT
from .sample.handlers.echoes import RESPONSES

STATION = f"/stations/{STATION_ID}"
GOOD = {"good", "good-text", "good-bytes", "good-empty", "returned-problem"}
TRANSLATED = {"raised-problem", "raised-server-problem", "raised-noted-problem"}
UNSENDABLE = {
    "split-header", "non-ascii-header", "no-plain-data", "broken-bytes", "text-no-utf8", "text-of-dict", "no-stream",
    "raised-undeclared-problem", "failure",
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(RESPONSES) - GOOD - TRANSLATED))
def test_a_non_conforming_response_is_a_500_that_leaves_no_trace(server: Sample, kind: str) -> None:
    before = server.store.snapshot()
    reply = server.call("POST", f"/answers/{kind}")
    assert (reply.status, reply.slug) == (500, "internal-error")
    assert set(reply.headers) == {"date", "server", "content-type", "content-length"}
    assert server.store.log == ["opened", "rolled back"]
    assert server.store.snapshot() == before


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        ("good", 200, b'{"status":"good"}'),
        ("good-text", 200, b"good"),
        ("good-bytes", 200, b'{"status": "good"}'),
        ("good-empty", 202, b""),
    ],
)
def test_a_conforming_response_is_committed_and_sent(server: Sample, kind: str, status: int, content: bytes) -> None:
    reply = server.call("POST", f"/answers/{kind}")
    assert (reply.status, reply.body) == (status, content)
    assert server.store.log == ["opened", "committed"]


def test_a_problem_that_is_returned_commits(server: Sample) -> None:
    reply = server.call("POST", "/answers/returned-problem")
    assert (reply.status, reply.slug) == (409, "conflict")
    assert server.store.log == ["opened", "committed"]


def test_a_problem_that_is_raised_rolls_back(server: Sample) -> None:
    reply = server.call("POST", "/answers/raised-problem")
    assert (reply.status, reply.slug) == (409, "name-taken")
    assert server.store.log == ["opened", "rolled back"]


def test_an_unexpected_error_is_logged_and_not_sent(server: Sample, caplog: pytest.LogCaptureFixture) -> None:
    reply = server.call("POST", "/answers/failure")
    assert b"unexpected" not in reply.body
    assert any(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in caplog.records)


@pytest.mark.parametrize("kind", ["leaked-property", "no-plain-data", "split-header", "undeclared-status"])
def test_a_violation_is_logged_with_its_operation_and_without_content(
    server: Sample, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.call("POST", f"/answers/{kind}")
    (record,) = [record for record in caplog.records if record.name == "tickbox_contract.engine.violations"]
    assert vars(record)["operation_id"] == "give_answer"
    assert vars(record)["violation"]
    assert "Set-Cookie" not in vars(record)["violation"]


@pytest.mark.parametrize("kind", sorted(set(RESPONSES) - UNSENDABLE - GOOD - TRANSLATED))
def test_report_lets_a_non_conforming_response_pass_and_logs_it(
    reporting: Sample, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert reporting.call("POST", f"/answers/{kind}").status != 500
    assert reporting.store.log == ["opened", "committed"]
    assert any(record.levelno == logging.ERROR and "violation" in vars(record) for record in caplog.records)


@pytest.mark.parametrize("kind", sorted(UNSENDABLE - {"raised-undeclared-problem"}))
def test_report_does_not_send_what_cannot_be_sent(reporting: Sample, kind: str) -> None:
    assert reporting.call("POST", f"/answers/{kind}").slug == "internal-error"
    assert reporting.store.log == ["opened", "rolled back"]


def test_report_lets_an_undeclared_problem_pass(reporting: Sample) -> None:
    assert reporting.call("POST", "/answers/raised-undeclared-problem").slug == "gone"
    assert reporting.store.log == ["opened", "rolled back"]


def test_a_write_only_property_is_never_sent(server: Sample) -> None:
    server.store.stations[STATION_ID]["secret"] = "x"
    assert server.call("GET", STATION, token="director").slug == "internal-error"


def test_a_composed_response_is_closed(server: Sample) -> None:
    assert server.call("GET", STATION, token="director").status == 200
    server.store.stations[STATION_ID]["leak"] = "x"
    assert server.call("GET", STATION, token="director").slug == "internal-error"
    assert server.call("GET", "/stations", token="director").slug == "internal-error"


@pytest.mark.parametrize(
    ("number", "accept", "status", "media_type"),
    [
        (3, "", 200, "application/json"),
        (3, "*/*", 200, "application/json"),
        (3, "application/*", 200, "application/json"),
        (1, "text/plain", 200, "text/plain"),
        (1, "TEXT/*;q=0.5", 200, "text/plain"),
        (0, "application/octet-stream", 200, "application/octet-stream"),
        (3, "application/json;q=0", 406, "application/problem+json"),
        (3, "image/png, image/*;q=0.5", 406, "application/problem+json"),
        (3, "application/json;q=x", 406, "application/problem+json"),
    ],
)
def test_the_media_type_is_negotiated(server: Sample, number: int, accept: str, status: int, media_type: str) -> None:
    lines = (f"Accept: {accept}",) if accept else ()
    reply = server.call("GET", f"/stations/00000000-0000-0000-0000-{number:012}/report", *lines)
    assert (reply.status, reply.headers["content-type"]) == (status, media_type)


def test_a_problem_is_a_problem_document_whatever_is_accepted(server: Sample) -> None:
    reply = server.call("GET", "/stations/nope/report", "Accept: text/plain")
    assert (reply.status, reply.slug) == (400, "invalid-parameters")


def test_a_resource_that_the_client_has_is_not_sent_again(server: Sample) -> None:
    first = server.call("GET", STATION, token="director")
    assert first.headers["etag"] == '"7"'
    for given in (['"7"'], ['W/"7"'], ['"1", "7"'], ["*"], ['"1"', '"7"'], ['"7"', '"1"']):
        lines = [f"If-None-Match: {tags}" for tags in given]
        again = server.call("GET", STATION, *lines, token="director")
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", '"7"')
        assert not {"content-length", "content-type"} & set(again.headers)
    assert server.call("GET", STATION, 'If-None-Match: "6"', token="director").status == 200


def test_a_list_has_the_hash_of_its_bytes_for_an_etag(server: Sample) -> None:
    first = server.call("GET", "/stations", token="director").headers["etag"]
    assert server.call("GET", "/stations", token="director").headers["etag"] == first
    server.store.stations[STATION_ID]["name"] = "other"
    assert server.call("GET", "/stations", token="director").headers["etag"] != first


def test_if_none_match_is_ignored_where_no_304_is_declared(server: Sample) -> None:
    assert server.call("GET", "/stations", "If-None-Match: *", token="director").status == 200
    assert server.call("GET", "/livez", "If-None-Match: *").status == 200


def test_the_contract_is_served_as_it_was_written(server: Sample) -> None:
    reply = server.call("GET", "/openapi.yaml")
    assert (reply.body, reply.headers["content-type"]) == (CONTRACT.read_bytes(), "application/yaml")
    again = server.call("GET", "/openapi.yaml", f"If-None-Match: {reply.headers['etag']}")
    assert again.status == 304


def test_the_contract_is_served_as_json(server: Sample) -> None:
    reply = server.call("GET", "/openapi.json")
    assert (reply.json["info"]["title"], reply.headers["content-type"]) == ("Weather stations", "application/json")
    assert "200" in reply.json["paths"]["/openapi.yaml"]["get"]["responses"]


def test_head_mirrors_get_without_a_body(server: Sample) -> None:
    get = server.call("GET", STATION, token="director")
    head = server.call("HEAD", STATION, token="director")
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", '"7"')
    assert head.headers["content-length"] == str(len(get.body))


@pytest.mark.parametrize(
    ("target", "token", "status"),
    [("/nope", None, 404), (STATION, None, 401), ("/stations/nope", "director", 400), ("/notes", None, 405)],
)
def test_head_gets_the_problem_of_get_without_its_body(
    server: Sample, target: str, token: str | None, status: int
) -> None:
    reply = server.call("HEAD", target, token=token)
    assert (reply.status, reply.body, reply.headers["content-type"]) == (status, b"", "application/problem+json")


@pytest.mark.parametrize(
    ("target", "allow"),
    [
        (STATION, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("/stations", "GET, HEAD, OPTIONS, POST"),
        ("/notes", "OPTIONS, PUT"),
        ("/required", "HEAD, OPTIONS"),
    ],
)
def test_options_and_405_name_all_methods(server: Sample, target: str, allow: str) -> None:
    options = server.call("OPTIONS", target)
    assert (options.status, options.body, options.headers["allow"]) == (204, b"", allow)
    assert "content-type" not in options.headers
    refused = server.call("TRACE", target)
    assert (refused.status, refused.slug, refused.headers["allow"]) == (405, "method-not-allowed", allow)


def test_a_deletion_has_neither_body_nor_content_type(server: Sample) -> None:
    reply = server.call("DELETE", STATION, token="director")
    assert (reply.status, reply.body) == (204, b"")
    assert not {"content-length", "content-type"} & set(reply.headers)
    assert server.store.stations == {}


@pytest.mark.parametrize(
    ("method", "token", "status", "slug"),
    [
        ("DELETE", None, 401, "unauthenticated"),
        ("DELETE", "nope", 401, "unauthenticated"),
        ("DELETE", "stranger", 404, "not-found"),
        ("DELETE", "passer-by", 404, "not-found"),
        ("DELETE", "observer", 403, "insufficient-role"),
        ("DELETE", "reader", 403, "insufficient-scope"),
        ("PATCH", "observer", 403, "insufficient-role"),
        ("PATCH", "stranger", 404, "not-found"),
    ],
)
def test_access_is_asked_before_anything_else(
    server: Sample, method: str, token: str | None, status: int, slug: str
) -> None:
    reply = server.call(method, f"{STATION}?nope=1", "Accept: image/png", body=b"{", token=token)
    assert (reply.status, reply.slug) == (status, slug)
    assert server.store.log == []


@pytest.mark.parametrize("token", ["observer", "reader"])
def test_a_role_and_all_above_it_are_enough(server: Sample, token: str) -> None:
    assert server.call("GET", STATION, token=token).status == 200


def test_an_operation_without_a_role_asks_for_the_scope_only(server: Sample) -> None:
    assert server.call("GET", "/stations", token="stranger").status == 200
    assert server.post_json("/stations", b'{"name": "x"}', token="reader").slug == "insufficient-scope"


@pytest.mark.parametrize(
    ("line", "challenge"),
    [
        (None, 'Bearer realm="weather"'),
        ("Authorization: ", 'Bearer realm="weather", error="invalid_request"'),
        ("Authorization: bearer nope", 'Bearer realm="weather", error="invalid_token"'),
    ],
)
def test_a_401_says_how_to_authenticate(server: Sample, line: str | None, challenge: str) -> None:
    reply = server.call("GET", "/stations", *((line,) if line else ()))
    assert (reply.status, reply.headers["www-authenticate"]) == (401, challenge)


def test_the_scheme_may_be_in_any_case(server: Sample) -> None:
    assert server.call("GET", "/stations", "Authorization: BEARER  reader").status == 200


def test_events_are_sent_as_they_come(server: Sample) -> None:
    reply = server.call("GET", f"{STATION}/events?kind=few")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream")
    assert reply.body == b'id: 1\nevent: weather\ndata: {"status":"sunny"}\n\ndata: {"status":"rainy"}\n\n'
    assert server.store.closed_streams == ["few"]


@pytest.mark.parametrize("kind", ["leaking", "failing"])
def test_a_stream_that_breaks_the_contract_or_fails_is_cut_off(
    server: Sample, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("GET", f"{STATION}/events?kind={kind}"))
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"sunny" in received
    assert b"rainy" not in received
    assert b"secret" not in received
    assert not received.endswith(b"0\r\n\r\n")
    assert server.store.closed_streams == [kind]
    assert any(
        record.name in {"tickbox_contract.engine.violations", "tickbox_contract.engine.sending"}
        for record in caplog.records
    )


async def test_others_get_a_turn_between_any_two_events_of_a_stream_that_never_waits() -> None:
    """To a client that is gone nothing is sent: a stream that did not yield would then hold the whole server up."""
    turns, at_each_event = itertools.count(), list[int]()
    done = asyncio.Event()

    async def take_turns() -> int:
        while not done.is_set():
            turn = next(turns)
            await asyncio.sleep(0)
        return turn

    async def stream() -> AsyncGenerator[Event, None]:
        for number in range(5):
            yield Event(content=number)

    others = asyncio.create_task(take_turns())
    anything = SchemaCompiler({}).compile({}, direction="response")
    response = DeclaredResponse(content={EVENT_STREAM: media_of(EVENT_STREAM, {}, anything, dict)}, headers={})
    wire = DeclaredResponses({200: response}, (EVENT_STREAM,)).encode(
        events(stream()), accepted=EVENT_STREAM, violation=violation_reporter("stream", "enforce")
    )
    assert not isinstance(wire.body, bytes)
    async for _ in wire.body:
        at_each_event.append(next(turns))
    done.set()
    await others
    assert all(later - earlier > 1 for earlier, later in pairwise(at_each_event))
    assert len(at_each_event) == 5


def test_a_stream_is_closed_when_its_client_goes_away(server: Sample) -> None:
    with connected(server.address) as connection:
        connection.sendall(request("GET", f"{STATION}/events?kind=endless"))
        assert connection.recv(65536)
    deadline = time.monotonic() + PATIENCE_S
    while not server.store.closed_streams and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.store.closed_streams == ["endless"]


def test_head_of_a_stream_has_no_end_to_wait_for(server: Sample) -> None:
    reply = exchange(server.address, [request("HEAD", f"{STATION}/events?kind=endless")], method="HEAD")
    assert (reply.status, reply.headers["content-type"], reply.body) == (200, "text/event-stream", b"")


@pytest.mark.parametrize(
    ("kind", "cause"), [("server", "the barometer is away"), ("noted", "the barometer in Lund is away")]
)
def test_the_reason_of_a_5xx_is_logged_and_not_sent(
    server: Sample, caplog: pytest.LogCaptureFixture, kind: str, cause: str
) -> None:
    reply = server.call("POST", f"/answers/raised-{kind}-problem")
    assert (reply.status, reply.slug) == (500, "resting")
    assert b"barometer" not in reply.body
    assert [vars(record)["cause"] for record in caplog.records if "cause" in vars(record)] == [cause]

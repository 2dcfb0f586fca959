"""`If-Match` and `If-None-Match`, on every method, whether an operation declares them or not (RFC 9110, 13)."""

from __future__ import annotations

import json

import pytest

from tests.support.wire import Reply

from .conftest import STATION_ID, Sample

STATION = f"/stations/{STATION_ID}"
MISSING = "/stations/0190a5f0-0000-7000-8000-0000000000ff"
WRITES = [
    ("PATCH", "application/merge-patch+json", b'{"name": "Oxford"}'),
    ("PUT", "application/json", b'{"name": "Oxford"}'),
    ("DELETE", "", b""),
]
each_write = pytest.mark.parametrize(("method", "media_type", "body"), WRITES, ids=[method for method, *_ in WRITES])


def send(server: Sample, method: str, media_type: str, body: bytes, *lines: str, path: str = STATION) -> Reply:
    given = (*((f"Content-Type: {media_type}",) if media_type else ()), *lines)
    return server.call(method, path, *given, body=body, token="director")


def assert_refused(server: Sample, reply: Reply) -> None:
    assert (reply.status, reply.slug) == (412, "precondition-failed")
    assert server.store.stations[STATION_ID]["name"] == "Kew"
    assert "committed" not in server.store.log


@each_write
@pytest.mark.parametrize("given", ["*", '"7"', 'W/"7"', '"1", "7"', ', "7" ,,'])
def test_a_write_is_not_performed_where_if_none_match_is_false(
    server: Sample, method: str, media_type: str, body: bytes, given: str
) -> None:
    reply = send(server, method, media_type, body, f"If-None-Match: {given}")
    assert_refused(server, reply)
    assert reply.headers["etag"] == '"7"'


@each_write
@pytest.mark.parametrize("given", ['"6"', '"6", W/"8"', '""'])
def test_a_write_is_performed_where_if_none_match_holds(
    server: Sample, method: str, media_type: str, body: bytes, given: str
) -> None:
    assert send(server, method, media_type, body, f"If-None-Match: {given}").status in (200, 204)
    assert server.store.log[-1] == "committed"


def test_both_conditions_of_a_write_must_hold(server: Sample) -> None:
    patch = WRITES[0]
    assert_refused(server, send(server, *patch, 'If-Match: "6"', 'If-None-Match: "6"'))
    assert_refused(server, send(server, *patch, 'If-Match: "7"', 'If-None-Match: "7"'))
    assert send(server, *patch, 'If-Match: "7"', 'If-None-Match: "6"').status == 200


def test_a_condition_that_an_operation_does_not_declare_holds_as_well(server: Sample) -> None:
    put = WRITES[1]
    assert_refused(server, send(server, *put, 'If-Match: "6"'))
    assert send(server, *put, 'If-Match: "7"').status == 200


def test_what_may_not_be_replaced_is_created_where_it_does_not_exist(server: Sample) -> None:
    put = WRITES[1]
    assert send(server, *put, "If-None-Match: *", path=MISSING).status == 200
    assert send(server, *put, "If-None-Match: *", path=MISSING).slug == "precondition-failed"


def test_what_does_not_exist_matches_nothing(server: Sample) -> None:
    reply = send(server, *WRITES[1], "If-Match: *", path=MISSING)
    assert reply.slug == "precondition-failed"
    assert "etag" not in reply.headers
    assert len(server.store.stations) == 1


@pytest.mark.parametrize("write", [WRITES[0], WRITES[2]], ids=["PATCH", "DELETE"])
@pytest.mark.parametrize("line", ["If-Match: *", "If-None-Match: *"])
def test_a_write_of_what_does_not_exist_is_a_404_whatever_the_condition(
    server: Sample, write: tuple[str, str, bytes], line: str
) -> None:
    assert send(server, *write, line, path=MISSING).slug == "not-found"


def test_a_failure_to_read_what_is_to_be_replaced_is_not_taken_for_its_absence(server: Sample) -> None:
    server.store.unreachable.add(STATION_ID)
    assert send(server, *WRITES[1], "If-None-Match: *").slug == "resting"


def test_a_collection_exists(server: Sample) -> None:
    body = json.dumps({"name": "Oxford"}).encode()
    given = ("POST", "application/json", body)
    reply = send(server, *given, "If-None-Match: *", path="/stations")
    assert_refused(server, reply)
    assert "the resource is the collection" in reply.json["detail"]
    assert_refused(server, send(server, *given, 'If-Match: "6"', path="/stations"))
    etag = server.call("GET", "/stations", token="director").headers["etag"]
    assert send(server, *given, f"If-Match: {etag}", path="/stations").status == 201


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("given", "status"), [("*", 200), ('"7"', 200), ('"6"', 412), ('W/"7"', 412), (',"6",', 412)])
def test_a_read_is_of_a_version_that_if_match_names(server: Sample, method: str, given: str, status: int) -> None:
    assert server.call(method, STATION, f"If-Match: {given}", token="director").status == status


def test_if_match_of_a_read_comes_first(server: Sample) -> None:
    both = ('If-Match: "6"', 'If-None-Match: "7"')
    assert server.call("GET", STATION, *both, token="director").status == 412
    assert server.call("GET", STATION, 'If-Match: "7"', 'If-None-Match: "7"', token="director").status == 304


def test_a_read_of_what_does_not_exist_is_a_404_whatever_the_condition(server: Sample) -> None:
    assert server.call("GET", MISSING, 'If-Match: "6"', token="director").slug == "not-found"


@pytest.mark.parametrize("given", [', "1",,"7"', '"7",', ',"7"', '\t"7" ,\t'])
@pytest.mark.parametrize("method", ["PATCH", "GET", "PUT"])
def test_empty_elements_of_a_list_are_accepted(server: Sample, method: str, given: str) -> None:
    write = next((write for write in WRITES if write[0] == method), ("GET", "", b""))
    assert send(server, *write, f"If-Match: {given}").status == 200


@pytest.mark.parametrize("given", ["7", '"7', '"7" "7"', '"7"x', '*, "7"', 'w/"7"', ",", ""])
@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_what_is_not_a_list_of_entity_tags_is_refused(server: Sample, method: str, name: str, given: str) -> None:
    write = next((write for write in WRITES if write[0] == method), ("GET", "", b""))
    reply = send(server, *write, f"{name}: {given}")
    assert reply.slug == "invalid-parameters"
    assert reply.places == {f"header {name} pattern"}


def test_nobody_learns_a_version_from_a_condition_of_what_they_may_not_write(server: Sample) -> None:
    given = ("Content-Type: application/json", 'If-Match: "6"')
    assert server.call("PUT", STATION, *given, body=b'{"name": "Oxford"}', token="observer").status == 403

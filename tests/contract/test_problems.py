"""What a problem document says: which value is wrong, in words, and what a client can do next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.wire import Reply
from tickbox_contract.engine import problems
from tickbox_contract.openapi.problems import NOT_FOUND, RATE_LIMITED
from tickbox_contract.responses import problem

from .conftest import STATION_ID, Sample
from .sample.application import REQUEST_URN

HERE = f"/stations/{STATION_ID}"
ELSEWHERE = "/stations/0190a5f0-0000-7000-8000-00000000ffff"
MERGE = "Content-Type: application/merge-patch+json"


def create(server: Sample, body: dict[str, Any], *lines: str) -> Reply:
    content = json.dumps(body).encode()
    return server.call("POST", "/stations", "Content-Type: application/json", *lines, body=content, token="director")


def patch(server: Sample, body: dict[str, Any], *lines: str, token: str = "director") -> Reply:
    return server.call("PATCH", HERE, MERGE, *lines, body=json.dumps(body).encode(), token=token)


def faults(reply: Reply) -> list[tuple[str, str, str]]:
    return [(fault["pointer"], fault["code"], fault["detail"]) for fault in reply.json["errors"]]


def test_a_failed_pattern_is_explained_by_a_sentence_and_not_by_the_pattern(server: Sample) -> None:
    reply = create(server, {"name": "Kew", "code": "k"})
    assert faults(reply) == [("#/code", "pattern", "These must be two capital letters.")]
    assert "A-Z" not in reply.body.decode()


def test_a_failed_pattern_of_a_parameter_is_not_repeated(server: Sample) -> None:
    reply = patch(server, {"name": "Oxford"}, "If-Match: 7")
    (fault,) = reply.json["errors"]
    assert (fault["header"], fault["code"]) == ("If-Match", "pattern")
    assert fault["detail"] == "This must be entity tags in quotes, or *."


def test_a_wrong_type_and_what_cannot_be_stored_are_one_fault(server: Sample) -> None:
    assert create(server, {"name": 10**30}).places == {"pointer #/name type"}
    assert create(server, {"name": "\0" * 51}).places == {"pointer #/name nul"}


def test_a_property_of_the_resource_is_read_only_and_not_unknown(server: Sample) -> None:
    assert faults(patch(server, {"revision": 8, "id": "x", "code": "KW", "colur": "red"})) == [
        ("#/revision", "read-only", "This property is read-only. Leave it out."),
        ("#/id", "read-only", "This property is read-only. Leave it out."),
        (
            "#/code",
            "read-only",
            "This property is read-only here. To change it, use delete_station or create_station.",
        ),
        ("#/colur", "unknown", "There is no such property here."),
    ]


def test_what_a_new_resource_will_have_is_read_only_too(server: Sample) -> None:
    assert faults(create(server, {"name": "Kew", "revision": 1})) == [
        ("#/revision", "read-only", "This property is read-only. Leave it out.")
    ]


def test_only_the_properties_of_the_resource_itself_are_its(server: Sample) -> None:
    reply = create(server, {"name": "Kew", "place": {"lat": 1, "revision": 1}})
    assert faults(reply) == [("#/place/revision", "unknown", "There is no such property here.")]


@pytest.mark.parametrize(
    ("method", "path", "token", "detail"),
    [
        ("GET", "/station", "director", "There is no such path. Check it against the contract."),
        ("GET", HERE, "stranger", "Not found, or you do not have access to it."),
        ("DELETE", HERE, "observer", "This needs the role 'director'. Your role here is 'observer'."),
        (
            "PATCH",
            HERE,
            "observer",
            "This needs the role 'keeper' or a higher one. Your role here is 'observer'.",
        ),
        (
            "DELETE",
            HERE,
            "reader",
            "This needs the scope 'write', which your token does not have. Use one that has it.",
        ),
        ("PUT", "/stations", "director", "This path allows: GET, HEAD, OPTIONS, POST."),
    ],
)
def test_a_refusal_says_what_is_needed(server: Sample, method: str, path: str, token: str, detail: str) -> None:
    assert server.call(method, path, token=token).json["detail"] == detail


def test_a_problem_names_the_request_it_is_about(server: Sample) -> None:
    replies = [
        server.call("GET", "/nowhere"),
        server.call("GET", HERE),
        create(server, {}),
        create(server, {"name": "Later"}),
        server.call("POST", "/answers/failure"),
    ]
    assert [reply.status for reply in replies] == [404, 401, 422, 409, 500]
    assert {reply.json["instance"] for reply in replies} == {REQUEST_URN}


def test_a_problem_outside_of_any_request_names_none() -> None:
    response = problem(NOT_FOUND, "Not found.")
    assert "instance" not in problems.document(response, urn_prefix="urn:x:")


@pytest.mark.parametrize(("sent", "repeated"), [({"Retry-After": "7"}, {"retry_after": 7}), ({}, {})])
def test_when_to_try_again_is_in_the_body_too(sent: dict[str, str], repeated: dict[str, int]) -> None:
    body = problems.document(problem(RATE_LIMITED, "Wait.", headers=sent), urn_prefix="urn:x:")
    assert {name: body[name] for name in body.keys() & {"retry_after"}} == repeated


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_the_response_to_a_failed_condition_has_the_current_version(server: Sample, method: str) -> None:
    reply = (
        patch(server, {"name": "Oxford"}, 'If-Match: "6"')
        if method == "PATCH"
        else server.call("DELETE", HERE, 'If-Match: "6"', token="director")
    )
    assert (reply.status, reply.headers["etag"]) == (412, '"7"')
    assert patch(server, {"name": "Oxford"}, f"If-Match: {reply.headers['etag']}").status == 200


def test_a_repeated_response_says_that_it_is_one(server: Sample) -> None:
    first = create(server, {"name": "Oxford"}, "Idempotency-Key: k")
    again = [create(server, {"name": "Oxford"}, "Idempotency-Key: k") for _ in range(2)]
    assert "idempotency-replayed" not in first.headers
    assert {reply.headers["idempotency-replayed"] for reply in again} == {"true"}
    assert [reply.body for reply in again] == [first.body] * 2


def test_a_repeated_create_with_an_id_says_so_by_its_status(server: Sample) -> None:
    body = {"id": "0190a5f0-0000-7000-8000-00000000abcd", "name": "Oxford"}
    first, again = create(server, body), create(server, body)
    assert (first.status, again.status) == (201, 200)
    assert "idempotency-replayed" not in again.headers


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (rb'{"name": "\ud800"}', "#/name"),
        (rb'{"name": "a", "place": {"lat": 1, "x": ["\u00e4", "b\udc00"]}}', "#/place/x/1"),
        (rb'{"name": "\ud83c\udf31 \ud83c x"}', "#/name"),
        (rb'{"place": {"\udbff": 1}}', "#/place"),
        (rb'"\ud800"', "#"),
    ],
)
def test_half_of_a_surrogate_pair_is_reported_with_its_place(server: Sample, body: bytes, place: str) -> None:
    reply = server.call("POST", "/stations", "Content-Type: application/json", body=body, token="director")
    assert (reply.status, reply.slug) == (400, "malformed-request")
    (fault,) = reply.json["errors"]
    assert (fault["pointer"], fault["code"]) == (place, "surrogate")
    assert "half of a surrogate pair: U+D" in fault["detail"]


@pytest.mark.parametrize(
    "body", [rb'{"name": "\ud800", "name"', rb'{"name": "\ud800"' + b', "n": [' * 5000, rb'"\ud80"']
)
def test_half_of_a_surrogate_pair_in_what_is_not_json_has_no_place(server: Sample, body: bytes) -> None:
    reply = server.call("POST", "/stations", "Content-Type: application/json", body=body, token="director")
    assert (reply.status, reply.slug, "errors" in reply.json) == (400, "malformed-request", False)

"""No lost updates and safe retries: `If-Match`, `Idempotency-Key` and ids that clients choose."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from tests.support.wire import Reply

from .conftest import STATION_ID, Sample

PATCH = f"/stations/{STATION_ID}"
MERGE = "Content-Type: application/merge-patch+json"
CLIENT_ID = "0190a5f0-0000-7000-8000-00000000abcd"


def rename(server: Sample, name: str, *lines: str, token: str = "director") -> Reply:
    return server.call("PATCH", PATCH, MERGE, *lines, body=json.dumps({"name": name}).encode(), token=token)


def create(server: Sample, body: dict[str, Any] | bytes, *lines: str, token: str = "director") -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return server.call("POST", "/stations", "Content-Type: application/json", *lines, body=content, token=token)


def name_of(server: Sample) -> str:
    return str(server.store.stations[STATION_ID]["name"])


# ---------------------------------------------------------------------------------------------------------------------
# If-Match
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ['"7"', '"1", "7"', '"1" ,"7"', "*"])
def test_a_write_of_the_version_that_the_client_has_goes_through(server: Sample, given: str) -> None:
    assert rename(server, "Oxford", f"If-Match: {given}").status == 200
    assert name_of(server) == "Oxford"


@pytest.mark.parametrize("given", ['"6"', 'W/"7"', '"6", "8"', '""'])
def test_a_write_of_another_version_is_refused_and_changes_nothing(server: Sample, given: str) -> None:
    reply = rename(server, "Oxford", f"If-Match: {given}")
    assert (reply.status, reply.slug) == (412, "precondition-failed")
    assert name_of(server) == "Kew"
    assert server.store.log == ["opened", "rolled back"]


@pytest.mark.parametrize("given", ['W/"7"', 'W/"7", W/"8"'])
def test_if_match_with_only_weak_entity_tags_is_refused_for_being_weak(server: Sample, given: str) -> None:
    detail = rename(server, "Oxford", f"If-Match: {given}").json["detail"]
    assert detail == "`If-Match` has a weak entity tag (W/), which never matches. Send it without `W/`."
    assert rename(server, "Oxford", f'If-Match: {given}, "6"').json["detail"].startswith("The resource has changed")


def test_entity_tags_may_be_spread_over_several_headers(server: Sample) -> None:
    assert rename(server, "Oxford", 'If-Match: "1"', 'If-Match: "7"').status == 200


def test_a_deletion_is_guarded_by_the_get_of_what_it_deletes(server: Sample) -> None:
    assert server.call("DELETE", PATCH, 'If-Match: "6"', token="director").slug == "precondition-failed"
    assert STATION_ID in server.store.stations
    assert server.call("DELETE", PATCH, 'If-Match: "7"', token="director").status == 204


def test_what_is_not_there_is_not_found_whatever_the_client_expects(server: Sample) -> None:
    reply = server.call("DELETE", f"/stations/{CLIENT_ID}", "If-Match: *", token="director")
    assert (reply.status, reply.slug) == (404, "not-found")


def test_a_caller_who_must_not_write_learns_nothing_about_versions(server: Sample) -> None:
    assert rename(server, "Oxford", 'If-Match: "6"', token="observer").status == 403


# ---------------------------------------------------------------------------------------------------------------------
# Idempotency-Key
# ---------------------------------------------------------------------------------------------------------------------


def test_a_repeated_request_gets_the_same_response_and_has_one_effect(server: Sample) -> None:
    replies = [create(server, {"name": "Oxford"}, "Idempotency-Key: k") for _ in range(3)]
    assert {reply.status for reply in replies} == {201}
    assert len({(reply.body, reply.headers["location"], reply.headers["etag"]) for reply in replies}) == 1
    assert len(server.store.stations) == 2


def test_a_key_is_the_same_in_quotes_and_bare(server: Sample) -> None:
    first = create(server, {"name": "Oxford"}, 'Idempotency-Key: "k"')
    assert create(server, {"name": "Oxford"}, "Idempotency-Key: k").body == first.body


def test_the_same_json_is_the_same_request_whatever_the_order_of_its_names(server: Sample) -> None:
    first = create(server, b'{"name": "Oxford", "open": true}', "Idempotency-Key: k")
    assert create(server, b'{ "open":true,\n"name":"Oxford"}', "Idempotency-Key: k").body == first.body


@pytest.mark.parametrize("body", [{"name": "Bath"}, {"name": "Oxford", "open": False}])
def test_another_request_with_a_used_key_is_refused(server: Sample, body: dict[str, Any]) -> None:
    create(server, {"name": "Oxford"}, "Idempotency-Key: k")
    reply = create(server, body, "Idempotency-Key: k")
    assert (reply.status, reply.slug, reply.places) == (
        422,
        "idempotency-key-reused",
        {"header Idempotency-Key reused"},
    )
    assert len(server.store.stations) == 2


def test_a_key_of_one_operation_is_not_to_be_used_for_another(server: Sample) -> None:
    create(server, {"name": "Oxford"}, "Idempotency-Key: k")
    assert rename(server, "Oxford", "Idempotency-Key: k").slug == "idempotency-key-reused"


def test_each_principal_has_keys_of_their_own(server: Sample) -> None:
    first = create(server, {"name": "Oxford"}, "Idempotency-Key: k")
    second = create(server, {"name": "Bath"}, "Idempotency-Key: k", token="observer")
    assert (first.status, second.status) == (201, 201)


def test_a_repeated_request_gets_its_response_before_its_condition_is_checked(server: Sample) -> None:
    lines = ('If-Match: "7"', "Idempotency-Key: k")
    first = rename(server, "Oxford", *lines)
    again = rename(server, "Oxford", *lines)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert rename(server, "Bath", 'If-Match: "7"').status == 412


def test_a_refused_request_leaves_its_key_unused(server: Sample) -> None:
    assert create(server, {"name": "Kew"}, "Idempotency-Key: k").slug == "name-taken"
    assert rename(server, "Oxford", 'If-Match: "6"', "Idempotency-Key: k").status == 412
    assert create(server, {"name": "Oxford"}, "Idempotency-Key: k").status == 201


def test_a_repeated_request_is_refused_if_the_caller_has_lost_access(server: Sample) -> None:
    create(server, {"name": "Oxford"}, "Idempotency-Key: k", token="director")
    assert create(server, {"name": "Oxford"}, "Idempotency-Key: k", token="reader").status == 403


@pytest.mark.parametrize("value", ["", '""', "two words", "é", '"a', "x" * 40])
def test_a_malformed_key_is_refused(server: Sample, value: str) -> None:
    reply = create(server, {"name": "Oxford"}, f"Idempotency-Key: {value}")
    assert (reply.status, len(server.store.stations)) == (400, 1)
    assert all("header Idempotency-Key" in place for place in reply.places)


def test_two_keys_are_none(server: Sample) -> None:
    reply = create(server, {"name": "Oxford"}, "Idempotency-Key: a", "Idempotency-Key: b")
    assert reply.places == {"header Idempotency-Key repeated"}


# ---------------------------------------------------------------------------------------------------------------------
# ids that clients make
# ---------------------------------------------------------------------------------------------------------------------


def test_a_created_resource_gets_the_id_that_the_client_chose(server: Sample) -> None:
    reply = create(server, {"id": CLIENT_ID, "name": "Oxford"})
    assert (reply.status, reply.json["id"], reply.headers["location"]) == (201, CLIENT_ID, f"/stations/{CLIENT_ID}")


def test_a_repeated_request_returns_what_it_created_as_it_is_now(server: Sample) -> None:
    create(server, {"id": CLIENT_ID, "name": "Oxford"})
    server.store.stations[UUID(CLIENT_ID)] |= {"name": "Oxford Road", "revision": 9}
    server.store.log.clear()
    reply = create(server, b'{"name":"Oxford","id":"%s"}' % CLIENT_ID.encode())
    assert (reply.status, reply.json["name"], reply.headers["etag"]) == (200, "Oxford Road", '"9"')
    assert server.store.log == ["opened", "rolled back", "opened", "rolled back"]


def test_an_id_in_capitals_is_the_same_id(server: Sample) -> None:
    create(server, {"id": CLIENT_ID.upper(), "name": "Oxford"})
    assert create(server, {"id": CLIENT_ID, "name": "Oxford"}).status == 200


def taken(reply: Reply) -> bool:
    return (reply.status, reply.slug, reply.places) == (409, "id-taken", {"pointer #/id id-taken"})


def test_another_request_with_an_id_that_was_used_is_refused(server: Sample) -> None:
    create(server, {"id": CLIENT_ID, "name": "Oxford"})
    assert taken(create(server, {"id": CLIENT_ID, "name": "Bath"}))
    assert taken(create(server, {"id": str(STATION_ID), "name": "Bath"}))
    assert len(server.store.stations) == 2


def test_a_deleted_resource_is_not_created_again(server: Sample) -> None:
    create(server, {"id": CLIENT_ID, "name": "Oxford"})
    del server.store.stations[UUID(CLIENT_ID)]
    assert taken(create(server, {"id": CLIENT_ID, "name": "Oxford"}))


def test_a_failure_while_the_resource_is_read_again_is_not_a_conflict(server: Sample) -> None:
    create(server, {"id": CLIENT_ID, "name": "Oxford"})
    server.store.unreachable.add(UUID(CLIENT_ID))
    assert create(server, {"id": CLIENT_ID, "name": "Oxford"}).slug == "resting"


def test_an_id_that_could_not_be_in_a_path_is_refused(server: Sample) -> None:
    reply = create(server, {"id": "kew", "name": "Oxford"})
    assert (reply.status, reply.slug, reply.places) == (422, "invalid-body", {"pointer #/id format"})
    assert len(server.store.stations) == 1


def test_a_problem_that_is_returned_is_not_kept(server: Sample) -> None:
    reply = create(server, {"name": "Later"}, "Idempotency-Key: k")
    assert (reply.status, reply.slug) == (409, "later")
    assert server.store.log == ["opened", "committed"]
    assert server.store.responses == {}
    assert create(server, {"name": "Sooner"}, "Idempotency-Key: k").status == 201


def test_an_id_that_nothing_was_created_with_is_free(server: Sample) -> None:
    assert create(server, {"id": CLIENT_ID, "name": "Later"}).slug == "later"
    assert create(server, {"id": CLIENT_ID, "name": "Sooner"}).status == 201


def test_a_key_and_an_id_go_together(server: Sample) -> None:
    first = create(server, {"id": CLIENT_ID, "name": "Oxford"}, "Idempotency-Key: k")
    again = create(server, {"id": CLIENT_ID, "name": "Oxford"}, "Idempotency-Key: k")
    later = create(server, {"id": CLIENT_ID, "name": "Oxford"}, "Idempotency-Key: another")
    assert (first.status, again.status, later.status) == (201, 201, 200)
    assert again.body == first.body

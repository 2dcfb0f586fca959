"""Operations that another one performs, each as a part of its request."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.support.wire import Reply
from tickbox_contract.engine.mismatches import ContractMismatchError
from tickbox_contract.engine.operations import CompiledOperation, compile_operations
from tickbox_contract.openapi.document import Document

from .conftest import STATION, STATION_ID, Sample
from .sample import handlers
from .sample.application import BODY_LIMIT_BYTES, CONTRACT, NAME_TAKEN, RESTING, VOCABULARY

MINE = "0190a5f0-0000-7000-8000-00000000000a"
HERE = f"/stations/{STATION_ID}/batch"
Json = dict[str, Any]


def send(server: Sample, path: str, *parts: Json, alone: bool = True, token: str = "director") -> Reply:
    return server.post_json(path, json.dumps({"alone": alone, "parts": parts}).encode(), token=token)


def create(**station: Any) -> Json:
    return {"operation": "create_station", "station": station}


def update(if_match: str | None = None, **station: Any) -> Json:
    return {"operation": "update_station", "station": station} | ({} if if_match is None else {"if_match": if_match})


def results(reply: Reply) -> list[tuple[int, str | None]]:
    """The status of each part, and the last word of its problem's type."""
    found = reply.json["results"]
    return [(each["status"], each.get("problem", {}).get("type", "::").rpartition(":")[2] or None) for each in found]


def names(server: Sample) -> list[str]:
    return [str(station["name"]) for station in server.store.stations.values()]


def test_parts_are_performed_in_one_unit_of_work(server: Sample) -> None:
    reply = send(server, "/stations/batch", create(name="Ryde"), create(name="Hove"), alone=False)
    assert results(reply) == [(201, None), (201, None)]
    assert names(server) == ["Kew", "Ryde", "Hove"]
    assert server.store.log == ["opened", "began", "ended", "began", "ended", "committed"]


def test_the_problem_of_a_part_is_that_of_the_request_and_names_the_part(server: Sample) -> None:
    before = server.store.snapshot()
    reply = send(server, "/stations/batch", create(name="Ryde"), create(name="Kew"), alone=False)
    assert (reply.status, reply.slug) == (NAME_TAKEN.status, NAME_TAKEN.slug)
    fault = {"detail": "It cannot be done.", "code": NAME_TAKEN.slug, "pointer": "#/parts/1"}
    assert reply.json["errors"] == [fault]
    assert server.store.snapshot() == before


def test_a_part_alone_is_rolled_back_alone(server: Sample) -> None:
    reply = send(server, "/stations/batch", create(name="Ryde"), create(id=MINE, name="Kew"), create(id=MINE, name="b"))
    assert results(reply) == [(201, None), (409, "name-taken"), (201, None)]
    assert names(server) == ["Kew", "Ryde", "b"]
    begins = [line for line in server.store.log if line.startswith("began")]
    assert (begins, server.store.log.count("undone")) == (["began alone"] * 3, 1)


def test_a_handler_that_returns_a_problem_rejects_its_part(server: Sample) -> None:
    assert results(send(server, "/stations/batch", create(name="Later"), create(name="b"))) == [
        (409, "later"),
        (201, None),
    ]


def test_an_id_is_claimed_as_by_a_request_of_its_own(server: Sample) -> None:
    body = {"id": MINE, "name": "Ryde"}
    assert server.post_json("/stations", json.dumps(body).encode()).status == 201
    repeated, other = create(**body | {"id": MINE.upper()}), create(id=MINE, name="Hove")
    assert results(send(server, "/stations/batch", repeated, other)) == [(200, None), (409, "id-taken")]
    reply = send(server, "/stations/batch", other, alone=False)
    (fault,) = reply.json["errors"]
    assert (reply.slug, fault["pointer"]) == ("id-taken", "#/parts/0/station/id")


def test_the_conditions_of_a_part_are_compared_at_its_turn(server: Sample) -> None:
    parts = [update('"7"', name="Ryde"), update('"7"', name="Hove"), update('"8"', name="Hove")]
    assert results(send(server, HERE, *parts)) == [(200, None), (412, "precondition-failed"), (200, None)]
    reply = send(server, HERE, update('"7"', name="x"), alone=False)
    assert (reply.status, reply.headers["etag"]) == (412, '"9"')
    bad = send(server, HERE, update("7", name="x"), alone=False)
    (fault,) = bad.json["errors"]
    assert (bad.status, fault["pointer"]) == (400, "#/parts/0")


def test_an_error_that_is_not_about_a_part_ends_the_request(server: Sample) -> None:
    server.store.unreachable.add(STATION_ID)
    before = server.store.snapshot()
    reply = send(server, HERE, update(name="Ryde"))
    assert (reply.status, reply.slug) == (500, RESTING.slug)
    assert send(server, HERE, {"operation": "create_station", "station": {}}).slug == "internal-error"
    assert server.store.snapshot() == before


def test_parts_have_the_access_of_the_whole(server: Sample) -> None:
    for token, status in (("observer", 403), ("reader", 403), ("stranger", 404)):
        assert send(server, HERE, update(name="Ryde"), token=token).status == status
    assert server.store.stations[STATION_ID]["name"] == STATION["name"]


def compiled(changes: Json, **words: Any) -> dict[str, CompiledOperation]:
    root = copy.deepcopy(Document.read(CONTRACT).root)
    root["paths"]["/stations/batch"]["post"] |= changes
    document = Document.parse(json.dumps(root).encode())
    vocabulary = VOCABULARY if not words else type(VOCABULARY)(**{**_words(), **words})
    return compile_operations(document, handlers, vocabulary=vocabulary, body_limit_bytes=BODY_LIMIT_BYTES)


def _words() -> Json:
    return {"roles": VOCABULARY.roles, "scopes": VOCABULARY.scopes}


@pytest.mark.parametrize("performs", ["create_station", [1]])
def test_what_is_not_a_list_of_operations_is_refused_at_start_up(performs: Any) -> None:
    with pytest.raises(ContractMismatchError) as caught:
        compiled({"x-performs": performs})
    assert "create_stations: x-performs must be a list of operations" in caught.value.texts


def unfit(name: str) -> str:
    needs = "needs only a path and a body, with the same x-access and x-rate-limit"
    return f"create_stations: x-performs names {name!r}, which is not an operation that {needs}"


@pytest.mark.parametrize("name", ["nope", "update_station", "create_stations"])
def test_an_operation_that_cannot_be_a_part_is_refused_at_start_up(name: str) -> None:
    """It does not exist, needs another role, or performs operations itself."""
    with pytest.raises(ContractMismatchError) as caught:
        compiled({"x-performs": [name]})
    assert unfit(name) in caught.value.texts


def test_a_part_of_another_policy_is_refused_at_start_up() -> None:
    with pytest.raises(ContractMismatchError) as caught:
        compiled({"x-rate-limit": "tight"}, policies=["default", "tight"])
    assert unfit("create_station") in caught.value.texts


def test_a_part_that_needs_a_query_is_refused_at_start_up() -> None:
    root = copy.deepcopy(Document.read(CONTRACT).root)
    needed = {"name": "draft", "in": "query", "required": True, "schema": {"type": "boolean"}}
    root["paths"]["/stations"]["post"]["parameters"].append(needed)
    document = Document.parse(json.dumps(root).encode())
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(document, handlers, vocabulary=VOCABULARY, body_limit_bytes=BODY_LIMIT_BYTES)
    assert unfit("create_station") in caught.value.texts


def test_a_status_of_a_part_that_is_not_declared_is_refused_at_start_up() -> None:
    responses = copy.deepcopy(Document.read(CONTRACT).root["paths"]["/stations/batch"]["post"]["responses"])
    del responses["409"]
    with pytest.raises(ContractMismatchError) as caught:
        compiled({"responses": responses})
    sentence = "create_stations: it performs create_station, and the response 409 is not declared as"
    assert caught.value.texts == (f"{sentence} application/problem+json",)


def test_a_handler_takes_what_performs_parts_only_if_its_operation_performs_any() -> None:
    root = copy.deepcopy(Document.read(CONTRACT).root)
    del root["paths"]["/stations/batch"]["post"]["x-performs"]
    root["paths"]["/stations"]["post"]["x-performs"] = ["create_stations"]
    document = Document.parse(json.dumps(root).encode())
    with pytest.raises(ContractMismatchError) as caught:
        compile_operations(document, handlers, vocabulary=VOCABULARY, body_limit_bytes=BODY_LIMIT_BYTES)
    assert {
        "create_station: its handler does not take 'perform'",
        "create_stations: its handler takes 'perform', which the contract does not declare",
    } <= set(caught.value.texts)


def test_an_operation_may_send_the_problems_of_what_it_performs() -> None:
    words = {"problems": [NAME_TAKEN]}
    operations = compiled({}, **words)
    whole, part = operations["create_stations"].problems, operations["create_station"].problems
    assert whole is not None
    assert part is not None
    assert part <= whole
    assert "id-taken" in whole


def test_what_is_read_only_is_so_in_the_bodies_of_parts_wherever_they_are() -> None:
    """Also in a contract whose schemas lead in a circle."""
    root = copy.deepcopy(Document.read(CONTRACT).root)
    batch = root["components"]["schemas"]["StationBatch"]["properties"]
    batch["parts"]["items"]["properties"]["station"] = {"$ref": "#/components/schemas/StationPatch"}
    batch["before"] = {"$ref": "#/components/schemas/StationBatch"}
    document = Document.parse(json.dumps(root).encode())
    operations = compile_operations(document, handlers, vocabulary=VOCABULARY, body_limit_bytes=BODY_LIMIT_BYTES)
    body = operations["change_station"].body
    assert body is not None
    assert body.read_only["#/parts/*/station/code"].endswith("use delete_station or create_station.")
    assert not [place for place in body.read_only if place.startswith("#/before/before")]

"""How operations hang together, and what start-up refuses because they do not."""

from __future__ import annotations

from typing import Any

import pytest

from tickbox_contract.engine.links import Links
from tickbox_contract.engine.operations import compile_operations
from tickbox_contract.openapi.document import Document

from .sample import handlers
from .sample.application import BODY_LIMIT_BYTES, CONTRACT, VOCABULARY
from .test_startup import PROBLEM, document, operation

IF_MATCH = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
KEY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
TAGGED = {"description": "d", "headers": {"ETag": {"schema": {"type": "string"}}}}
STALE = PROBLEM | {"headers": TAGGED["headers"]}
SECRET = {"type": "object", "properties": {"token": {"type": "string", "x-secret": True}}}
LOOP = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}}
CLIENT_MADE = {"type": "object", "properties": {"id": {"type": "string", "x-client-made": True}}}


def faults(paths: dict[str, Any], method: str, **components: Any) -> list[str]:
    """What is wrong with the one operation of that method."""
    made = document(paths, **components)
    (source,) = [source for source in made.operations if source.method == method]
    return list(Links(made).faults(source))


def responding(schema: object, **more: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return operation(responses={"201": {"description": "d", "content": content}, **more})


def test_the_sample_hangs_together() -> None:
    compiled = compile_operations(
        Document.read(CONTRACT), handlers, vocabulary=VOCABULARY, body_limit_bytes=BODY_LIMIT_BYTES
    )
    assert {name: (op.target, op.item) for name, op in compiled.items() if op.target or op.item} == {
        "get_contract_yaml": ("get_contract_yaml", None),
        "get_contract_json": ("get_contract_json", None),
        "list_stations": ("list_stations", None),
        "create_station": ("list_stations", "get_station"),
        "create_stations": ("list_stations", None),
        "change_station": ("get_station", None),
        "get_station": ("get_station", None),
        "put_station": ("get_station", None),
        "update_station": ("get_station", None),
        "delete_station": ("get_station", None),
    }


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("delete", "/things/{id}", "GET /things/{id}"),
        ("post", "/things/{id}/close", "GET /things/{id}"),
        ("put", "/things/{id}/password", None),
        ("patch", "/things/{id}", "GET /things/{id}"),
        ("post", "/things", None),
        ("post", "/others", None),
    ],
)
def test_a_write_has_the_get_of_what_it_changes_for_a_target(method: str, path: str, target: str | None) -> None:
    reads: dict[str, Any] = {where: {"get": {"responses": {}}} for where in ("/things", "/things/{id}")}
    made = document({**reads, path: {**reads.get(path, {}), method: {"responses": {}}}})
    (source,) = [source for source in made.operations if source.method == method]
    found = made.target_of(source)
    assert (found.name if found else None) == target


def test_a_condition_needs_something_to_hold_for() -> None:
    alone = operation(parameters=[IF_MATCH], responses={"412": STALE})
    assert faults({"/a": {"delete": alone}}, "delete") == ["it takes If-Match, and there is no GET of what it changes"]


def test_a_condition_needs_entity_tags() -> None:
    paths = {"/a": {"get": operation(operationId="look"), "delete": operation(parameters=[IF_MATCH])}}
    assert faults(paths, "delete") == ["it takes If-Match, and look returns no ETag"]
    alone = {"/a": {"get": operation(operationId="look", parameters=[IF_MATCH])}}
    assert faults(alone, "get") == ["it takes If-Match, and look returns no ETag"]


@pytest.mark.parametrize("method", ["get", "delete", "post"])
@pytest.mark.parametrize("parameters", [[], [IF_MATCH]])
def test_what_has_an_entity_tag_has_a_response_for_when_a_condition_does_not_hold(
    method: str, parameters: list[Any]
) -> None:
    look = operation(operationId="look", responses={"200": TAGGED})
    where = "/a/act" if method == "post" else "/a"
    paths = {"/a": {"get": look}}
    paths.setdefault(where, {})[method] = look if method == "get" else operation(parameters=parameters)
    said = "it is about a resource with an ETag, and the response 412 is not declared as application/problem+json"
    assert faults(paths, method) == [said]


def test_a_condition_says_nothing_to_a_caller_without_a_token_of_what_needs_one() -> None:
    look = operation(operationId="look", responses={"200": TAGGED}, security=[{"bearer": []}])
    paths = {"/a": {"get": look, "delete": operation(responses={})}}
    assert faults(paths, "delete") == []
    paths["/a"]["delete"] = operation(parameters=[IF_MATCH])
    assert faults(paths, "delete") == ["it takes If-Match and no token, and look needs one"]


def test_what_cannot_be_read_by_its_path_alone_is_not_compared() -> None:
    parameters = [{"name": "q", "in": "query", "required": True, "schema": {}}]
    look = operation(operationId="look", parameters=parameters, responses={"200": TAGGED, "412": STALE})
    paths = {"/a": {"get": look, "delete": operation()}}
    assert faults(paths, "delete") == []
    assert faults(paths, "get") == []


def test_a_target_must_need_nothing_but_its_path() -> None:
    needy = operation(
        operationId="look",
        parameters=[{"name": "q", "in": "query", "required": True, "schema": {}}],
        responses={"200": TAGGED},
    )
    paths = {"/a": {"get": needy, "delete": operation(parameters=[IF_MATCH], responses={"412": STALE})}}
    assert faults(paths, "delete") == ["it takes If-Match, and look needs q"]


def test_the_current_version_is_declared_where_a_condition_may_not_hold() -> None:
    look = operation(operationId="look", responses={"200": TAGGED})
    paths = {"/a": {"get": look, "delete": operation(parameters=[IF_MATCH], responses={"412": PROBLEM})}}
    assert faults(paths, "delete") == [
        "it is about a resource with an ETag, and the response 412 does not declare ETag"
    ]


def test_a_key_belongs_to_a_caller_and_to_a_method_that_needs_it() -> None:
    assert faults({"/a": {"put": operation(parameters=[KEY])}}, "put") == [
        "it takes an Idempotency-Key, and PUT does not need one",
        "it takes an Idempotency-Key and no token: a key belongs to a caller",
        "it takes an Idempotency-Key, and the response 422 is not declared as application/problem+json",
    ]


@pytest.mark.parametrize(
    ("schema", "secret"),
    [
        (SECRET, True),
        ({"$ref": "#/components/schemas/Secret"}, True),
        ({"type": "array", "items": SECRET}, True),
        ({"allOf": [LOOP, SECRET]}, True),
        ({"$ref": "#/components/schemas/Loop"}, False),
    ],
)
def test_a_response_with_a_secret_must_not_be_stored(schema: object, *, secret: bool) -> None:
    guarded = responding(schema, **{"422": PROBLEM}) | {"security": [{"bearer": []}], "parameters": [KEY]}
    sentence = "it takes an Idempotency-Key, and its response 201 has a secret, which must not be stored"
    guarded["responses"]["201"]["headers"] = {"idempotency-replayed": {"schema": {"type": "string"}}}
    found = faults({"/a": {"post": guarded}}, "post", schemas={"Secret": SECRET, "Loop": LOOP})
    assert found == ([sentence] if secret else [])


def test_a_stream_is_neither_stored_nor_repeated() -> None:
    stream = {"201": {"description": "d", "content": {"text/event-stream": {"schema": {}}}}, "422": PROBLEM}
    body = {"content": {"application/json": {"schema": CLIENT_MADE}}}
    watching = operation(responses=stream, requestBody=body, parameters=[KEY], security=[{"bearer": []}])
    found = faults({"/a": {"post": watching}}, "post")
    assert "it takes an Idempotency-Key and returns a stream, which cannot be stored" in found
    assert "it takes ids that clients choose and returns a stream, which cannot be repeated" in found


def test_an_id_that_the_client_chose_needs_a_get_and_responses_to_its_repetition() -> None:
    body = {"content": {"application/json": {"schema": CLIENT_MADE}}}
    assert faults({"/a": {"post": operation(requestBody=body)}}, "post") == [
        "it takes ids that clients choose, and there is no GET of what it creates",
        "it takes ids that clients choose and no token: an id belongs to a caller",
        "it takes ids that clients choose, and the response 200 is not declared",
        "it takes ids that clients choose, and the response 409 is not declared as application/problem+json",
    ]


def test_a_safe_post_creates_nothing_and_has_no_response_to_repeat() -> None:
    body = {"content": {"application/json": {"schema": CLIENT_MADE}}}
    safe = operation(requestBody=body, parameters=[KEY], security=[{"bearer": []}]) | {"x-safe": True}
    item = operation(operationId="look")
    found = faults({"/a": {"post": safe}, "/a/{id}": {"get": item}}, "post")
    assert "it takes an Idempotency-Key, and changes nothing that could be repeated" in found
    assert "it takes ids that clients choose, and there is no GET of what it creates" in found


@pytest.mark.parametrize(("method", "value"), [("put", True), ("get", True), ("post", False), ("post", "yes")])
def test_only_a_post_can_say_that_it_is_safe(method: str, value: object) -> None:
    assert "x-safe must be true, and belongs to a POST that changes nothing" in faults(
        {"/a": {method: operation() | {"x-safe": value}}}, method
    )


def test_the_get_of_what_is_created_must_need_nothing_but_its_path() -> None:
    needy = operation(operationId="look", parameters=[{"name": "q", "in": "query", "required": True, "schema": {}}])
    body = {"content": {"application/json": {"schema": CLIENT_MADE}}}
    content: dict[str, Any] = {"application/json": {"schema": {}}}
    making = operation(requestBody=body, responses={"200": {"description": "d", "content": content}, "409": PROBLEM})
    paths = {"/a": {"post": making}, "/a/{id}": {"get": needy}}
    assert faults(paths, "post") == [
        "it takes ids that clients choose, and look needs q",
        "it takes ids that clients choose and no token: an id belongs to a caller",
    ]

"""What is found in a contract to build requests from, for the stages that need a server."""

from __future__ import annotations

import pytest

from tickbox_contract.gate.live.callers import Secret
from tickbox_contract.gate.live.conforming import MOST_REQUESTS, spread
from tickbox_contract.gate.live.credentials import Credentials
from tickbox_contract.gate.live.probes import GENERAL, PROBES, Target
from tickbox_contract.gate.live.requests import request_of
from tickbox_contract.gate.live.servers import Server
from tickbox_contract.gate.live.targets import Found, find_target
from tickbox_contract.gate.reading import read

from .serving import CONTRACT


@pytest.mark.parametrize(("operations", "each"), [(1, len(GENERAL)), (200, 25), (4000, 1), (10_000, 1)])
def test_there_are_at_most_5000_requests_to_all_other_operations(operations: int, each: int) -> None:
    found = found_in(TARGETS)
    assert found is not None
    sending = spread([found] * operations)
    assert len(sending) == min(MOST_REQUESTS, operations * each) <= MOST_REQUESTS == 5000
    assert sending[0][0] == GENERAL[0]


TARGETS = """\
openapi: 3.0.3
info: {title: Notes, version: '1'}
paths:
  /books/{book}/notes:
    get:
      operationId: listNotes
      parameters:
        - {name: page, in: query, schema: {type: integer}}
        - {name: most, in: query, schema: {type: integer, maximum: 50}}
      responses: {'200': {description: ok}}
    post:
      operationId: addNote
      parameters: [{name: book, in: path, required: true, schema: {type: string, example: a/b}}]
      requestBody:
        content:
          text/plain: {schema: {type: string}}
          application/json: {schema: {$ref: '#/components/schemas/Note'}}
      responses: {'201': {description: ok}}
  /books/{book}/notes/{note}:
    get:
      operationId: getNote
      parameters: [{name: note, in: path, required: true, schema: {type: string, format: uuid}}]
      responses: {'200': {description: ok}}
components:
  schemas:
    Note:
      type: object
      required: [kind, on, text]
      properties:
        kind: {type: string, enum: [a]}
        on: {type: string, format: date}
        text: {type: string}
        more: {type: string}
      example: {kind: a, on: '2026-01-01', text: Yes., more: x}
"""


def found_in(text: str) -> Found | None:
    return find_target(read(text.encode()), Server(url="http://a/api"))


def target(text: str) -> Target | None:
    found = found_in(text)
    return found.target if found else None


def test_what_probes_need_is_found_in_the_contract() -> None:
    found = target(TARGETS)
    assert found is not None
    assert (found.collection, found.text, found.host) == ("/api/books/a%2Fb/notes", "text", "a")
    assert (found.limit, found.item) == (("most", 50), "/api/books/a%2Fb/notes/{id}")
    assert found.body == {"kind": "a", "on": "2026-01-01", "text": "Yes.", "more": "x"}


def test_a_request_has_all_that_the_contract_requires_in_ascii() -> None:
    contract = read(
        """\
openapi: 3.0.3
info: {title: Notes, version: '1'}
paths:
  /книги/{имя}:
    get:
      parameters:
        - {name: имя, in: path, required: true, schema: {type: string, example: Я}}
        - {name: page, in: query, required: true, schema: {type: integer, example: 1}}
        - {name: X-Office, in: header, required: true, schema: {type: string}, example: "a\\nb"}
        - {name: X-Desk, in: header, required: true, schema: {$ref: '#/components/schemas/Desk'}}
        - {name: more, in: query, schema: {type: integer, example: 1}}
      responses: {'200': {description: ok}}
components: {schemas: {Desk: {type: string, example: nowhere}}}
""".encode()
    )
    (operation,) = contract.operations
    server = Server(url="http://a/api", values={"X-Desk": "7", "page": "2"})
    request = request_of(contract, operation, server, Credentials("nobody", query="k=v"))
    assert request is not None
    head, *lines = request.decode("ascii").splitlines()
    assert head == "GET /api/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B8/%D0%AF?page=2&k=v HTTP/1.1"
    assert {"X-Office: a b", "X-Desk: 7"} <= set(lines)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/merge-patch+json", b'{"a": [1, 2]}'),
        ("application/x-www-form-urlencoded", b"a=1&a=2"),
        ("text/plain", b"{'a': [1, 2]}"),
    ],
)
def test_an_example_is_sent_as_its_media_type_is_written(media_type: str, body: bytes) -> None:
    text = CONTRACT.replace(b"application/json:\n", media_type.encode() + b":\n").replace(
        b"{name: Rex}", b"{a: [1, 2]}"
    )
    contract = read(text)
    operation = contract.operation("/pets", "post")
    assert operation is not None
    request = request_of(contract, operation, Server(url="http://a"), Credentials("nobody"))
    assert request is not None
    assert request.partition(b"\r\n\r\n")[2] == body


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schema: {type: string, example: a/b}", "schema: {type: string}"),
        ("application/json:", "application/yaml:"),
        ("text: {type: string}", "text: {type: integer}"),
        ("required: [kind, on, text]", "required: [kind, on]"),
        ("text: Yes., ", ""),
        ("      example: {kind: a", "      x-example: {kind: a"),
        ("    post:", "    put:"),
    ],
)
def test_an_operation_that_lacks_what_probes_need_is_not_sent_any(old: str, new: str) -> None:
    assert old in TARGETS
    assert target(TARGETS.replace(old, new)) is None


def test_without_a_bounded_parameter_or_a_uuid_their_probes_are_left_out() -> None:
    found = target(TARGETS.replace(", maximum: 50", "").replace("format: uuid", "minLength: 1"))
    assert found is not None
    assert (found.limit, found.item) == (None, None)
    built = {probe.sentence: probe.request(found) for probe in PROBES}
    assert built["a full-width digit is refused"] is None
    assert built["a uuid in braces is refused"] is None


def test_with_a_token_the_probes_are_sent_to_an_operation_that_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITER", "a token")
    join = CONTRACT[CONTRACT.index(b"    post:") : CONTRACT.index(b"  /pets/{id}:")]
    public = join.replace(b"addPet", b"join").replace(b"security: [{bearer: []}]", b"security: []")
    contract = read(CONTRACT.replace(b"paths:\n", b"paths:\n  /users:\n" + public))
    token = Secret("WRITER")
    names = [
        found.operation.name
        for server in (Server(url="http://127.0.0.1:1", token=token), Server(url="http://127.0.0.1:1"))
        if (found := find_target(contract, server))
    ]
    assert names == ["addPet", "join"]

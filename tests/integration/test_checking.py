"""The checker that all of these tests rely on: it must report what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.checking import FORMATS, METHODS, ContractChecker, Seen, as_body, read_contract

ID = "019cb308-6dc0-7c38-8e5d-6a7b8c9d0e04"
TASK_PATH = f"/v1/workspaces/{ID}/tasks/{ID}"
HEADERS = {"content-type": "application/json", "x-request-id": ID, "etag": '"3"'}
CHECKER = ContractChecker.of_file()
TASK: dict[str, Any] = read_contract()["components"]["schemas"]["Task"]["example"]


def response(
    body: Any = TASK, *, method: str = "GET", path: str = TASK_PATH, status: int = 200, **headers: str
) -> Seen:
    given = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Seen(method, path, status, {name: value for name, value in given.items() if value}, content)


def problem(status: int, slug: str, title: str, **more: Any) -> bytes:
    return json.dumps(
        {"type": f"urn:tickbox:problem:{slug}", "title": title, "status": status, "detail": "No.", **more}
    ).encode()


def test_a_declared_response_passes() -> None:
    assert CHECKER.faults(response()) == []


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (response(status=202), "status 202 is not declared"),
        (response(content_type="text/plain"), "media type text/plain is not declared"),
        (response(content_type="application/json; charset=utf-8"), "is not declared"),
        (response(etag=""), "header ETag is missing"),
        (response(x_request_id=""), "header X-Request-Id is missing"),
        (response({**TASK, "password_hash": "x"}), "$.password_hash is not declared"),
        (response({**TASK, "due": {**TASK["due"], "offset": 1}}), "$.due.offset is not declared"),
        (response({name: value for name, value in TASK.items() if name != "title"}), "'title' is a required property"),
        (response({**TASK, "title": None}), "$.title: None for not nullable"),
        (response({**TASK, "revision": "3"}), "$.revision: '3' is not of type"),
        (response({**TASK, "id": "abc"}), "$.id: 'abc'"),
        (response({**TASK, "created_at": "2026-03-03T09:32:40+00:00"}), "is not a 'date-time'"),
        (response({**TASK, "due": {**TASK["due"], "date": "2026-02-30"}}), "is not a 'date'"),
        (response(b"", method="DELETE", status=204), "a body of application/json where none is declared"),
        (response(b"{}", method="HEAD"), "a body to HEAD"),
        (response(TASK, path="/v1/nope"), "neither an operation's response nor a 404 problem"),
        (response(TASK, method="PUT"), "neither an operation's response nor a 405 problem"),
        (response(b"", method="OPTIONS"), "OPTIONS is not an empty 204"),
        (
            response(problem(404, "gone", "Gone"), status=404, content_type="application/problem+json"),
            "is not among the examples",
        ),
        (
            response(problem(400, "not-found", "Not found"), status=404, content_type="application/problem+json"),
            "the problem says 400, the status line 404",
        ),
        (
            response(
                problem(404, "not-found", "Not found", stack="..."), status=404, content_type="application/problem+json"
            ),
            "$.stack is not declared",
        ),
        (
            response(
                problem(405, "method-not-allowed", "Method not allowed"),
                method="PUT",
                status=405,
                content_type="application/problem+json",
            ),
            "405 without Allow",
        ),
        (
            response(problem(404, "other", "Other"), path="/nope", status=404, content_type="application/problem+json"),
            "the wrong problem",
        ),
        (
            response(
                {"items": [{**TASK, "secret": 1}], "next_cursor": None, "has_more": False},
                path=f"/v1/workspaces/{ID}/tasks",
            ),
            "$.items[0].secret is not declared",
        ),
    ],
)
def test_a_broken_response_is_reported(broken: Seen, fault: str) -> None:
    assert any(fault in found for found in CHECKER.faults(broken)), CHECKER.faults(broken)


def test_a_fixed_path_takes_precedence_over_one_with_a_parameter() -> None:
    refresh = read_contract()["components"]["schemas"]["SessionTokens"]["example"]
    seen = Seen("POST", "/v1/sessions/refresh", 200, HEADERS, json.dumps(refresh).encode())
    assert CHECKER.faults(seen) == []


def test_every_format_of_the_contract_is_checked() -> None:
    assert set(_formats(read_contract())) <= FORMATS.checkers.keys()


def test_every_example_of_a_response_passes() -> None:
    """Readers trust the examples, so the same checker checks them."""
    contract = read_contract()
    examples = [
        seen
        for path, item in contract["paths"].items()
        for method in METHODS
        for status, response in item.get(method, {}).get("responses", {}).items()
        for seen in _examples(contract, path, method, status, response)
    ]
    assert [(seen, faults) for seen in examples if (faults := CHECKER.faults(seen))] == []
    assert len(examples) > 100


def _examples(contract: Any, path: str, method: str, status: str, response: Any) -> Iterator[Seen]:
    declared = _followed(contract, response)
    headers = {
        name.lower(): str(_followed(contract, header)["example"])
        for name, header in declared.get("headers", {}).items()
    }
    filled = path.replace("{", "").replace("}", "")
    for media_type, media in declared.get("content", {}).items():
        for example in media["examples"].values():
            value = _followed(contract, example)["value"]
            body = as_body(media_type, value)
            yield Seen(method.upper(), filled, int(status), {**headers, "content-type": media_type}, body)


def _followed(contract: Any, node: Any) -> Any:
    if "$ref" not in node:
        return node
    for step in node["$ref"].removeprefix("#/").split("/"):
        contract = contract[step]
    return contract


def _formats(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("format"), str):
            yield node["format"]
        for member in node.values():
            yield from _formats(member)
    elif isinstance(node, list):
        for item in node:
            yield from _formats(item)

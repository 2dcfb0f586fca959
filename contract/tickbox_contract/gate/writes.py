"""Stage `style`: entity tags, conditions and idempotency keys."""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.openapi import servable
from tickbox_contract.openapi.media_types import EVENT_STREAM
from tickbox_contract.openapi.nodes import header
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.rules import Hit, rules_of
from tickbox_contract.openapi.servable import IDEMPOTENCY_KEY

from .contracts import Contract


def _conditional_gets(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        response = operation.responses.get("200")
        asks = operation.parameter("header", "If-None-Match") is not None
        if operation.method != "get" or not (operation.needs_token or asks) or response is None:
            continue
        if EVENT_STREAM in response.members("content"):
            continue  # it never ends, so it has no state to compare
        if not asks:
            yield Hit(operation.node.pointer, f"{operation.name} does not take If-None-Match")
        if "304" not in operation.responses:
            yield Hit(operation.node.pointer, f"{operation.name} does not declare 304")
        if header(response, "ETag") is None:
            yield Hit(response.pointer, f"the response 200 of {operation.name} does not declare ETag")


def _entity_tags(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for status, response in operation.successes():
            if status not in {"200", "201"} or not contract.is_single(response):
                continue
            given = header(response, "ETag")
            if given is None:
                yield Hit(response.pointer, f"the response {status} of {operation.name} does not declare ETag")
            elif str(contract.follow(given).get("example")).startswith("W/"):
                yield Hit(contract.follow(given).pointer, "this ETag is weak, and If-Match never matches a weak one")


def _target(contract: Contract, operation: Operation) -> Operation | None:
    """The GET of the single resource with an entity tag that *operation* changes, or None."""
    if operation.method not in {"patch", "put", "delete", "post"} or operation.is_safe:
        return None
    target = contract.target_of(operation)
    response = target.responses.get("200") if target else None
    return target if response and contract.is_single(response) and header(response, "ETag") is not None else None


def _if_match(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if _target(contract, operation) is None:
            continue
        if operation.parameter("header", "If-Match") is None:
            yield Hit(operation.node.pointer, f"{operation.name} does not take If-Match")
        stale = operation.responses.get("412")
        if stale is None:
            yield Hit(operation.node.pointer, f"{operation.name} does not declare 412")
        elif header(stale, "ETag") is None:
            yield Hit(stale.pointer, f"the response 412 of {operation.name} does not declare ETag")


def _idempotency(contract: Contract) -> Iterator[Hit]:
    """An operation that returns a secret takes no key: its response must not be stored. A safe one needs none."""
    for operation in contract.operations:
        taken = operation.parameter("header", IDEMPOTENCY_KEY) is not None
        wanted = operation.method in {"post", "patch"} and operation.needs_token and not operation.is_safe
        if wanted and not taken and not _returns_secret(contract, operation):
            yield Hit(operation.node.pointer, f"{operation.name} does not take {IDEMPOTENCY_KEY}")
        if taken and "422" not in operation.responses:
            yield Hit(operation.node.pointer, f"{operation.name} takes {IDEMPOTENCY_KEY} and does not declare 422")


def _returns_secret(contract: Contract, operation: Operation) -> bool:
    return any(contract.references.has_secret(response.value) for _, response in operation.successes())


RULES = rules_of("style", (
    ("conditional-get", "Zalando 182; RFC 9110, 13.1.2", _conditional_gets,
     "A client that has the current version gets a 304 without content."),
    ("etag", "Zalando 182; RFC 9110, 8.8.3", _entity_tags,
     "Each response with a resource has its version, so that a client can change it without another read."),
    ("if-match", "Zalando 182; RFC 9110, 13.1.1", _if_match,
     "Two clients that change the same resource at once must not undo each other's changes unnoticed."),
    ("idempotency-key", "IETF idempotency-key draft", _idempotency,
     "A client that got no response can retry with one effect. A response with a secret is not stored for that."),
    servable.REPLAYED_RESPONSES,
))  # fmt: skip

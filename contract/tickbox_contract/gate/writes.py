"""Stage `style`: what keeps readers current, and writers from undoing each other or doing things twice."""

from __future__ import annotations

from collections.abc import Iterator

from .contracts import EVENT_STREAM, Contract, Operation, header
from .findings import Hit, Pointer, rules_of


def _conditional_gets(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        response = operation.responses.get("200")
        asks = operation.takes("header", "If-None-Match") is not None
        if operation.method != "get" or not (operation.guarded or asks) or response is None:
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
                yield Hit(contract.follow(given).pointer, "this ETag is a weak one, which If-Match never matches")


def _target(contract: Contract, operation: Operation) -> Operation | None:
    """The GET of the single resource that *operation* writes; None where it writes none.

    PATCH, PUT and DELETE write what their own path answers to a GET: a part without a GET of its own, as a password,
    has no version to compare. A POST writes what the path one segment shorter does, and only where its own path
    answers no GET: as an action.
    """
    own = contract.operation(operation.path, "get")
    target = own if operation.method in {"patch", "put", "delete"} else None
    if operation.method == "post" and own is None:
        target = contract.operation(operation.path.rpartition("/")[0], "get")
    response = target.responses.get("200") if target else None
    return target if response and contract.is_single(response) and header(response, "ETag") is not None else None


def _if_match(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        if _target(contract, operation) is None:
            continue
        if operation.takes("header", "If-Match") is None:
            yield Hit(operation.node.pointer, f"{operation.name} does not take If-Match")
        stale = operation.responses.get("412")
        if stale is None:
            yield Hit(operation.node.pointer, f"{operation.name} does not declare 412")
        elif header(stale, "ETag") is None:
            yield Hit(stale.pointer, f"the response 412 of {operation.name} does not declare ETag")


def _idempotency(contract: Contract) -> Iterator[Hit]:
    """But for what answers something that must not be stored to be answered again."""
    secret = contract.leading_to(lambda use: use.node.get("x-secret") is True)
    for operation in contract.operations:
        taken = operation.takes("header", "Idempotency-Key") is not None
        wanted = operation.method in {"post", "patch"} and operation.guarded and not _answers_any(operation, secret)
        if wanted and not taken:
            yield Hit(operation.node.pointer, f"{operation.name} does not take Idempotency-Key")
        if taken and "422" not in operation.responses:
            yield Hit(operation.node.pointer, f"{operation.name} takes Idempotency-Key and does not declare 422")


def _replays(contract: Contract) -> Iterator[Hit]:
    for operation in contract.operations:
        for status, response in operation.successes() if operation.takes("header", "Idempotency-Key") else ():
            if header(response, "Idempotency-Replayed") is None:
                message = f"the response {status} of {operation.name} does not declare Idempotency-Replayed"
                yield Hit(response.pointer, message)


def _answers_any(operation: Operation, schemas: set[Pointer]) -> bool:
    return any(
        media.at("schema").pointer in schemas
        for _, response in operation.successes()
        for media in response.members("content").values()
    )


RULES = rules_of("style", (
    ("conditional-get", "Zalando 182; RFC 9110, 13.1.2", _conditional_gets,
     "Who has it already gets a 304, and nothing to read."),
    ("etag", "Zalando 182; RFC 9110, 8.8.3", _entity_tags,
     "The version of what was read or made comes with it, so that it can be written without another read."),
    ("if-match", "Zalando 182; RFC 9110, 13.1.1", _if_match,
     "Two who change the same thing at once must not undo each other unseen."),
    ("idempotency-key", "IETF idempotency-key draft", _idempotency,
     "A client that got no response can retry with one effect; a response with a secret is not kept for that."),
    ("replayed-responses", "ours", _replays,
     "A client that repeats a request must be able to see that it was not done twice."),
))  # fmt: skip

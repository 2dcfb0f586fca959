"""How an operation is related to others, read from the contract once, at start-up.

    If-Match            protects the *target* of a write: the GET whose entity tag must be the one that the client has.
                        Every operation on a resource with an entity tag takes both conditions, declared or not
                        (*selected*)
    x-client-made       on the `id` in the body of a POST: what it creates is found with the *item*, the GET one segment
                        below, which returns the response to a repeated request
    Idempotency-Key     asks for the response to be stored, so that it must not contain a secret (`x-secret`); a
                        repeated response is marked (`Idempotency-Replayed: true`)
    x-safe              on a POST that changes nothing, like a GET with a body: it neither stores a response nor creates

Start-up refuses what does not fit together; this module says it in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.media_types import EVENT_STREAM, PROBLEM_JSON, essence
from tickbox_contract.openapi.nodes import NOTHING, Node, header
from tickbox_contract.openapi.operations import SAFE, Operation
from tickbox_contract.openapi.servable import IDEMPOTENCY_KEY

IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"
CLIENT_MADE = "x-client-made"

_UNKEYED_METHODS = ("get", "put", "delete", "head", "options", "trace")
"""These are idempotent without a key (RFC 9110, section 9.2.2)."""


class Links:
    """The relations between the operations of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def selected(self, operation: Operation) -> Operation | None:
        """The GET whose entity tag the conditions of a request are about, whether the operation declares them or not.

        None if it returns no `ETag`, needs more than a path, or needs a token that the operation does not need: the
        condition would reveal something that the caller has no access to.
        """
        found = self._document.resource_of(operation)
        if found is None or header(found.responses.get("200", NOTHING), "ETag") is None:
            return None
        if found is not operation and (_needed(found) or (found.needs_token and not operation.needs_token)):
            return None
        return found

    def item(self, operation: Operation) -> Operation | None:
        """The GET of one of the things that are created at the path of *operation*; its last segment is their id."""
        below = re.compile(re.escape(operation.path) + r"/\{[^{}/]+\}")
        found = (each for each in self._document.operations if each.method == "get" and below.fullmatch(each.path))
        return next(found, None)

    def takes_client_ids(self, operation: Operation) -> bool:
        """Whether a client may choose the id of what the operation creates."""
        content = operation.body.members("content") if operation.body and operation.has_body else {}
        schemas = [self._document.follow(media.at("schema")) for media in content.values()]
        return any(schema.at("properties", "id").get(CLIENT_MADE) is True for schema in schemas)

    def faults(self, operation: Operation) -> Iterator[str]:
        """What does not fit together, in words; nothing about what refers to something broken, which is reported."""
        if not all(map(self._document.is_sound, self._related(operation))):
            return
        if operation.parameter("header", IF_MATCH):
            yield from self._target_faults(operation)
        if self.selected(operation) is not None:
            yield from self._condition_faults(operation)
        if operation.parameter("header", IDEMPOTENCY_KEY):
            yield from self._key_faults(operation)
        if self.takes_client_ids(operation):
            yield from self._item_faults(operation)
        if SAFE in operation.node.value and (operation.method != "post" or operation.node.get(SAFE) is not True):
            yield f"{SAFE} must be true, and belongs to a POST that changes nothing"

    def _related(self, operation: Operation) -> Iterator[Operation]:
        item = self.item(operation) if self.takes_client_ids(operation) else None
        for each in (self._document.resource_of(operation), item):
            if each is not None:
                yield each

    def _target_faults(self, operation: Operation) -> Iterator[str]:
        target = self._document.target_of(operation)
        if target is None:
            yield "it takes If-Match, and there is no GET of what it changes"
        elif header(target.responses.get("200", NOTHING), "ETag") is None:
            yield f"it takes If-Match, and {target.name} returns no ETag"
        elif target is not operation and (needed := _needed(target)):
            yield f"it takes If-Match, and {target.name} needs {', '.join(needed)}"
        elif target.needs_token and not operation.needs_token:
            yield f"it takes If-Match and no token, and {target.name} needs one"

    def _condition_faults(self, operation: Operation) -> Iterator[str]:
        if not _declares_problem(operation, "412"):
            yield f"it is about a resource with an ETag, and the response 412 is not declared as {PROBLEM_JSON}"
        elif header(operation.responses["412"], "ETag") is None:
            yield "it is about a resource with an ETag, and the response 412 does not declare ETag"

    def _key_faults(self, operation: Operation) -> Iterator[str]:
        if operation.method in _UNKEYED_METHODS:
            yield f"it takes an Idempotency-Key, and {operation.method.upper()} does not need one"
        elif operation.is_safe:
            yield "it takes an Idempotency-Key, and changes nothing that could be repeated"
        if not operation.needs_token:
            yield "it takes an Idempotency-Key and no token: a key belongs to a caller"
        for status, response in operation.successes():
            if self._document.references.has_secret(response.value):
                yield f"it takes an Idempotency-Key, and its response {status} has a secret, which must not be stored"
        if _returns_stream(operation):
            yield "it takes an Idempotency-Key and returns a stream, which cannot be stored"
        if not _declares_problem(operation, "422"):
            yield f"it takes an Idempotency-Key, and the response 422 is not declared as {PROBLEM_JSON}"

    def _item_faults(self, operation: Operation) -> Iterator[str]:
        item = self.item(operation)
        if item is None or operation.method != "post" or operation.is_safe:
            yield "it takes ids that clients choose, and there is no GET of what it creates"
        elif needed := _needed(item):
            yield f"it takes ids that clients choose, and {item.name} needs {', '.join(needed)}"
        if not operation.needs_token:
            yield "it takes ids that clients choose and no token: an id belongs to a caller"
        if _returns_stream(operation):
            yield "it takes ids that clients choose and returns a stream, which cannot be repeated"
        if not operation.responses.get("200", NOTHING).members("content"):
            yield "it takes ids that clients choose, and the response 200 is not declared"
        if not _declares_problem(operation, "409"):
            yield f"it takes ids that clients choose, and the response 409 is not declared as {PROBLEM_JSON}"


def _media_types(response: Node) -> set[str]:
    return set(map(essence, response.members("content")))


def _returns_stream(operation: Operation) -> bool:
    return any(EVENT_STREAM in _media_types(response) for response in operation.responses.values())


def _needed(operation: Operation) -> list[str]:
    """What the operation needs beside its path."""
    return [str(node.get("name")) for node in operation.parameters if node.get("in") != "path" and node.get("required")]


def _declares_problem(operation: Operation, status: str) -> bool:
    return PROBLEM_JSON in _media_types(operation.responses.get(status, NOTHING))

"""What an operation has to do with others, read from the contract once, at start-up.

    If-Match            guards the *target* of a write: the GET whose entity tag must be the one that the client has;
                        what has an entity tag is guarded by it, and by If-None-Match, declared or not (*selected*)
    x-client-made       on the `id` in the body of a POST: what is made can be found at the *item*, the GET one segment
                        below, by which a repeated call is answered
    Idempotency-Key     asks for the response to be kept, so that it must not hold a secret (`x-secret`); a repeated
                        response says so (`Idempotency-Replayed: true`)

What does not fit is said in words, for start-up to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tickbox_contract.openapi.document import Document, OperationSource

from .media import EVENT_STREAM, names
from .problems import PROBLEM_JSON

IF_MATCH = "if-match"
IF_NONE_MATCH = "if-none-match"
IDEMPOTENCY_KEY = "idempotency-key"
IDEMPOTENCY_REPLAYED = "Idempotency-Replayed"
CLIENT_MADE = "x-client-made"
SECRET = "x-secret"  # noqa: S105  # the name of a mark

_UNKEYED_METHODS = ("get", "put", "delete", "head", "options", "trace")
"""Idempotent as they are (RFC 9110, section 9.2.2)."""


class Links:
    """The operations of a document, and how they hang together."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._sources = {(source.path, source.method): source for source in document.operations()}

    def target(self, source: OperationSource) -> OperationSource | None:
        """The GET of what a write changes: at its own path; for a POST, which is an action, one segment above.

        A POST at a path that can be read makes something in a collection, and has none. Nor has a part that cannot be
        read by itself, such as a password: there is no version of it.
        """
        here = self._sources.get((source.path, "get"))
        if source.method != "post":
            return here
        return None if here else self._sources.get((source.path.rpartition("/")[0], "get"))

    def selected(self, source: OperationSource) -> OperationSource | None:
        """The GET whose entity tag the conditions of a request are about, whether the operation declares them or not.

        That of its own path; for a POST at a path that cannot be read, which is an action, the one a segment above.
        None where it answers no `ETag`, cannot be called with a path alone, or needs a token that the operation does
        not: the condition would say something of what the caller may not see.
        """
        found = self._sources.get((source.path, "get"))
        if found is None and source.method == "post":
            found = self._sources.get((source.path.rpartition("/")[0], "get"))
        if found is None or "ETag" not in self._response(found, "200").get("headers", {}):
            return None
        is_itself = found.operation_id == source.operation_id
        if not is_itself and (self._needed(found) or (self._is_public(source) and not self._is_public(found))):
            return None
        return found

    def item(self, source: OperationSource) -> OperationSource | None:
        """The GET of one of the things that are made at the path of *source*; its last segment is their id."""
        below = re.compile(re.escape(source.path) + r"/\{[^{}/]+\}")
        found = [each for (path, method), each in self._sources.items() if method == "get" and below.fullmatch(path)]
        return found[0] if found else None

    def takes(self, source: OperationSource, header: str) -> bool:
        """Whether *header*, in lower case, is a parameter of the operation."""
        return any(node["in"] == "header" and node["name"].lower() == header for node in source.parameters)

    def takes_client_ids(self, source: OperationSource) -> bool:
        """Whether a client may make the id of what the operation makes."""
        content = self._document.resolve(source.node.get("requestBody", {})).get("content", {})
        schemas = [self._document.resolve(media.get("schema", {})) for media in content.values()]
        return any(schema.get("properties", {}).get("id", {}).get(CLIENT_MADE) is True for schema in schemas)

    def faults(self, source: OperationSource) -> Iterator[str]:
        """All that does not fit, in words."""
        if self.takes(source, IF_MATCH):
            yield from self._target_faults(source)
        if self.selected(source) is not None:
            yield from self._condition_faults(source)
        if self.takes(source, IDEMPOTENCY_KEY):
            yield from self._key_faults(source)
        if self.takes_client_ids(source):
            yield from self._item_faults(source)

    def _target_faults(self, source: OperationSource) -> Iterator[str]:
        target = self.target(source)
        if target is None:
            yield "it takes If-Match, and there is no GET of what it changes"
        elif "ETag" not in self._response(target, "200").get("headers", {}):
            yield f"it takes If-Match, and {target.operation_id} answers no ETag"
        elif target != source and (needed := self._needed(target)):
            yield f"it takes If-Match, and {target.operation_id} needs {', '.join(needed)}"
        elif self._is_public(source) and not self._is_public(target):
            yield f"it takes If-Match and no token, and {target.operation_id} needs one"

    def _condition_faults(self, source: OperationSource) -> Iterator[str]:
        if not self._declares_problem(source, "412"):
            yield f"it is about something with an ETag, and the response 412 is not declared as {PROBLEM_JSON}"
        elif not self._declares_header(source, "412", "ETag"):
            yield "it is about something with an ETag, and the response 412 does not declare ETag"

    def _key_faults(self, source: OperationSource) -> Iterator[str]:
        if source.method in _UNKEYED_METHODS:
            yield f"it takes an Idempotency-Key, and {source.method.upper()} needs none"
        if self._is_public(source):
            yield "it takes an Idempotency-Key, and has no principal whose key it is"
        for status in (status for status in source.node.get("responses", {}) if str(status).startswith("2")):
            if self._holds_secret(self._response(source, status)):
                yield f"it takes an Idempotency-Key, and its response {status} holds a secret, which must not be kept"
            if not self._declares_header(source, status, IDEMPOTENCY_REPLAYED):
                yield f"it takes an Idempotency-Key, and its response {status} does not declare {IDEMPOTENCY_REPLAYED}"
        if self._responds_with_stream(source):
            yield "it takes an Idempotency-Key, and answers a stream, which cannot be kept"
        if not self._declares_problem(source, "422"):
            yield f"it takes an Idempotency-Key, and the response 422 is not declared as {PROBLEM_JSON}"

    def _item_faults(self, source: OperationSource) -> Iterator[str]:
        item = self.item(source)
        if item is None or source.method != "post":
            yield "it takes ids that clients made, and there is no GET of what it makes"
        elif needed := self._needed(item):
            yield f"it takes ids that clients made, and {item.operation_id} needs {', '.join(needed)}"
        if self._is_public(source):
            yield "it takes ids that clients made, and has no principal whose they are"
        if self._responds_with_stream(source):
            yield "it takes ids that clients made, and answers a stream, which cannot be given again"
        if not self._response(source, "200").get("content"):
            yield "it takes ids that clients made, and the response 200 is not declared"
        if not self._declares_problem(source, "409"):
            yield f"it takes ids that clients made, and the response 409 is not declared as {PROBLEM_JSON}"

    def _is_public(self, source: OperationSource) -> bool:
        return source.node.get("security", self._document.root.get("security")) in (None, [])

    def _responds_with_stream(self, source: OperationSource) -> bool:
        return any(
            EVENT_STREAM in names(self._response(source, status).get("content", {}))
            for status in source.node.get("responses", {})
        )

    def _needed(self, source: OperationSource) -> list[str]:
        """What the operation cannot be called without, beside its path."""
        return [node["name"] for node in source.parameters if node["in"] != "path" and node.get("required")]

    def _response(self, source: OperationSource, status: str) -> Mapping[str, Any]:
        return self._document.resolve(source.node.get("responses", {}).get(status, {}))

    def _declares_problem(self, source: OperationSource, status: str) -> bool:
        return PROBLEM_JSON in names(self._response(source, status).get("content", {}))

    def _declares_header(self, source: OperationSource, status: str, name: str) -> bool:
        return name.lower() in map(str.lower, self._response(source, status).get("headers", {}))

    def _holds_secret(self, response: Mapping[str, Any]) -> bool:
        return any(node.get(SECRET) is True for node in self._document.references.reached(response, "responses"))

"""What a client may know from a response and cannot send, and which operation changes it: `x-changed-by`.

    Task:
      properties:
        status: {type: string, x-changed-by: [complete_task, reopen_task]}

A client that got a task will try to send its properties back. A property of the response that the request does not
accept is rejected as read-only, with the operations that change it, and not as unknown. So it is in the bodies of
operations that are performed as parts of a request (see `parts`). Where a body accepts no property of the response at
all, it is not what a client sends back, and all of them are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.faults import pointer
from tickbox_contract.openapi.media_types import is_json
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.servable import CHANGED_BY

_ANY = "*"
"""The step to any item of an array."""
_INDEX = re.compile(r"/[0-9]+(?=/)")


def texts(document: Document, operation: Operation, parts: Mapping[str, Operation]) -> dict[str, str]:
    """A text for each property that a client may know from a response of *operation* or of its *parts*, by name.

    The key is the pointer into a request's body, as `place_of` writes it.
    """
    found = _texts_of(document, operation, ())
    if parts:
        bodies = {
            document.follow(document.json_schema(part.body)).pointer: part for part in parts.values() if part.body
        }
        for path, schema in _within(document, document.json_schema(operation.body), ends=bodies.keys()):
            if schema.pointer in bodies:
                found |= _texts_of(document, bodies[schema.pointer], path)
    return found


def place_of(place: str) -> str:
    """The pointer *place* as a key of `texts`: without the indices of arrays."""
    return _INDEX.sub(f"/{_ANY}", place)


def _texts_of(document: Document, operation: Operation, path: tuple[str, ...]) -> dict[str, str]:
    """For the properties of what *operation* returns on success, if *path* leads to its body.

    And for those of the objects in it that the body has, too: one level, because the ways through schemas that refer to
    each other may be too many to count.
    """
    accepted = document.properties(document.json_schema(operation.body))
    found: dict[str, str] = {}
    for returned in map(document.properties, _returned(operation)):
        if accepted.keys().isdisjoint(returned):
            continue
        found |= {pointer([*path, name]): _text(property_) for name, property_ in returned.items()}
        for outer in accepted.keys() & returned.keys():
            inner = document.properties(returned[outer])
            found |= {pointer([*path, outer, name]): _text(property_) for name, property_ in inner.items()}
    return found


def _within(document: Document, schema: Node, *, ends: Collection[Pointer]) -> Iterator[tuple[tuple[str, ...], Node]]:
    """*schema* and what is in it, down to the *ends*, each with the steps to its values. Circles are not followed."""
    waiting: list[tuple[tuple[str, ...], Node, frozenset[Pointer]]] = [((), schema, frozenset())]
    while waiting:
        path, given, above = waiting.pop()
        node = document.follow(given)
        if node.pointer in above:
            continue
        yield path, node
        if node.pointer not in ends:
            inner = [*document.properties(node).items(), (_ANY, node.at("items"))]
            waiting += [((*path, name), each, above | {node.pointer}) for name, each in inner if each.value]


def _text(schema: Node) -> str:
    given = schema.get(CHANGED_BY)
    names = [str(name) for name in given] if isinstance(given, list) else []
    if not names:
        return "This property is read-only. Leave it out."
    *others, last = names
    named = f"{', '.join(others)} or {last}" if others else last
    return f"This property is read-only here. To change it, use {named}."


def _returned(operation: Operation) -> Iterator[Node]:
    for _, response in operation.successes():
        for media_type, media in response.members("content").items():
            if is_json(media_type):
                yield media.at("schema")

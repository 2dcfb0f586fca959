"""What a client may know from a response and cannot send, and which operation changes it: `x-changed-by`.

    Task:
      properties:
        status: {type: string, x-changed-by: [complete_task, reopen_task]}

A client that got a task will try to send its properties back. A property of the response that the request does not take
is refused as read-only, with the operations that change it, and not as unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tickbox_contract.openapi.document import Document, OperationSource
from tickbox_contract.openapi.faults import pointer

from .media import is_json

CHANGED_BY = "x-changed-by"


def texts(document: Document, source: OperationSource) -> dict[str, str]:
    """The text for each property of what the operation returns on success, by its pointer into a request's body."""
    return {
        pointer([name]): _text(document.resolve(schema))
        for schema in _returned(document, source)
        for name, schema in _properties(document, schema).items()
    }


def mismatches(document: Document) -> Iterator[str]:
    """All that is wrong with `x-changed-by`, in words."""
    known = {source.operation_id for source in document.operations()}
    for given in (schema[CHANGED_BY] for schema in document.references.schemas if CHANGED_BY in schema):
        if not isinstance(given, list) or not given:
            yield f"{CHANGED_BY} must be a list of operations"
        else:
            unknown = [name for name in map(str, given) if name not in known]
            yield from (f"{CHANGED_BY} names {name!r}, which is not an operation" for name in unknown)


def _text(schema: Mapping[str, Any]) -> str:
    given = schema.get(CHANGED_BY)
    names = [str(name) for name in given] if isinstance(given, list) else []
    if not names:
        return "This property is read-only. Leave it out."
    *others, last = names
    named = f"{', '.join(others)} or {last}" if others else last
    return f"This property is read-only here. To change it, use {named}."


def _returned(document: Document, source: OperationSource) -> Iterator[Mapping[str, Any]]:
    for status, node in source.node.get("responses", {}).items():
        if str(status).startswith("2"):
            for media_type, media in document.resolve(node).get("content", {}).items():
                if is_json(media_type):
                    yield media.get("schema", {})


def _properties(document: Document, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of *schema* and of all parts of its `allOf`."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    open_schemas = [schema]
    while open_schemas:
        resolved = document.resolve(open_schemas.pop())
        if id(resolved) not in seen:
            seen.add(id(resolved))
            found |= resolved.get("properties", {})
            open_schemas += resolved.get("allOf", ())
    return found

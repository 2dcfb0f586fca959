"""What a client may know from a response and cannot send, and which operation changes it: `x-changed-by`.

    Task:
      properties:
        status: {type: string, x-changed-by: [complete_task, reopen_task]}

A client that got a task will try to send its properties back. A property of the response that the request does not
accept is rejected as read-only, with the operations that change it, and not as unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.faults import pointer
from tickbox_contract.openapi.media_types import is_json
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.servable import CHANGED_BY


def texts(document: Document, operation: Operation) -> dict[str, str]:
    """A text for each property of what *operation* returns on success, by its pointer into a request's body."""
    return {
        pointer([name]): _text(property_)
        for schema in _returned(operation)
        for name, property_ in document.properties(schema).items()
    }


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

"""Requests that an operation would accept, as far as a contract says: paths with values, bodies of examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.media_types import essence, is_json
from tickbox_contract.openapi.nodes import NOTHING, Node
from tickbox_contract.openapi.operations import Operation

from .credentials import Credentials
from .servers import Server
from .wire import request

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_LITERAL = "/:@!$&'()*+,;=~%"
"""What stays as it is in a path (RFC 3986, section 3.3)."""


def path_names(operation: Operation) -> list[str]:
    """The names of the parameters of the path, in its order."""
    return _IN_BRACES.findall(operation.path)


def filled(operation: Operation, server: Server) -> str | None:
    """The path with a value for each parameter: that of the settings, or else its example; None if one has neither."""
    parts = _IN_BRACES.split(operation.path)  # texts, and names between them
    for at, part in enumerate(parts):
        if at % 2 == 0:
            parts[at] = quote(part, safe=_LITERAL)
            continue
        value = server.value_of(part) or _shown(operation.parameter("path", part) or NOTHING)
        if value is None or value == "":
            return None
        parts[at] = quote(str(value), safe="")
    return "".join(parts)


def example_of(contract: Contract, media: Node) -> Any:  # JSON
    """The first example of a media type, or the one in its schema; None if there is none."""
    found = _shown(media)
    if found is not None:
        return found
    examples = [contract.follow(node) for node in media.members("examples").values()]
    shown = next((node.get("value") for node in examples if "value" in node.value), None)
    return contract.follow(media.at("schema")).get("example") if shown is None else shown


def request_of(contract: Contract, operation: Operation, server: Server, sender: Credentials) -> bytes | None:
    """A request with the first example as its body; None if the contract and the settings do not suffice for one."""
    path = filled(operation, server)
    if path is None:
        return None
    lines = [*sender.lines, *(f"{name}: {value}" for name, value in _required(contract, operation, server, "header"))]
    body = b""
    if operation.has_body:
        content = (operation.body or NOTHING).members("content")
        name, media = next(iter(content.items()), ("", NOTHING))
        body = _encoded(name, example_of(contract, media))
        lines += [f"Content-Type: {name}"] if name else []
    required = _required(contract, operation, server, "query")
    pairs = [*(f"{quote(name)}={quote(value)}" for name, value in required), *([sender.query] if sender.query else [])]
    target = f"{server.base}{path}{'?' if pairs else ''}{'&'.join(pairs)}"
    return request(operation.method.upper(), target, *lines, body=body, host=server.host)


def _encoded(media_type: str, value: Any) -> bytes:  # JSON
    """*value* as a body; empty if there is none."""
    if value is None:
        return b""
    if is_json(media_type):
        return json.dumps(value).encode()
    is_form = essence(media_type) == "application/x-www-form-urlencoded" and isinstance(value, dict)
    return (urlencode(value, doseq=True) if is_form else str(value)).encode(errors="replace")


def _required(contract: Contract, operation: Operation, server: Server, place: str) -> Iterator[tuple[str, str]]:
    """The parameters in *place* that must be sent, with values of the settings, or else examples; each in one line."""
    for parameter in operation.parameters:
        if parameter.get("in") == place and parameter.get("required"):
            name = str(parameter.get("name"))
            found = (server.value_of(name), _shown(parameter), contract.follow(parameter.at("schema")).get("example"))
            yield name, " ".join(str(next((value for value in found if value is not None), "")).split())


def _shown(node: Node) -> Any:  # JSON
    """The example beside a schema, or in it."""
    if "example" in node.value:
        return node.value["example"]
    first = next((each.value["value"] for each in node.members("examples").values() if "value" in each.value), None)
    return node.at("schema").get("example") if first is None else first

"""Requests that an operation would accept, as far as a contract says: paths with values, bodies of examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import NOTHING, Node
from tickbox_contract.openapi.operations import Operation

from .credentials import Credentials
from .servers import Server
from .wire import request

_IN_BRACES = re.compile(r"\{([^{}]*)\}")


def path_names(operation: Operation) -> list[str]:
    """The names of the parameters of the path, in its order."""
    return _IN_BRACES.findall(operation.path)


def filled(operation: Operation, server: Server) -> str | None:
    """The path with a value for each parameter: that of the settings, or else its example; None if one has neither."""
    path = operation.path
    for name in path_names(operation):
        value = server.value_of(name) or _shown(operation.parameter("path", name) or NOTHING)
        if value is None or value == "":
            return None
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    return path


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
    body, lines = b"", [*sender.lines]
    if operation.has_body:
        content = (operation.body or NOTHING).members("content")
        name, media = next(iter(content.items()), ("", NOTHING))
        value = example_of(contract, media)
        body = b"" if value is None else json.dumps(value).encode() if "json" in name else str(value).encode()
        lines += [f"Content-Type: {name}"] if name else []
    pairs = [*_required_query(contract, operation), *([sender.query] if sender.query else [])]
    target = f"{server.base}{path}{'?' if pairs else ''}{'&'.join(pairs)}"
    return request(operation.method.upper(), target, *lines, body=body, host=server.host)


def _required_query(contract: Contract, operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        if parameter.get("in") == "query" and parameter.get("required"):
            value = _shown(parameter)
            value = contract.follow(parameter.at("schema")).get("example") if value is None else value
            yield f"{quote(str(parameter.get('name')))}={quote(str(value))}"


def _shown(node: Node) -> Any:  # JSON
    """The example beside a schema, or in it."""
    if "example" in node.value:
        return node.value["example"]
    first = next((each.value["value"] for each in node.members("examples").values() if "value" in each.value), None)
    return node.at("schema").get("example") if first is None else first

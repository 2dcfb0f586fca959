"""What the probes are sent to, found in the contract.

All of them: a POST whose JSON body is an object with a text. Some: every operation that takes JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.media_types import JSON, essence, is_json
from tickbox_contract.openapi.nodes import NOTHING, Node
from tickbox_contract.openapi.operations import Operation

from .credentials import Credentials, carrying
from .probes import Target
from .requests import example_of, filled
from .servers import Server


class Found(NamedTuple):
    """What the probes are sent to, and where it is in the contract."""

    target: Target
    operation: Operation


def every_target(contract: Contract, server: Server) -> Iterator[Found]:
    """Every operation that takes JSON, whose path has values. Without an example its body is empty."""
    for operation in contract.operations:
        named = next(((name, node) for name, node in _bodies(operation) if is_json(name)), None)
        path = filled(operation, server)
        if operation.has_body and named and path is not None:
            body = example_of(contract, named[1])
            body = body if isinstance(body, dict) else {}
            target = Target(
                collection=server.base + path,
                body=body,
                text=next((name for name, value in body.items() if isinstance(value, str)), None),
                item=None,
                token=server.bearer if operation.needs_token else None,
                key=_key(contract, server, operation),
                method=operation.method.upper(),
                media_type=named[0],
                host=server.host,
                limit=None,
            )
            yield Found(target, operation)


def find_target(contract: Contract, server: Server) -> Found | None:
    """The operation that *server* names, or one in *contract* that suits; None if there is none.

    With a token, the first one with which everything can be tried, see `is_complete`, and otherwise the first one.
    """
    found = list(_targets(contract, server))
    complete = (each for each in found if server.bearer and is_complete(contract, each.operation))
    return next(complete, found[0] if found else None)


def is_complete(contract: Contract, operation: Operation) -> bool:
    """Whether *operation* needs a token, and its path has a GET: some probes are about a token, some about a GET."""
    schemes = operation.security or [{}]
    return all(schemes) and contract.operation(operation.path, "get") is not None


def _targets(contract: Contract, server: Server) -> Iterator[Found]:
    for operation in contract.operations:
        if operation.method == "post" and server.probe in {None, operation.name}:
            target = _target(contract, server, operation)
            if target:
                yield Found(target, operation)


def _target(contract: Contract, server: Server, operation: Operation) -> Target | None:
    media = next((node for name, node in _bodies(operation) if essence(name) == JSON), None)
    path = filled(operation, server)
    if media is None or path is None:
        return None
    body = example_of(contract, media)
    text = next(_texts(contract, media.at("schema"), body), None) if isinstance(body, dict) else None
    if text is None:
        return None
    of_collection = contract.operation(operation.path, "get")
    return Target(
        collection=server.base + path,
        body=body,
        text=text,
        item=_item(contract, server, operation),
        token=server.bearer,
        key=_key(contract, server, operation),
        host=server.host,
        limit=_limit(contract, of_collection) if of_collection else None,
    )


def _key(contract: Contract, server: Server, operation: Operation) -> Credentials | None:
    return carrying(contract, operation, server.bearer, "") if server.bearer else None


def _bodies(operation: Operation) -> list[tuple[str, Node]]:
    return [*(operation.body or NOTHING).members("content").items()]


def _texts(contract: Contract, schema: Node, body: dict[str, Any]) -> Iterator[str]:
    """Required properties that are any text, and that *body* has."""
    required = contract.required(schema)
    for name, node in contract.properties(schema).items():
        is_any = node.get("type") == "string" and not {"enum", "format"} & node.value.keys()
        if is_any and name in required and isinstance(body.get(name), str):
            yield name


def _limit(contract: Contract, operation: Operation) -> tuple[str, int] | None:
    for parameter in operation.parameters:
        schema = contract.follow(parameter.at("schema"))
        most = schema.get("maximum")
        if parameter.get("in") == "query" and schema.get("type") == "integer" and isinstance(most, int):
            return str(parameter.get("name")), most
    return None


def _item(contract: Contract, server: Server, operation: Operation) -> str | None:
    """The path of one resource of the collection, with `{id}` for its UUID."""
    for other in contract.operations:
        name = other.path.removeprefix(f"{operation.path}/")
        if other.method == "get" and name != other.path and name.startswith("{") and name.endswith("}"):
            parameter = other.parameter("path", name[1:-1])
            above = filled(operation, server)
            if parameter and above and contract.follow(parameter.at("schema")).get("format") == "uuid":
                return f"{server.base}{above}/{{id}}"
    return None

"""Servers: of the contract, a path, or an operation."""

from __future__ import annotations

from collections.abc import Iterator

from tickbox_contract.gate.contracts import Contract
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.operations import Operation

from .changes import Spot
from .comparison import Comparison, Pair


def compare_servers(comparison: Comparison, pair: Pair) -> None:
    """Compare the servers of an operation. Those of the contract are one place, which all operations have."""
    old, new = _servers_of(comparison.old, pair.old), _servers_of(comparison.new, pair.new)
    before, after = (
        {_url(each): each for each in node.items("servers")} or {"/": Node(node.pointer, {})} for node in (old, new)
    )
    spot, shared = Spot(new.pointer, old.pointer).within("servers"), pair if new.pointer else None
    for url, server in before.items():
        if url not in after:
            comparison.note("server-removed", f"the server `{url}` was removed", spot, pair=shared)
            continue
        for what in _variables(server, after[url]):
            comparison.note("server-removed", what, Spot(after[url].pointer, server.pointer), pair=shared)
    first, now = next(iter(before)), next(iter(after))
    if first in after and first != now:
        what = f"the first server is {now}, and was {first}"
        comparison.note("server-removed", what, spot, pair=shared)
    for url in after.keys() - before.keys():
        comparison.note("server-added", f"the server `{url}` was added", spot, pair=shared)


def _variables(old: Node, new: Node) -> Iterator[str]:
    """The values of variables that were removed, as sentences. Without an `enum` any value may be used."""
    variables = new.members("variables")
    for name, variable in old.members("variables").items():
        values = variable.get("enum")
        left = variables[name].get("enum") if name in variables else [variable.get("default")]
        gone = [str(value) for value in values or () if left is not None and value not in left]
        if gone or (values is None and left is not None):
            lost = f"the value {', '.join(gone)}" if gone else "every value"
            yield f"the variable `{name}` of the server `{old.get('url')}` no longer has {lost}"


def _servers_of(contract: Contract, operation: Operation) -> Node:
    """What names the servers of *operation*: itself, its path, or the contract."""
    return next((node for node in (operation.node, operation.item) if node.get("servers")), contract.node)


def _url(server: Node) -> str:
    """The URL with the defaults of its variables: generated code sends requests to that one."""
    url = str(server.get("url"))
    for name, variable in server.members("variables").items():
        url = url.replace(f"{{{name}}}", str(variable.get("default")))
    return url.rstrip("/") or "/"

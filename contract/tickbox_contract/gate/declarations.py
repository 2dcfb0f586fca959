"""Stage `valid`: declarations outside of schemas that contradict each other, or that lead to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tickbox_contract.openapi.faults import counted
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.references import UnresolvedReferenceError
from tickbox_contract.openapi.rules import Hit, Severity

from .contracts import Contract

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # RFC 9110, section 5.6.2
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}\s*(;.*)?")
_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_MOST_STEPS = 200_000
"""How many steps the search for ambiguous paths takes at most."""


def media_types(contract: Contract) -> Iterator[Hit]:
    """Keys of `content` that are not media types or ranges of them."""
    for place in contract.references.places:
        if place.kind == "media types" and not _MEDIA_TYPE.fullmatch(str(place.pointer[-1])):
            yield Hit(place.pointer, f"{place.pointer[-1]!r} is not a media type")


def server_variables(contract: Contract) -> Iterator[Hit]:
    """Variables in the URL of a server that are not declared, and defaults that are not among their values."""
    for holder in (contract.node, *contract.written("path items"), *contract.written("operations")):
        for server in holder.items("servers"):
            variables = server.members("variables")
            for name in _IN_BRACES.findall(str(server.get("url"))):
                if name not in variables:
                    yield Hit((*server.pointer, "url"), f"the variable {name!r} of this server is not declared")
            for name, variable in variables.items():
                if isinstance(variable.get("enum"), list) and variable.get("default") not in variable.get("enum"):
                    message = f"the default of the server variable {name!r} is not in its enum"
                    severity: Severity | None = None if contract.is_3_1 else "warning"  # MUST in 3.1, SHOULD in 3.0
                    yield Hit((*variable.pointer, "default"), message, severity=severity)


def scopes(contract: Contract) -> Iterator[Hit]:
    """Scopes that no flow of their scheme declares; in OpenAPI 3.0 also scopes of a scheme that has none."""
    schemes = contract.node.at("components").members("securitySchemes")
    for place in (contract.node, *contract.written("operations")):
        for requirement in place.items("security"):
            for name, wanted in requirement.value.items():
                scheme = contract.follow(schemes[name]) if name in schemes else None
                known = None if scheme is None else _scopes_of(scheme, is_3_1=contract.is_3_1)
                words = [word for word in (wanted if isinstance(wanted, list) else ()) if known is not None]
                if words and scheme and scheme.get("type") != "oauth2":
                    message = f"the security scheme {name!r} has no scopes, because it is of type {scheme.get('type')}"
                    yield Hit((*requirement.pointer, name), message)
                    continue
                for word in words:
                    if word not in (known or ()):
                        message = f"the security scheme {name!r} does not declare the scope {word!r}"
                        yield Hit((*requirement.pointer, name), message)


def _scopes_of(scheme: Node, *, is_3_1: bool) -> set[str] | None:
    """The scopes that *scheme* declares; None if it may have any."""
    if scheme.get("type") == "oauth2":
        return {scope for flow in scheme.members("flows").values() for scope in flow.at("scopes").value}
    return None if is_3_1 or scheme.get("type") == "openIdConnect" else set()


def equal_paths(contract: Contract) -> Iterator[Hit]:
    """Paths that differ only in the names of their parameters."""
    seen: dict[str, str] = {}
    for path in contract.paths:
        shape = _IN_BRACES.sub("{}", path)
        if shape in seen:
            yield Hit(("paths", path), f"{path} and {seen[shape]} are the same path")
        seen.setdefault(shape, path)


def ambiguous_paths(contract: Contract) -> Iterator[Hit]:
    """Pairs of paths, with a method in common, of which neither is more concrete where both match."""
    tree: dict[str, dict] = {}  # type: ignore[type-arg]  # of itself
    operations: dict[str, dict[str, Operation]] = {}
    for operation in contract.operations:
        operations.setdefault(operation.path, {})[operation.method] = operation
    left = [_MOST_STEPS]
    for path, given in operations.items():
        steps = [_step(segment) for segment in path.split("/")[1:]]
        others = [
            other
            for other in _matching(tree, steps, left)
            if given.keys() & operations[other].keys() and _is_ambiguous(path, other)
        ]
        if others:
            more = f" and {counted(len(others) - 1, 'more path')}" if len(others) > 1 else ""
            yield Hit(("paths", path), f"a request may match both {path} and {others[0]}{more}", severity="warning")
        node = tree
        for step in (*steps, ""):
            node = node.setdefault(step, {})
        node.setdefault(path, {})


def _step(segment: str) -> str:
    return "{}" if _IN_BRACES.fullmatch(segment) else f"/{segment}"


def _matching(tree: Mapping[str, dict], steps: list[str], left: list[int]) -> Iterator[str]:  # type: ignore[type-arg]  # of itself
    """The paths in *tree* that match some request that *steps* match."""
    found = [(tree, 0)]
    while found and left[0] > 0:
        node, at = found.pop()
        left[0] -= 1
        if at == len(steps):
            yield from node.get("", {})
        elif steps[at] == "{}":
            found += [(inner, at + 1) for step, inner in node.items() if step]
        else:
            found += [(node[step], at + 1) for step in (steps[at], "{}") if step in node]


def _is_ambiguous(path: str, other: str) -> bool:
    """Whether each is more concrete than the other in a segment."""
    pairs = list(zip(path.split("/")[1:], other.split("/")[1:], strict=True))
    sides = {(_step(one) == "{}", _step(two) == "{}") for one, two in pairs}
    return {(True, False), (False, True)} <= sides


def dead_links(contract: Contract) -> Iterator[Hit]:
    """Links to operations or parameters that do not exist. Operations in other files are not looked for."""
    by_id = {str(node.get("operationId")): node.pointer for node in contract.written("operations")}
    pointers = set(by_id.values()) | {node.pointer for node in contract.written("operations")}
    operations = {operation.node.pointer: operation for operation in contract.operations}
    for link in contract.written("links"):
        wanted, reference = link.get("operationId"), link.get("operationRef")
        target = by_id.get(wanted) if isinstance(wanted, str) else None
        if isinstance(wanted, str) and target is None:
            yield Hit((*link.pointer, "operationId"), f"there is no operation {wanted!r}")
        if isinstance(reference, str) and reference.startswith("#"):
            target = _target(contract, reference)
            if target not in pointers:
                yield Hit((*link.pointer, "operationRef"), f"{reference} does not lead to an operation")
        operation = operations.get(target) if target else None
        if operation is not None and contract.is_sound(operation):
            yield from _dead_parameters(link, operation)


def _dead_parameters(link: Node, operation: Operation) -> Iterator[Hit]:
    """Parameters that *operation*, that of *link*, does not have; a name may have the place before it, as `path.id`."""
    known = {str(each.get("name")) for each in operation.parameters}
    known |= {f"{each.get('in')}.{each.get('name')}" for each in operation.parameters}
    for name in link.at("parameters").value:
        if name not in known:
            yield Hit((*link.pointer, "parameters", name), f"the operation of this link has no parameter {name!r}")


def _target(contract: Contract, reference: str) -> Pointer | None:
    try:
        return contract.references.find(reference).pointer
    except UnresolvedReferenceError:
        return None

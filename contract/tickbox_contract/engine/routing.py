"""Routing: Connexion's middleware and routing context, with another way to match.

Connexion mounts a Starlette router, which tries one route after the other. Its cost grows with the contract, its
`Allow` has one route only, and it decodes a path before it splits it. Here Connexion's own `AbstractRoutingAPI` fills a
trie of path segments. The operation that is found is put into Connexion's routing context, from which the security and
context middleware and the engine read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from . import quiet  # noqa: F401  # before Connexion, see there

# isort: split
from connexion.middleware.abstract import ROUTING_CONTEXT, AbstractRoutingAPI
from connexion.middleware.routing import RoutingMiddleware
from connexion.operations import AbstractOperation
from connexion.spec import Specification
from starlette.types import ASGIApp, Receive, Scope, Send

from tickbox_contract.openapi.problems import MALFORMED_REQUEST, METHOD_NOT_ALLOWED, NOT_FOUND

from .heads import ASTERISK
from .problems import refuse
from .texts import MalformedTextError, decode

_PATH_TEXTS = "contract_path_texts"
_MALFORMED_PATH = "The path must be percent-encoded UTF-8 without NUL."
_NEEDLESS = re.compile(r"%(2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)", re.IGNORECASE)
"""An unreserved character, percent-encoded (RFC 3986, section 2.3)."""


@dataclass(slots=True)
class _Node:
    """One position in a path: the segments that may follow, and the operations that end here."""

    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    names: tuple[str, ...] = ()
    operations: dict[str, str] = field(default_factory=dict)

    @property
    def allow(self) -> str:
        """The value of `Allow` here (RFC 9110, section 10.2.1)."""
        return _allow(self.operations)


class SegmentTrie:
    """Paths by their decoded segments; a literal segment has precedence over a parameter.

    In a literal, reserved and non-ASCII characters may be percent-encoded; in a parameter, every character may be.
    """

    def __init__(self) -> None:
        self._root = _Node()
        self._methods: set[str] = set()

    @property
    def allow(self) -> str:
        """The value of `Allow` for the server as a whole (RFC 9110, section 9.3.7)."""
        return _allow(self._methods)

    def add(self, path: str, method: str, operation_id: str) -> None:
        """Let *method* on the path template *path* lead to *operation_id*."""
        node, names = self._root, []
        for segment in path.split("/")[1:]:
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(unquote(segment), _Node())
        node.names = tuple(names)
        node.operations[method.upper()] = operation_id
        self._methods.add(method.upper())

    def find(self, path: str) -> tuple[_Node, list[str]] | None:
        """The node for the still encoded *path*, and the segments of its parameters."""
        values: list[str] = []
        node = _walk(self._root, path.split("/"), 1, values)
        return None if node is None else (node, values)


def _walk(node: _Node, segments: list[str], depth: int, values: list[str]) -> _Node | None:
    """The node that *segments* lead to from *depth* on; the segments of parameters are added to *values*."""
    if depth == len(segments):
        return node if node.operations else None
    segment = segments[depth]
    literal = _encoded_literal(node, segment) if "%" in segment else node.literals.get(segment)
    if literal is not None:
        found = _walk(literal, segments, depth + 1, values)
        if found is not None:
            return found
    if node.parameter is None or not segment:
        return None
    values.append(segment)
    found = _walk(node.parameter, segments, depth + 1, values)
    if found is None:
        values.pop()
    return found


def _encoded_literal(node: _Node, segment: str) -> _Node | None:
    """The literal that *segment* encodes; None if it encodes a character that never needs it.

    Otherwise a proxy that compares paths as they are written would take `/%6Civez` for another path than `/livez`.
    """
    if _NEEDLESS.search(segment):
        return None
    try:
        return node.literals.get(decode(segment))
    except MalformedTextError:
        return None


def _allow(methods: Iterable[str]) -> str:
    given = {"OPTIONS", *methods}
    return ", ".join(sorted(given | ({"HEAD"} if "GET" in given else set())))


class _TrieAPI(AbstractRoutingAPI[str]):
    """Fills a trie with the operationIds of one specification."""

    def __init__(self, specification: Specification, *, trie: SegmentTrie, **options: Any) -> None:
        self._trie = trie
        super().__init__(specification, **options)

    def make_operation(self, operation: AbstractOperation) -> str:
        return str(operation.operation_id)

    @staticmethod
    def _framework_path_and_name(_operation: AbstractOperation, path: str) -> tuple[str, str]:
        return path, path

    # Connexion's signature.
    def _add_operation_internal(self, method: str, path: str, operation: str, name: str | None = None) -> None:  # noqa: ARG002
        self._trie.add(path, method, operation)


class TrieRoutingMiddleware(RoutingMiddleware):
    """Finds the operation of a request in time that does not depend on the number of operations.

    It handles OPTIONS itself and HEAD like GET, and rejects unknown paths (404), unknown methods (405) and paths that
    are not percent-encoded UTF-8 (400). An encoded slash stays within its segment.
    """

    def __init__(self, app: ASGIApp) -> None:
        # Not RoutingMiddleware's own: it creates the Starlette router, which is not used here.
        self.app = app
        self._trie = SegmentTrie()
        self._operations: Mapping[str, ASGIApp] = {}

    def add_api(self, specification: Specification, **options: Any) -> None:  # Connexion's signature
        """Add the operations of *specification*; called by ConnexionMiddleware."""
        accepted = {key: options[key] for key in ("base_path", "resolver") if key in options}
        api = _TrieAPI(specification, trie=self._trie, **accepted)
        self._operations = operations_of(self.app, api.base_path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the operation of the request into its routing context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["raw_path"] == ASTERISK:
            await _options_response(self._trie.allow, send)
            return
        node, values = self._find(scope)
        method = scope["method"]
        operation_id = node.operations.get(method) or (node.operations.get("GET") if method == "HEAD" else None)
        if operation_id is None:
            if method != "OPTIONS":
                raise refuse(METHOD_NOT_ALLOWED, f"This path allows: {node.allow}.", headers={"Allow": node.allow})
            await _options_response(node.allow, send)
            return
        scope["path_params"] = _decoded(node.names, values)
        extensions = scope.setdefault("extensions", {})
        extensions[_PATH_TEXTS] = {name: [value] for name, value in zip(node.names, values, strict=True)}
        extensions.setdefault(ROUTING_CONTEXT, {}).update(api_base_path="", operation_id=operation_id)
        await self._operations[operation_id](scope, receive, send)

    def _find(self, scope: Scope) -> tuple[_Node, list[str]]:
        try:
            found = self._trie.find(scope["raw_path"].decode("ascii"))
        except UnicodeDecodeError as error:
            raise refuse(MALFORMED_REQUEST, _MALFORMED_PATH) from error
        if found is None:
            raise refuse(NOT_FOUND, "There is no such path. Check it against the contract.")
        return found


def _decoded(names: Iterable[str], values: Iterable[str]) -> dict[str, str]:
    try:
        return {name: decode(value) for name, value in zip(names, values, strict=True)}
    except MalformedTextError as error:
        raise refuse(MALFORMED_REQUEST, _MALFORMED_PATH) from error


def operations_of(layer: Any, base_path: str) -> Mapping[str, ASGIApp]:
    """The operations that a RoutedMiddleware of Connexion would look up in the routing context of each request."""
    operations: Mapping[str, ASGIApp] = layer.apis[base_path][-1].operations
    return operations


def operation_id_of(scope: Scope) -> str | None:
    """The operation that the request was routed to, or None."""
    operation_id: str | None = scope.get("extensions", {}).get(ROUTING_CONTEXT, {}).get("operation_id")
    return operation_id


def path_texts_of(scope: Scope) -> Mapping[str, list[str]]:
    """The path parameters still encoded, because lists are split before they are decoded."""
    texts: Mapping[str, list[str]] = scope["extensions"][_PATH_TEXTS]
    return texts


async def _options_response(allow: str, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": [(b"allow", allow.encode("ascii"))]})
    await send({"type": "http.response.body"})

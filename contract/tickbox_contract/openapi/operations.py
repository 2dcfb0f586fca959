"""One operation of a contract, with its references followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .nodes import Node

SAFE = "x-safe"
"""On a POST that changes nothing."""
_SAFE_METHODS = frozenset({"get", "head", "options", "trace"})
_BODILESS_METHODS = frozenset({"get", "head", "delete", "trace"})
"""A body has no meaning in a request of these (RFC 9110, sections 9.3.1, 9.3.2, 9.3.5 and 9.3.8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation. `$ref`s of its path item, parameters, body and responses are followed, one that is broken to `{}`.

    `parameters` include those of the path that the operation does not replace. `security` is the document's if the
    operation has none of its own, None if neither has one.
    """

    path: str
    method: str
    node: Node
    item: Node
    parameters: tuple[Node, ...]
    body: Node | None
    responses: Mapping[str, Node]
    security: Sequence[Mapping[str, Any]] | None

    @property
    def name(self) -> str:
        """The operationId; method and path if there is none."""
        return str(self.node.get("operationId") or f"{self.method.upper()} {self.path}")

    @property
    def needs_token(self) -> bool:
        """Whether each request needs a token: there is a security requirement, and none of them is empty."""
        return bool(self.security) and all(self.security or ())

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing: by its method (RFC 9110, section 9.2.1), or because it says `x-safe`."""
        return self.method in _SAFE_METHODS or (self.method == "post" and self.node.get(SAFE) is True)

    @property
    def has_body(self) -> bool:
        """Whether requests have a body. One that is declared for GET is ignored (OpenAPI 3.0.4, `requestBody`)."""
        return self.body is not None and self.method not in _BODILESS_METHODS

    @property
    def has_content(self) -> bool:
        """Whether a successful response has content."""
        return any(response.members("content") for _, response in self.successes())

    def successes(self) -> Iterator[tuple[str, Node]]:
        """The responses 200 to 299."""
        yield from ((status, response) for status, response in self.responses.items() if status.startswith("2"))

    def errors(self) -> Iterator[tuple[str, Node]]:
        """The responses from 400 on, including `4XX` and `5XX`."""
        yield from ((status, response) for status, response in self.responses.items() if status[:1] in {"4", "5"})

    def parameter(self, place: str, name: str) -> Node | None:
        """The parameter with that place and name; names of headers have no case."""
        wanted = parameter_key(place, name)
        return next((node for node in self.parameters if key_of(node) == wanted), None)


def parameter_key(place: str, name: str) -> tuple[str, str]:
    """What makes a parameter unique: its place and name. Names of headers have no case (RFC 9110, section 5.1)."""
    return place, name.lower() if place == "header" else name


def key_of(parameter: Node) -> tuple[str, str]:
    """The key of a Parameter Object, as of `parameter_key`."""
    return parameter_key(str(parameter.get("in")), str(parameter.get("name")))

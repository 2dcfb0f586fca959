"""The schemas of a contract as requests and responses use them: each with its direction, its origin and its role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from .document import Document
from .nodes import NOTHING, Node
from .objects import COMPOSITES, Pointer
from .operations import Operation
from .schemas import Direction

Role = Literal["root", "component", "property", "items", "values", "part"]
Origin = Literal["body", "parameter", "header", "unused"]

_SINGLE: tuple[tuple[str, Role], ...] = (
    ("items", "items"), ("additionalProperties", "values"), ("not", "part"),
    # of OpenAPI 3.1
    ("unevaluatedItems", "items"), ("unevaluatedProperties", "values"), ("contains", "part"), ("if", "part"),
    ("then", "part"), ("else", "part"), ("propertyNames", "part"),
)  # fmt: skip
_NAMED: tuple[tuple[str, Role], ...] = (("patternProperties", "values"), ("dependentSchemas", "part"))
NESTED = frozenset({
    "$ref", "properties", "discriminator", "prefixItems", *COMPOSITES, *(key for key, _ in (*_SINGLE, *_NAMED)),
})  # fmt: skip
"""The keys of a schema that hold further schemas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaUse:
    """A schema, or a `$ref` to one, as a request or a response uses it. `name` is that of a property, or empty."""

    node: Node
    direction: Direction
    origin: Origin
    role: Role
    name: str = ""

    def into(self, node: Node, role: Role, name: str = "") -> SchemaUse:
        """The use of *node*, a schema inside this one, or that this one refers to."""
        return SchemaUse(node=node, direction=self.direction, origin=self.origin, role=role, name=name)

    @property
    def type(self) -> Any:  # JSON
        """The value of `type`; of several, which OpenAPI 3.1 allows, the only one beside null, or None."""
        given = self.node.get("type")
        if not isinstance(given, list):
            return given
        names = [name for name in given if name != "null"]
        return names[0] if len(names) == 1 else None


class Message(NamedTuple):
    """What has a schema and examples: a parameter, a header, or a media type of a body or a response; followed."""

    node: Node
    direction: Direction
    origin: Origin

    @property
    def schema(self) -> SchemaUse:
        """Its outermost schema."""
        return SchemaUse(node=self.node.at("schema"), direction=self.direction, origin=self.origin, role="root")


def messages_of(document: Document, operation: Operation) -> Iterator[Message]:
    """All that has a schema, and examples beside it, as *operation* uses it."""
    for parameter in operation.parameters:
        yield Message(parameter, "request", "parameter")
        for media in parameter.members("content").values():
            yield Message(media, "request", "parameter")
    for media in (operation.body or NOTHING).members("content").values():
        yield Message(media, "request", "body")
    for response in operation.responses.values():
        for media in response.members("content").values():
            yield Message(media, "response", "body")
        for given in response.members("headers").values():
            yield Message(document.follow(given), "response", "header")


def reach(document: Document, starts: Iterable[SchemaUse]) -> Iterator[SchemaUse]:
    """*starts*, and every schema that they contain or refer to, once for each way in which it is used."""
    seen: defaultdict[tuple[str, str, bool], set[Pointer]] = defaultdict(set)
    open_uses = list(starts)
    while open_uses:
        use = open_uses.pop()
        known = seen[use.direction, use.origin, use.role == "part"]
        if use.node.pointer not in known:
            known.add(use.node.pointer)
            yield use
            open_uses += _within(document, use)


def _within(document: Document, use: SchemaUse) -> list[SchemaUse]:
    node = use.node
    referred = [use.into(document.follow(node), "part" if use.role == "part" else "component")]
    if "$ref" in node.value and not document.is_3_1:
        return referred
    found = referred if "$ref" in node.value else []
    found += [use.into(sub, "property", name) for name, sub in node.members("properties").items()]
    found += [use.into(sub, "part") for key in COMPOSITES for sub in node.items(key)]
    found += [use.into(sub, "items") for sub in node.items("prefixItems")]
    found += [use.into(sub, role) for key, role in _NAMED for sub in node.members(key).values()]
    for key, role in _SINGLE:
        if isinstance(node.get(key), dict):
            found.append(use.into(node.at(key), role))
    return found

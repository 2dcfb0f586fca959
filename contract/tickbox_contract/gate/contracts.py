"""What the rules look at: operations, parameters, answers and schemas, each with its place in the file.

Nothing here trusts the file beyond what the gate's first rule has checked, its form: what a `$ref` leads to may be
missing, of another kind, or the `$ref` itself. Then it is an empty object; the rule about references tells of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from tickbox_contract.openapi.objects import COMPOSITES, METHODS
from tickbox_contract.openapi.references import References
from tickbox_contract.openapi.schemas import Direction, SchemaCompiler

from .findings import Pointer
from .places import Places

Role = Literal["root", "component", "property", "items", "values", "part"]
Origin = Literal["body", "parameter", "header", "unused"]
JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
MERGE_PATCH = "application/merge-patch+json"
EVENT_STREAM = "text/event-stream"

_SINGLE: tuple[tuple[str, Role], ...] = (("items", "items"), ("additionalProperties", "values"), ("not", "part"))
NESTED = frozenset({"$ref", "properties", "discriminator", *COMPOSITES, *(key for key, _ in _SINGLE)})
"""The keys of a schema that hold further schemas."""


@dataclass(frozen=True, slots=True)
class Node:
    """An object of the contract, and where it stands. One that is not there, or is no object, is empty."""

    pointer: Pointer
    value: Mapping[str, Any]

    def get(self, key: str) -> Any:  # JSON
        """The plain value of *key*, or None."""
        return self.value.get(key)

    def at(self, *steps: str) -> Node:
        """The object that *steps* lead to."""
        value: Any = self.value
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return Node((*self.pointer, *steps), value if isinstance(value, dict) else {})

    def members(self, key: str) -> dict[str, Node]:
        """The objects in the object of *key*, by their names."""
        within = self.at(key)
        return {name: within.at(name) for name, value in within.value.items() if isinstance(value, dict)}

    def items(self, key: str) -> list[Node]:
        """The objects in the list of *key*."""
        value = self.value.get(key)
        items = value if isinstance(value, list) else []
        return [Node((*self.pointer, key, i), item) for i, item in enumerate(items) if isinstance(item, dict)]


NOTHING = Node((), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaUse:
    """A schema, or a `$ref` to one, as a request or a response uses it. `name` is that of a property, or empty."""

    node: Node
    direction: Direction
    origin: Origin
    role: Role
    name: str = ""

    def into(self, node: Node, role: Role, name: str = "") -> SchemaUse:
        """The use of *node*, a schema in or behind this one."""
        return SchemaUse(node=node, direction=self.direction, origin=self.origin, role=role, name=name)

    @property
    def type(self) -> Any:  # JSON
        """What `type` says."""
        return self.node.get("type")


class Message(NamedTuple):
    """What has a schema and examples: a parameter, a header, or a media type of a body or a response; followed."""

    node: Node
    direction: Direction
    origin: Origin

    @property
    def schema(self) -> SchemaUse:
        """Its outermost schema."""
        return SchemaUse(node=self.node.at("schema"), direction=self.direction, origin=self.origin, role="root")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is not in the file; where it is not known, the rule about it cannot be checked.

    `handlers` tells whether a tag has a handler for an operationId; `stale_models` names the generated modules that are
    not what the contract says, or raises NotCheckableError. `access_words` are those that the members of `x-access`, by
    name, may be.
    """

    handlers: Callable[[str, str], bool] | None = None
    stale_models: Callable[[], list[str]] | None = None
    access_words: Mapping[str, Collection[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation. `parameters`, which include its path's, `body` and `responses` have their `$ref`s followed."""

    path: str
    method: str
    node: Node
    parameters: tuple[Node, ...]
    body: Node | None
    responses: Mapping[str, Node]
    guarded: bool
    """Whether each call needs a token."""

    @property
    def name(self) -> str:
        """The operationId, or method and path."""
        return str(self.node.get("operationId") or f"{self.method.upper()} {self.path}")

    def successes(self) -> Iterator[tuple[str, Node]]:
        """The responses 200 to 299."""
        yield from ((status, response) for status, response in self.responses.items() if status.startswith("2"))

    def errors(self) -> Iterator[tuple[str, Node]]:
        """The responses from 400 on, `4XX` and the like among them."""
        yield from ((status, response) for status, response in self.responses.items() if status[:1] in {"4", "5"})

    def takes(self, place: str, name: str) -> Node | None:
        """The parameter of that place and name; those of headers have no case (RFC 9110, section 5.1)."""
        wanted = name.lower() if place == "header" else name
        for parameter in self.parameters:
            given = str(parameter.get("name"))
            if parameter.get("in") == place and (given.lower() if place == "header" else given) == wanted:
                return parameter
        return None


def is_json(media_type: str) -> bool:
    """Whether *media_type* is JSON, by its name or its suffix (RFC 6839, section 3.1)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence == JSON or essence.endswith("+json")


def header(response: Node, name: str) -> Node | None:
    """The header of that name, in any case; not followed."""
    return next((node for given, node in response.members("headers").items() if given.lower() == name.lower()), None)


@dataclass(frozen=True)
class Contract:
    """A contract of OpenAPI 3.0. `data` is all of it, as JSON."""

    data: Mapping[str, Any]
    places: Places
    surroundings: Surroundings = field(default_factory=Surroundings)

    @property
    def root(self) -> Node:
        """The outermost object."""
        return Node((), self.data)

    @cached_property
    def compiler(self) -> SchemaCompiler:
        """Makes validators of the contract's schemas."""
        return SchemaCompiler(self.resolver)

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Each operation, in the order of the file."""
        return tuple(self._operations())

    @cached_property
    def schemas(self) -> tuple[SchemaUse, ...]:
        """Each schema, once for each way in which it is used; then those that nothing uses."""
        used = list(self.reach(message.schema for message in self.messages if "schema" in message.node.value))
        pointers = {use.node.pointer for use in used}
        unused = [
            SchemaUse(node=node, direction="request", origin="unused", role="component")
            for node in self.root.at("components").members("schemas").values()
            if node.pointer not in pointers
        ]
        return (*used, *(use for use in self.reach(unused) if use.node.pointer not in pointers))

    @property
    def paths(self) -> dict[str, Node]:
        """What stands under `paths`, not followed and without extensions."""
        return {path: node for path, node in self.root.members("paths").items() if not path.startswith("x-")}

    def operation(self, path: str, method: str) -> Operation | None:
        """The operation there, or None."""
        return self._by_place.get((path, method))

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Operation]:
        return {(operation.path, operation.method): operation for operation in self.operations}

    @cached_property
    def resolver(self) -> References:
        """What follows the references of the file, as the engine does."""
        return References(self.data)

    def follow(self, node: Node) -> Node:
        """*node*, or what its `$ref` leads to in the end; an empty object where that is nothing."""
        if not isinstance(node.get("$ref"), str):
            return node
        if node.pointer in self._broken:
            return Node(node.pointer, {})
        return Node(*self.resolver.end(node.value))

    @cached_property
    def _broken(self) -> set[Pointer]:
        """Where a reference leads to nothing that belongs there."""
        return {broken.pointer for broken in self.resolver.broken if broken.why != "endless"}

    def references(self) -> Iterator[Node]:
        """Every Reference Object: not what looks like one in an example, a default, an extension."""
        yield from (Node(place.pointer, place.node) for place in self.resolver.places if place.reference is not None)

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """All that has a schema, and examples beside it, as the operations use it."""
        return tuple(message for operation in self.operations for message in self._messages(operation))

    def reach(self, starts: Iterable[SchemaUse]) -> Iterator[SchemaUse]:
        """*starts*, and every schema in and behind them, once for each way in which it is used."""
        seen: set[tuple[Pointer, str, str, bool]] = set()
        open_uses = list(starts)
        while open_uses:
            use = open_uses.pop()
            key = use.node.pointer, use.direction, use.origin, use.role == "part"
            if key not in seen:
                seen.add(key)
                yield use
                open_uses += self._within(use)

    def leading_to(self, wanted: Callable[[SchemaUse], bool]) -> set[Pointer]:
        """Where the schemas are that *wanted* holds for, and those that have them in or behind them."""
        above: dict[Pointer, list[Pointer]] = {}
        for use in self.schemas:
            for inner in self._within(use):
                above.setdefault(inner.node.pointer, []).append(use.node.pointer)
        found: set[Pointer] = set()
        open_pointers = [use.node.pointer for use in self.schemas if wanted(use)]
        while open_pointers:
            pointer = open_pointers.pop()
            if pointer not in found:
                found.add(pointer)
                open_pointers += above.get(pointer, [])
        return found

    def parts(self, schema: Node) -> Iterator[Node]:
        """*schema* with its `$ref`s followed, and the parts of its `allOf`, all of which hold for one value."""
        seen: set[Pointer] = set()
        open_nodes = [schema]
        while open_nodes:
            node = self.follow(open_nodes.pop())
            if node.pointer not in seen:
                seen.add(node.pointer)
                yield node
                open_nodes += node.items("allOf")

    def properties(self, schema: Node) -> dict[str, Node]:
        """The properties of *schema* and of the parts of its `allOf`, followed."""
        found = {name: node for part in self.parts(schema) for name, node in part.members("properties").items()}
        return {name: self.follow(node) for name, node in found.items()}

    def required(self, schema: Node) -> set[str]:
        """The names that *schema* and the parts of its `allOf` require."""
        named = [part.get("required") for part in self.parts(schema)]
        return {str(name) for names in named if isinstance(names, list) for name in names}

    def json_schema(self, message: Node | None) -> Node:
        """The schema of the first JSON that *message*, a body or a response, may be; not followed, empty if none."""
        content = message.members("content") if message else {}
        return next((media.at("schema") for name, media in content.items() if is_json(name)), NOTHING)

    def is_single(self, response: Node) -> bool:
        """Whether *response* shows a single resource with a version: an object that requires `revision`."""
        schema = self.json_schema(response)
        return "revision" in self.required(schema) & self.properties(schema).keys()

    def is_page(self, operation: Operation) -> bool:
        """Whether *operation* lists: a GET that responses 200 with an object that has a list of `items`."""
        response = operation.responses.get("200")
        items = self.properties(self.json_schema(response)).get("items") if operation.method == "get" else None
        return items is not None and items.get("type") == "array"

    def _operations(self) -> Iterator[Operation]:
        for path, given in self.paths.items():
            item = self.follow(given)
            for method in (key for key in item.value if key in METHODS):
                node = item.at(method)
                followed = [
                    self.follow(parameter) for parameter in (*item.items("parameters"), *node.items("parameters"))
                ]
                security = node.value.get("security", self.data.get("security"))
                yield Operation(
                    path=path,
                    method=method,
                    node=node,
                    parameters=tuple({(p.get("name"), p.get("in")): p for p in followed}.values()),
                    body=self.follow(node.at("requestBody")) if "requestBody" in node.value else None,
                    responses={
                        status: self.follow(response)
                        for status, response in node.members("responses").items()
                        if not status.startswith("x-")
                    },
                    guarded=bool(security) and all(security),
                )

    def _messages(self, operation: Operation) -> Iterator[Message]:
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
                yield Message(self.follow(given), "response", "header")

    def _within(self, use: SchemaUse) -> list[SchemaUse]:
        node = use.node
        if "$ref" in node.value:
            return [use.into(self.follow(node), "part" if use.role == "part" else "component")]
        found = [use.into(sub, "property", name) for name, sub in node.members("properties").items()]
        found += [use.into(sub, "part") for key in COMPOSITES for sub in node.items(key)]
        for key, role in _SINGLE:
            if isinstance(node.get(key), dict):
                found.append(use.into(node.at(key), role))
        return found

"""A contract as the engine and the gate read it: bytes, plain data, operations, references, lines.

The text is read into plain data by `files` (Connexion would render a path through Jinja2, and read YAML 1.1). It is
served as the bytes that were read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import orjson
import yaml

from .files import read
from .media_types import is_json
from .nodes import NOTHING, Node
from .objects import METHODS, Pointer
from .operations import Operation, key_of
from .places import Lines, Places, compose_any
from .references import References


@dataclass(frozen=True)
class Document:
    """An OpenAPI 3.0 document: `raw` as it was read, `root` as plain data. Its form is not relied upon."""

    is_broad: ClassVar[bool] = False
    """Whether the document may be one that the engine does not serve: of OpenAPI 3.1, or with any pattern."""

    raw: bytes
    root: dict[str, Any]
    has_repeated_keys: bool = False

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the YAML (or JSON) file at *path*. Raises OSError, yaml.YAMLError."""
        return cls.parse(path.read_bytes())

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Parse JSON or YAML. Raises yaml.YAMLError, also if it is not an object."""
        root, has_repeated_keys = read(raw)
        if not isinstance(root, dict):
            raise yaml.MarkedYAMLError(problem="a contract is an object")
        return cls(raw=raw, root=root, has_repeated_keys=has_repeated_keys)

    @cached_property
    def as_json(self) -> bytes:
        """The same document as JSON."""
        return orjson.dumps(self.root)

    @cached_property
    def etag(self) -> str:
        """A strong entity tag of the bytes (RFC 9110, section 8.8.3)."""
        return f'"{hashlib.sha256(self.raw).hexdigest()[:32]}"'

    @cached_property
    def places(self) -> Lines | None:
        """The lines of the file; None if its text is not known, or YAML cannot read it."""
        try:
            nodes = compose_any(self.raw)
        except yaml.YAMLError:
            return None
        return None if nodes is None else Places(nodes)

    def line(self, pointer: Pointer) -> int | None:
        """The line, from 1, of what *pointer* names, or of the last step to it that exists; None without lines."""
        return None if self.places is None else self.places.line(pointer)

    @cached_property
    def references(self) -> References:
        """The places of the document that a `$ref` may be in, and what each leads to."""
        return References(self.root)

    @property
    def is_3_1(self) -> bool:
        """Whether it is of OpenAPI 3.1, which the gate reads and the engine does not."""
        return self.references.is_3_1

    @property
    def node(self) -> Node:
        """The outermost object."""
        return Node((), self.root)

    @property
    def paths(self) -> dict[str, Node]:
        """The path items, by path, not followed and without extensions."""
        return {path: node for path, node in self.node.members("paths").items() if not path.startswith("x-")}

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Each operation, in the order of the file."""
        return tuple(self._operations())

    def written(self, kind: str) -> list[Node]:
        """The objects of *kind*, such as "operations", wherever they are written: in callbacks and components, too."""
        places = (place for place in self.references.places if place.kind == kind and place.reference is None)
        return [Node(place.pointer, place.node) for place in places]

    def operation(self, path: str, method: str) -> Operation | None:
        """The operation at that place, or None."""
        return self._by_place.get((path, method))

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Operation]:
        return {(operation.path, operation.method): operation for operation in self.operations}

    def resource_of(self, operation: Operation) -> Operation | None:
        """The GET of what *operation* is about: at its own path; for an action, one segment above.

        An action is a POST at a path that has no GET. A part without a GET, such as a password, has no version.
        """
        found = self.operation(operation.path, "get")
        if found is None and operation.method == "post":
            return self.operation(operation.path.rpartition("/")[0], "get")
        return found

    def target_of(self, operation: Operation) -> Operation | None:
        """The GET of what *operation* changes. A POST at a path that has a GET creates something: it has no target."""
        found = self.resource_of(operation)
        return None if found and operation.method == "post" and found.path == operation.path else found

    def follow(self, node: Node) -> Node:
        """*node*, or what its `$ref` leads to in the end; an empty object if the reference is broken."""
        if not isinstance(node.get("$ref"), str):
            return node
        if node.pointer in self._broken:
            return Node(node.pointer, {})
        return Node(*self.references.end(node.value))

    def whole(self, schema: Node) -> Node:
        """As `follow`, but only as far as a schema of OpenAPI 3.1 that says more beside its `$ref`."""
        if not isinstance(schema.get("$ref"), str) or schema.pointer in self._broken:
            return self.follow(schema)
        return Node(*self.references.whole(schema.value, schema.pointer))

    def referred(self, schema: Node) -> list[Node]:
        """What the `$ref` of *schema* leads to, if *schema* says more beside it."""
        is_more = self.references.is_more(schema.value) and schema.pointer not in self._broken
        return [Node(*self.references.find(str(schema.get("$ref"))))] if is_more else []

    @cached_property
    def _broken(self) -> set[Pointer]:
        """The places of references that lead to nothing that belongs there."""
        return {broken.pointer for broken in self.references.broken if broken.why != "endless"}

    def is_sound(self, operation: Operation) -> bool:
        """Whether all references that *operation* needs can be followed."""
        nodes = (operation.node, *operation.item.items("parameters"))
        return all(self.references.is_sound(node.value) for node in nodes)

    def parts(self, schema: Node) -> Iterator[Node]:
        """*schema* with its `$ref`s followed, and the parts of its `allOf`: all of them hold for one value."""
        seen: set[Pointer] = set()
        open_nodes = [schema]
        while open_nodes:
            node = self.whole(open_nodes.pop())
            if node.pointer not in seen:
                seen.add(node.pointer)
                yield node
                open_nodes += node.items("allOf")
                open_nodes += self.referred(node)

    def properties(self, schema: Node) -> dict[str, Node]:
        """The properties of *schema* and of the parts of its `allOf`, followed."""
        found = {name: node for part in self.parts(schema) for name, node in part.members("properties").items()}
        return {name: self.follow(node) for name, node in found.items()}

    def required(self, schema: Node) -> set[str]:
        """The names that *schema* and the parts of its `allOf` require."""
        named = [part.get("required") for part in self.parts(schema)]
        return {str(name) for names in named if isinstance(names, list) for name in names}

    def json_schema(self, message: Node | None) -> Node:
        """The schema of the first JSON content of *message*, a body or a response; not followed, empty if none."""
        content = message.members("content") if message else {}
        return next((media.at("schema") for name, media in content.items() if is_json(name)), NOTHING)

    def _operations(self) -> Iterator[Operation]:
        for path, given in self.paths.items():
            item = self.follow(given)
            for method in (key for key in item.value if key in METHODS and isinstance(item.value[key], dict)):
                node = item.at(method)
                written = (*item.items("parameters"), *node.items("parameters"))
                yield Operation(
                    path=path,
                    method=method,
                    node=node,
                    item=item,
                    parameters=tuple({key_of(p): p for p in map(self.follow, written)}.values()),
                    body=self.follow(node.at("requestBody")) if "requestBody" in node.value else None,
                    responses=self._responses(node),
                    security=node.value.get("security", self.root.get("security")),
                )

    def _responses(self, operation: Node) -> Mapping[str, Node]:
        responses = operation.members("responses").items()
        return {status: self.follow(response) for status, response in responses if not status.startswith("x-")}

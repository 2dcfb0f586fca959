"""A contract as the rules look at it: the reader's document, its schemas by use, and what is around the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from tickbox_contract.openapi.compositions import Compositions
from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.nodes import Node
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.places import Lines
from tickbox_contract.openapi.rules import Hit
from tickbox_contract.openapi.schemas import Direction, SchemaCompiler
from tickbox_contract.openapi.uses import Message, Origin, SchemaUse, messages_of, reach

from .live.clients.attempts import Attempts, Outcome
from .live.servers import Server
from .progress import Progress, silent
from .several_files import Joined, file_of
from .texts import Text


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is not in the file. If a part of it is not known, the rule about it is not checked.

    `handlers` returns whether a tag has a handler for an operationId. `stale_models` returns the names of generated
    modules that do not match the contract, or raises NotCheckableError. `access_words` are the values that the members
    of `x-access`, by name, may have. `compare` returns what breaks clients of released contracts, by rule. `server` is
    the one that is asked. `clients` are tried. `progress` sees each rule before it is checked.
    """

    handlers: Callable[[str, str], bool] | None = None
    stale_models: Callable[[], list[str]] | None = None
    access_words: Mapping[str, Collection[str]] | None = None
    compare: Callable[[Contract], Mapping[str, list[Hit]]] | None = None
    server: Server | None = None
    clients: Attempts | None = None
    progress: Progress = silent


@dataclass(frozen=True)
class Contract(Document):
    """A document with its surroundings. A reference that is broken leads to an empty object; a rule reports it."""

    is_broad: ClassVar[bool] = True

    text: Text | None = None
    joined: Joined = field(default_factory=Joined)
    further: Mapping[str, Text] = field(default_factory=dict)
    """The other files that it refers to, by their paths from its folder; see `several_files`."""
    surroundings: Surroundings = field(default_factory=Surroundings)
    spellings: Mapping[Pointer, str] = field(default_factory=dict)
    """How the last step of a place is written in the file, if it is misspelled there."""
    join_further: Callable[[dict[str, Any]], None] = lambda _: None
    """Joins the files that references below a misspelled name lead to; see `several_files`."""

    @cached_property
    def places(self) -> Lines | None:
        """The lines of the first file."""
        return self.text.lines if self.text else super().places

    def line(self, pointer: Pointer) -> int | None:
        """The line of what *pointer* names, in the file that has it."""
        if self.spellings:
            pointer = tuple(self.spellings.get(pointer[:n], step) for n, step in enumerate(pointer, start=1))
        name, inner = file_of(pointer)
        return super().line(pointer) if name is None else self.further[name].lines.line(inner)

    @cached_property
    def compiler(self) -> SchemaCompiler:
        """Makes validators of the contract's schemas."""
        return SchemaCompiler(self.references)

    @property
    def compositions(self) -> Compositions:
        """What several schemas say of one value."""
        return self.compiler.compositions

    def path_of(self, pointer: Pointer) -> str | None:
        """The path whose operations *pointer* is in; None if it is elsewhere. A path item may be in another file."""
        if pointer[:1] == ("paths",) and len(pointer) > 1:
            return str(pointer[1])
        return next((self._items[pointer[:n]] for n in range(len(pointer), 0, -1) if pointer[:n] in self._items), None)

    @cached_property
    def _items(self) -> Mapping[Pointer, str]:
        """The path of each path item, by its place."""
        return {operation.item.pointer: operation.path for operation in self.operations}

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """All that has a schema, and examples beside it, as the operations use it."""
        return tuple(message for operation in self.operations for message in messages_of(self, operation))

    @cached_property
    def written_messages(self) -> tuple[Message, ...]:
        """All that has a schema, and examples beside it, once each; also in webhooks, callbacks and unused components.

        What is inside a request body or a parameter is of a request, and all else of a response.
        """
        kinds = {place.pointer: place.kind for place in self.references.places}
        return tuple(
            Message(Node(place.pointer, place.node), _direction(place.pointer, kinds), _ORIGINS[place.kind])
            for place in self.references.places
            if place.kind in _ORIGINS and place.reference is None
        )

    @cached_property
    def schemas(self) -> tuple[SchemaUse, ...]:
        """Each schema, once for each way in which an operation uses it; then those that nothing uses."""
        return tuple(self._reached(self.messages))

    @property
    def written_schemas(self) -> Iterator[SchemaUse]:
        """As `schemas`, also as webhooks, callbacks and unused components use them. It is not kept."""
        return self._reached(self.written_messages)

    def _reached(self, messages: Iterable[Message]) -> Iterator[SchemaUse]:
        pointers: set[Pointer] = set()
        for use in reach(self, (message.schema for message in messages if "schema" in message.node.value)):
            pointers.add(use.node.pointer)
            yield use
        unused = [
            SchemaUse(node=node, direction="request", origin="unused", role="component")
            for node in self.node.at("components").members("schemas").values()
            if node.pointer not in pointers
        ]
        yield from (use for use in reach(self, unused) if use.node.pointer not in pointers)

    @cached_property
    def compared(self) -> Mapping[str, list[Hit]] | None:
        """What breaks clients of released contracts, by the ids of rules; None if no release is known."""
        return self.surroundings.compare(self) if self.surroundings.compare else None

    @cached_property
    def tried_clients(self) -> tuple[Outcome, ...]:
        """How far each client came that is to be generated, compiled and driven."""
        return self.surroundings.clients.outcomes(self.operations) if self.surroundings.clients else ()

    def is_single(self, response: Node) -> bool:
        """Whether *response* returns a single resource with a version: an object that requires `revision`.

        One that may be null is that of a change, such as a batch, which need not change anything.
        """
        schema = self.json_schema(response)
        version = self.properties(schema).get("revision") if "revision" in self.required(schema) else None
        return version is not None and version.get("nullable") is not True

    def is_page(self, operation: Operation) -> bool:
        """Whether *operation* lists: a GET whose response 200 is an object that has a list of `items`."""
        response = operation.responses.get("200")
        items = self.properties(self.json_schema(response)).get("items") if operation.method == "get" else None
        return items is not None and items.get("type") == "array"


_ORIGINS: Mapping[str, Origin] = {"parameters": "parameter", "headers": "header", "media types": "body"}
"""The kinds of objects that have schemas, and examples beside them."""


def _direction(pointer: Pointer, kinds: Mapping[Pointer, str]) -> Direction:
    """That of the request or response that is around *pointer*; of a header that is a component, a response."""
    around = {kinds.get(pointer[:length]) for length in range(len(pointer), 0, -1)}
    return "response" if around.isdisjoint({"parameters", "requestBodies"}) else "request"

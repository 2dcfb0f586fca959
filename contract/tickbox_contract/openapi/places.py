"""Lines: where in the file each part of a contract is. They are only read when a message needs them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import yaml

from .files import compose
from .objects import Pointer

MAX_HEIGHT = 100
"""How deep a file may be nested, with aliases written out."""
MERGE = "tag:yaml.org,2002:merge"

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")

_Place = tuple[int, yaml.Node]
"""A line, from 1, and the node at it."""


def compose_any(raw: bytes) -> yaml.Node | None:
    """The YAML nodes of a contract in YAML or JSON; None if it is empty. Raises yaml.YAMLError.

    JSON is YAML except for tabs between its parts and pairs of surrogates. Here only its lines and keys matter.
    """
    is_json = raw.lstrip().startswith(b"{")
    return compose(_SURROGATE.sub(rb"\\u0020", raw.replace(b"\t", b" ")) if is_json else raw, max_depth=MAX_HEIGHT)


class Lines(Protocol):
    """Where in a file each part of its data is."""

    def line(self, pointer: Pointer) -> int:
        """The line, from 1, of the key or item that *pointer* names, or of the last step to it that exists."""
        ...

    def repeated_keys(self) -> Iterator[Pointer]:
        """The place of each key that its object has more than once."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """The lines of one file, from its YAML nodes."""

    root: yaml.Node
    known: dict[int, dict[str, _Place]] = field(default_factory=dict)
    """The keys of the objects that were looked at: many messages are about few large objects."""

    def line(self, pointer: Pointer) -> int:
        """The line, from 1, of the key or item that *pointer* names, or of the last step to it that exists."""
        node, line = self.root, 1
        for step in pointer:
            found = self._step(node, step)
            if found is None:
                break
            line, node = found
        return line

    def _step(self, node: yaml.Node, step: str | int) -> _Place | None:
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self.known:
                self.known[id(node)] = _keys(node)
            return self.known[id(node)].get(str(step))
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            return node.value[step].start_mark.line + 1, node.value[step]
        return None

    def repeated_keys(self) -> Iterator[Pointer]:
        """The place of each key that its object has more than once."""
        seen: set[int] = set()
        open_nodes: list[tuple[Pointer, yaml.Node]] = [((), self.root)]
        while open_nodes:
            pointer, node = open_nodes.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                counted = Counter(key.value for key, _ in node.value if key.tag != MERGE)
                yield from ((*pointer, name) for name, times in counted.items() if times > 1)
                open_nodes += [((*pointer, key.value), value) for key, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                open_nodes += [((*pointer, i), item) for i, item in enumerate(node.value)]


def _keys(node: yaml.MappingNode) -> dict[str, _Place]:
    """The keys of *node*: of repeated keys the last one, which is the one that is read; then merged keys."""
    own = {key.value: (key.start_mark.line + 1, value) for key, value in node.value}
    for key, value in node.value:
        if key.tag == MERGE:
            for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                own = {**_keys(merged), **own}
    return own

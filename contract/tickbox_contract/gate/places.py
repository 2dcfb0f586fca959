"""The file that a contract is: where each part of it stands, and what no contract may be.

YAML can say what JSON cannot: endless structures, a few lines that unfold into gigabytes, sets and binaries. All of
this is found on the YAML nodes, before anything is made of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from tickbox_contract.openapi.files import compose, is_finite, load

from .findings import Pointer

MAX_NODES = 2_000_000
"""What a file may unfold to, aliases written out. The largest published contracts have some 500,000."""
MAX_HEIGHT = 100
"""How deep a file may be nested, aliases written out."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_MERGE = "tag:yaml.org,2002:merge"
_FLOAT = "tag:yaml.org,2002:float"
_JSON_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "merge")}


_Place = tuple[int, yaml.Node]
"""A line, from 1, and what stands there."""


class UnreadableError(Exception):
    """The file is no contract that could be looked at. The text is one line, and says what to do."""


@dataclass(frozen=True, slots=True)
class Places:
    """Lines of a file."""

    root: yaml.Node
    known: dict[int, dict[str, _Place]] = field(default_factory=dict)
    """The keys of the objects that lines were asked of: many findings are in few large objects."""

    def line(self, pointer: Pointer) -> int:
        """The line of the key or item that *pointer* names, or of the last step to it that is there; from 1."""
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
        """Where a key stands that its object has had before."""
        seen: set[int] = set()
        open_nodes: list[tuple[Pointer, yaml.Node]] = [((), self.root)]
        while open_nodes:
            pointer, node = open_nodes.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                counted = Counter(key.value for key, _ in node.value if key.tag != _MERGE)
                yield from ((*pointer, name) for name, times in counted.items() if times > 1)
                open_nodes += [((*pointer, key.value), value) for key, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                open_nodes += [((*pointer, i), item) for i, item in enumerate(node.value)]


def read(raw: bytes) -> tuple[dict[str, Any], Places]:
    """The contract in *raw* as plain data, and its places. Raises UnreadableError."""
    try:
        node = compose(_as_yaml(raw), max_depth=MAX_HEIGHT)
        if node is not None:
            _Measure().check(node)
        root = load(raw)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableError(f"line {line} is no YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableError("this is no YAML in UTF-8") from error
    version = root.get("openapi") if isinstance(root, dict) else None
    if node is None or not isinstance(version, str):
        raise UnreadableError("this is no OpenAPI contract: it has no `openapi: 3.0.4`")
    if not version.startswith("3.0."):
        raise UnreadableError("the gate reads OpenAPI 3.0, and this says another version: bring a 3.0 file")
    return root, Places(node)


def _as_yaml(raw: bytes) -> bytes:
    """JSON is YAML but for tabs between its parts, and pairs of surrogates. Only its lines and keys are wanted here."""
    return _SURROGATE.sub(rb"\\u0020", raw.replace(b"\t", b" ")) if raw.lstrip().startswith(b"{") else raw


def _keys(node: yaml.MappingNode) -> dict[str, _Place]:
    """The keys of *node*: the last of repeated ones, as they are read; and what is merged in, where it has no other."""
    own = {key.value: (key.start_mark.line + 1, value) for key, value in node.value}
    for key, value in node.value:
        if key.tag == _MERGE:
            for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                own = {**_keys(merged), **own}
    return own


@dataclass(frozen=True, slots=True)
class _Measure:
    """What nodes unfold to. Each is measured once, so an alias costs nothing however often it is used."""

    known: dict[int, tuple[int, int]] = field(default_factory=dict)
    within: set[int] = field(default_factory=set)

    def check(self, node: yaml.Node) -> tuple[int, int]:
        """How many nodes *node* unfolds to, and how many levels. Raises UnreadableError for what is no JSON."""
        if id(node) in self.known:
            return self.known[id(node)]
        line = node.start_mark.line + 1
        if id(node) in self.within:
            raise UnreadableError(f"line {line} has an anchor that contains itself: write it out")
        if node.tag not in _JSON_TAGS:
            raise UnreadableError(f"line {line} has the YAML tag {node.tag}, which JSON does not have: use another")
        if node.tag == _FLOAT and isinstance(node, yaml.ScalarNode) and not is_finite(node):
            raise UnreadableError(f"line {line} has a number that JSON does not have: use another")
        self.within.add(id(node))
        measured = [self.check(part) for part in _parts(node)]
        self.within.discard(id(node))
        size, height = 1 + sum(size for size, _ in measured), 1 + max((height for _, height in measured), default=0)
        if size > MAX_NODES or height > MAX_HEIGHT:
            raise UnreadableError(f"line {line} unfolds to more than a contract holds: write its anchors out")
        self.known[id(node)] = size, height
        return size, height


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadableError(f"line {key.start_mark.line + 1} has a key that is no text: write one")
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []

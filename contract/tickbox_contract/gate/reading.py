"""Reads a file that may not be a contract at all, and refuses what would do harm.

YAML can express what JSON cannot: endless structures, a few lines that unfold into gigabytes, sets and binaries. All of
this is found on the YAML nodes, before any data is made of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from tickbox_contract.openapi import files
from tickbox_contract.openapi.places import MAX_HEIGHT, compose_any

from .contracts import Contract, Surroundings

MAX_NODES = 2_000_000
"""How many nodes a file may unfold to, with aliases written out. The largest published contracts have some 500,000."""

_NO_VERSION = "this is not an OpenAPI contract: it has no `openapi: 3.0.4` or other version"
_FLOAT = "tag:yaml.org,2002:float"
_JSON_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "merge")}


class UnreadableError(Exception):
    """The file is not a contract that could be checked. The text is one line, and says what to do."""


def read(raw: bytes, surroundings: Surroundings | None = None) -> Contract:
    """The contract in *raw*. Raises UnreadableError."""
    try:
        nodes = compose_any(raw)
        if nodes is not None:
            _Measure().check(nodes)
        root, has_repeated_keys = files.read(raw)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableError(f"line {line} is not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableError("this is not YAML in UTF-8") from error
    if nodes is None or not isinstance(root, dict):
        raise UnreadableError(_NO_VERSION)
    _require_version(root)
    return Contract(raw, root, has_repeated_keys, nodes, surroundings or Surroundings())


def _require_version(root: dict[str, Any]) -> None:
    version = root.get("openapi")
    if str(root.get("swagger")) == "2.0" and version is None:
        raise UnreadableError("this is Swagger 2.0: the gate reads OpenAPI 3.0 and 3.1")
    if not isinstance(version, str):
        raise UnreadableError(_NO_VERSION)
    if not version.startswith(("3.0.", "3.1.")):
        raise UnreadableError("the gate reads OpenAPI 3.0 and 3.1, and this file has another version")


@dataclass(frozen=True, slots=True)
class _Measure:
    """How large nodes are when unfolded. Each is measured once, so an alias costs nothing however often it is used."""

    known: dict[int, tuple[int, int]] = field(default_factory=dict)
    within: set[int] = field(default_factory=set)

    def check(self, node: yaml.Node) -> tuple[int, int]:
        """How many nodes *node* unfolds to, and how many levels. Raises UnreadableError for what JSON does not have."""
        if id(node) in self.known:
            return self.known[id(node)]
        line = node.start_mark.line + 1
        if id(node) in self.within:
            raise UnreadableError(f"line {line} has an anchor that contains itself: write it out")
        _require_json(node, line)
        self.within.add(id(node))
        measured = [self.check(part) for part in _parts(node)]
        self.within.discard(id(node))
        size, height = 1 + sum(size for size, _ in measured), 1 + max((height for _, height in measured), default=0)
        if size > MAX_NODES or height > MAX_HEIGHT:
            raise UnreadableError(f"line {line} unfolds to more than a contract can have: write its anchors out")
        self.known[id(node)] = size, height
        return size, height


def _require_json(node: yaml.Node, line: int) -> None:
    if node.tag not in _JSON_TAGS:
        raise UnreadableError(f"line {line} has the YAML tag {node.tag}, which JSON does not have: use another one")
    if node.tag == _FLOAT and isinstance(node, yaml.ScalarNode) and not files.is_finite(node):
        raise UnreadableError(f"line {line} has a number that JSON does not have: use another one")


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadableError(f"line {key.start_mark.line + 1} has a key that is not a text: use a text")
        return [value for _, value in node.value]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []

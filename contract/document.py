"""The contract as a file: its bytes, its parsed form, and its operations.

It is read as YAML into plain data (Connexion would render a path through Jinja2) and is served as the very
bytes that were read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import orjson
import yaml

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C only where it was built
    """YAML without timestamps: `2026-01-31` in an example stays the text it is in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _with_text_keys(node: Any) -> Any:  # YAML
    """*node* with the keys that it has in JSON: an unquoted status of an answer is a number in YAML."""
    if isinstance(node, dict):
        return {str(key): _with_text_keys(value) for key, value in node.items()}
    return [_with_text_keys(item) for item in node] if isinstance(node, list) else node


def compose(raw: bytes, *, max_depth: int) -> yaml.Node | None:
    """The YAML nodes of *raw*, which know their lines; None where there are none. Raises yaml.YAMLError.

    It is also raised where *raw* is nested deeper than *max_depth*: composing recurses in C, where 100,000 brackets
    end the process.
    """
    depth = 0
    for event in yaml.parse(raw, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > max_depth:
            mark: Any = event.start_mark  # the C parser's, which the stubs do not know here
            raise yaml.MarkedYAMLError(problem="it is nested too deep", problem_mark=mark)
    return yaml.compose(raw, Loader=_Loader)


@dataclass(frozen=True)
class OperationSource:
    """One operation as it stands in the contract, with its path's own parameters added once."""

    path: str
    method: str
    node: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]

    @property
    def operation_id(self) -> str:
        """The operationId, or the place of the operation where it has none."""
        return str(self.node.get("operationId") or f"{self.method.upper()} {self.path}")


@dataclass(frozen=True)
class Document:
    """An OpenAPI 3.0 document: `raw` as it was read, `root` as plain data."""

    raw: bytes
    root: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read the YAML (or JSON) file at *path*. Raises OSError, yaml.YAMLError."""
        return cls.parse(path.read_bytes())

    @classmethod
    def parse(cls, raw: bytes) -> Document:
        """Parse JSON or YAML. Raises yaml.YAMLError."""
        try:
            # JSON first: as YAML, its tabs would be refused and its surrogate pairs be read as two characters.
            root = orjson.loads(raw)
        except orjson.JSONDecodeError:
            # A loader derived from yaml.SafeLoader: it makes no Python objects.
            root = yaml.load(raw, Loader=_Loader)  # noqa: S506
        return cls(raw=raw, root=_with_text_keys(root))

    @cached_property
    def as_json(self) -> bytes:
        """The same document as JSON."""
        return orjson.dumps(self.root)

    @cached_property
    def etag(self) -> str:
        """A strong entity tag of the bytes (RFC 9110, section 8.8.3)."""
        return f'"{hashlib.sha256(self.raw).hexdigest()[:32]}"'

    @property
    def security_schemes(self) -> Mapping[str, Any]:
        """The named security schemes of the components."""
        return cast("Mapping[str, Any]", self.root.get("components", {}).get("securitySchemes", {}))

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """*node* itself, or what its `$ref` points to, followed to the end. Raises KeyError where there is nothing."""
        while "$ref" in node:
            target: Any = self.root
            for token in str(node["$ref"]).removeprefix("#/").split("/"):
                target = target[token.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def broken_references(self) -> Iterator[str]:
        """Each `$ref` that leads nowhere, and each property that is `readOnly` or `writeOnly` behind one, in words."""
        for node in _objects(self.root):
            if isinstance(node.get("$ref"), str) and not self._leads_somewhere(node):
                yield f"{node['$ref']} leads nowhere"
            properties = node.get("properties")
            for name, sub in properties.items() if isinstance(properties, dict) else ():
                if isinstance(sub, dict) and "$ref" in sub and self._leads_somewhere(sub):
                    hidden = {"readOnly", "writeOnly"} & set(self.resolve(sub))
                    yield from (f"property {name!r} is {word} behind a $ref, which is not supported" for word in hidden)

    def _leads_somewhere(self, node: Mapping[str, Any]) -> bool:
        try:
            return isinstance(self.resolve(node), dict)
        except (KeyError, TypeError):
            return False

    def operations(self) -> Iterator[OperationSource]:
        """Each operation, in the order of the file. Its own parameters replace its path's of that name and place."""
        for path, item in self.root.get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    node = item[method]
                    merged = {
                        (resolved["name"], resolved["in"]): resolved
                        for given in (*item.get("parameters", ()), *node.get("parameters", ()))
                        for resolved in (self.resolve(given),)
                    }
                    yield OperationSource(path, method, node, tuple(merged.values()))


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from _objects(value)

"""The contract as a file: its bytes, its parsed form, and its operations.

It is read into plain data by `files` (Connexion would render a path through Jinja2, and read YAML 1.1) and is served as
the very bytes that were read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import yaml

from .files import read
from .forms import form_faults
from .objects import METHODS, fragment
from .references import References, UnresolvedReferenceError

_BODILESS_METHODS = frozenset({"get", "head", "delete", "trace"})
"""A body has no meaning in a request of these (RFC 9110, sections 9.3.1, 9.3.2, 9.3.5 and 9.3.8)."""


@dataclass(frozen=True)
class OperationSource:
    """One operation as it stands in the contract, with its path's own parameters added once."""

    path: str
    method: str
    node: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    item: Mapping[str, Any]
    """The path that it is in, followed."""
    repeated: tuple[str, ...]
    """Parameters that the path or the operation declares twice, in words."""
    is_complete: bool = True
    """Whether all its parameters were found."""

    @property
    def operation_id(self) -> str:
        """The operationId, or the place of the operation where it has none."""
        return str(self.node.get("operationId") or f"{self.method.upper()} {self.path}")


@dataclass(frozen=True)
class Document:
    """An OpenAPI 3.0 document: `raw` as it was read, `root` as plain data."""

    raw: bytes
    root: dict[str, Any]
    repeated_keys: tuple[str, ...] = ()
    """A sentence for each key that an object of the text has twice."""

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read the YAML (or JSON) file at *path*. Raises OSError, yaml.YAMLError."""
        return cls.parse(path.read_bytes())

    @classmethod
    def parse(cls, raw: bytes) -> Document:
        """Parse JSON or YAML. Raises yaml.YAMLError, also where it is not an object."""
        root, repeated = read(raw)
        if not isinstance(root, dict):
            raise yaml.MarkedYAMLError(problem="a contract is an object")
        return cls(raw=raw, root=root, repeated_keys=repeated)

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
        """The named security schemes of the components, followed; without those that cannot be."""
        given = self.root.get("components", {}).get("securitySchemes", {})
        followed = {name: self._followed(scheme) for name, scheme in given.items()}
        return {name: scheme for name, scheme in followed.items() if scheme is not None}

    @cached_property
    def references(self) -> References:
        """The places of the document that a `$ref` may be in, and what each leads to."""
        return References(self.root)

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """*node* itself, or what its `$ref` leads to in the end. Raises UnresolvedReferenceError."""
        return self.references.follow(node)

    def form_faults(self) -> Iterator[str]:
        """All in which the document has not OpenAPI's form, in words and with its place."""
        yield from self.repeated_keys
        for pointer, message in form_faults(self.references):
            yield f"{fragment(pointer)}: {message}"

    def broken_references(self) -> Iterator[str]:
        """Each `$ref` that cannot be followed, and each schema that never ends, in words and with its place."""
        for pointer, message, _ in self.references.broken:
            yield f"{message} (at {fragment(pointer)})"

    def is_sound(self, source: OperationSource) -> bool:
        """Whether all references that the operation needs can be followed."""
        nodes = (source.item[source.method], *source.parameters)
        return source.is_complete and all(self.references.is_sound(node) for node in nodes)

    def operations(self) -> Iterator[OperationSource]:
        """Each operation, in the order of the file. Its own parameters replace its path's of that name and place.

        A path that cannot be followed has none; a parameter that cannot is left out, and the operation not complete.
        """
        for path, given in self.root.get("paths", {}).items():
            item = None if path.startswith("x-") else self._followed(given)
            for method in METHODS:
                if item is not None and method in item:
                    yield self._operation(path, method, item)

    def _operation(self, path: str, method: str, item: Mapping[str, Any]) -> OperationSource:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        repeated: list[str] = []
        is_complete = True
        for holder, called in ((item, "its path declares"), (item[method], "it declares")):
            seen: set[tuple[str, str]] = set()
            for node in map(self._followed, holder.get("parameters", ())):
                if node is None:
                    is_complete = False
                    continue
                place, name = node["in"], node["name"]
                key = (place, name.lower() if place == "header" else name)
                repeated += [f"{called} the {place} parameter {name!r} twice"] if key in seen else []
                seen.add(key)
                found[key] = node
        parameters = tuple(found.values())
        node = _with_body_of_meaning(method, item[method])
        return OperationSource(path, method, node, parameters, item, tuple(repeated), is_complete=is_complete)

    def _followed(self, node: Mapping[str, Any]) -> Mapping[str, Any] | None:
        try:
            return self.resolve(node)
        except UnresolvedReferenceError:
            return None


def _with_body_of_meaning(method: str, node: Mapping[str, Any]) -> Mapping[str, Any]:
    """*node* without a request body that OpenAPI ignores (3.0.4, Operation Object, `requestBody`)."""
    if method not in _BODILESS_METHODS or "requestBody" not in node:
        return node
    return {name: value for name, value in node.items() if name != "requestBody"}

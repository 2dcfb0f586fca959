"""Servers: under which addresses clients find the operations. The engine serves the paths as they are written.

An address alone has no effect. One with a path would be put before the paths, which the engine does not do.

Source: OpenAPI 3.0.4, "Server Object", "Server Variable Object".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tickbox_contract.openapi.document import Document


def server_faults(document: Document) -> Iterator[str]:
    """Each server of the document, of a path or of an operation that has a path, or is not an address, in words."""
    yield from _faults(document.root, "the server")
    paths: set[str] = set()
    for source in document.operations():
        if source.path not in paths:
            paths.add(source.path)
            yield from _faults(source.item, f"{source.path}: its server")
        yield from _faults(source.node, f"{source.operation_id}: its server")


def _faults(holder: Mapping[str, Any], called: str) -> Iterator[str]:
    for server in holder.get("servers", ()):
        try:
            has_path = bool(urlsplit(_url(server)).path.rstrip("/"))
        except ValueError:
            yield f"{called} {server['url']} is not an address"
        else:
            if has_path:
                yield f"{called} {server['url']} has a path: write it into the paths"


def _url(server: Mapping[str, Any]) -> str:
    """Its URL with the defaults of its variables."""
    url: str = server["url"]
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", str(variable["default"]))
    return url

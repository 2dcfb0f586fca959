"""Paths that the engine cannot match.

A segment is a literal or one parameter, and two paths differ in more than the names of their parameters.

Source: OpenAPI 3.0.4, "Paths Object", "Path Templating".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from tickbox_contract.openapi.document import Document
from tickbox_contract.openapi.rules import Hit

_SEGMENT = re.compile(r"\{[^{}]+\}|[^{}]+")
_IN_BRACES = re.compile(r"\{([^{}]+)\}")


def path_faults(path: str) -> Iterator[str]:
    """What is wrong with the path of an operation."""
    for segment in path.split("/"):
        if segment and not _SEGMENT.fullmatch(segment):
            yield f"the path segment {segment!r} mixes text and parameter, which is not supported"
    if "?" in path or "#" in path:
        yield "the path has a query or a fragment, which is not supported"


def same_paths(document: Document) -> Iterator[Hit]:
    """Each path that is the same as one before it."""
    seen: dict[tuple[str, ...], str] = {}
    for path, item in document.paths.items():
        segments = _IN_BRACES.sub("{}", path).split("/")
        other = seen.setdefault(tuple(map(unquote, segments)), path)
        if other != path:
            yield Hit(item.pointer, f"{path}: this is the same path as {other}")

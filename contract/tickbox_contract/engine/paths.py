"""Paths as a contract writes them: what cannot be matched, in words.

A segment is a literal or one parameter, and two paths differ in more than the names of their parameters.

Source: OpenAPI 3.0.4, "Paths Object", "Path Templating".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

_SEGMENT = re.compile(r"\{[^{}]+\}|[^{}]+")
_IN_BRACES = re.compile(r"\{([^{}]+)\}")


def path_faults(path: str, declared: set[str]) -> Iterator[str]:
    """What is wrong with *path*. *declared* are the names of the path parameters of an operation at it."""
    for segment in path.split("/"):
        if segment and not _SEGMENT.fullmatch(segment):
            yield f"the path segment {segment!r} mixes text and parameter, which is not supported"
    if "?" in path or "#" in path:
        yield "the path has a query or a fragment, which is not supported"
    names = _IN_BRACES.findall(path)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the path has the parameter {name!r} twice"
    if set(names) != declared:
        yield f"path and path parameters differ: {', '.join(sorted(set(names) ^ declared))}"


def same_paths(paths: Iterable[str]) -> Iterator[str]:
    """Each of *paths* that is the same as one before it."""
    seen: dict[tuple[str, ...], str] = {}
    for path in paths:
        segments = _IN_BRACES.sub("{}", path).split("/")
        other = seen.setdefault(tuple(map(unquote, segments)), path)
        if other != path:
            yield f"{path}: the same path as {other}"

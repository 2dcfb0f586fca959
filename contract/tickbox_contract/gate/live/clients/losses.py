"""Operations of the contract that a generator has left out, or says something about.

A generator that cannot express an operation often leaves it out, and succeeds. So each operationId is looked for in
what was generated, whatever the generator says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tickbox_contract.openapi.operations import Operation

_WORD = re.compile(r"[^\W\d]\w*")
_WARNING = re.compile(
    r"warn|skip|unsupported|not supported|omit|ignor|unable|could not|couldn't|cannot|can't|error", re.IGNORECASE
)
_CHATTER = re.compile(r"\b(INFO|DEBUG|TRACE)\b")
_NOT_CODE = frozenset({".json", ".yaml", ".yml", ".md", ".html", ".txt"})
"""A copy of the contract, or a page about it, has every operation."""
_LINES = 2
"""A warning, and its reason."""


class Loss(NamedTuple):
    """An operation that is not in what was generated; or one that is, of which the generator warns; with its words."""

    operation: Operation
    is_whole: bool
    lines: tuple[str, ...]


def losses(operations: Iterable[Operation], output: Path | None, printed: Sequence[str]) -> Iterator[Loss]:
    """What the generator lost of *operations*: it wrote *output*, if that is known, and *printed*."""
    names = _names(output) if output else None
    warnings = _warnings(printed)
    for operation in operations:
        words = _said(operation, warnings)
        name = operation.node.get("operationId")
        is_whole = names is None or not (isinstance(name, str) and name.isascii()) or _plain(name) in names
        if words or not is_whole:
            yield Loss(operation, is_whole, words)


def _names(output: Path) -> set[str]:
    """All names in the code in *output*, and of its files."""
    names: set[str] = set()
    for file in output.rglob("*"):
        if file.is_file() and file.suffix not in _NOT_CODE and not file.name.startswith("."):
            names.add(_plain(file.stem))
            names.update(map(_plain, _WORD.findall(file.read_text(encoding="utf-8", errors="replace"))))
    return names


def _plain(name: str) -> str:
    """*name* without case and separators: each language has its own."""
    return re.sub(r"[\W_]", "", name).lower()


def _warnings(printed: Sequence[str]) -> list[tuple[str, ...]]:
    """Each line that may be a warning, with the line after it, which explains it."""
    return [
        tuple(printed[number : number + _LINES])
        for number, line in enumerate(printed)
        if _WARNING.search(line) and not _CHATTER.search(line)
    ]


def _said(operation: Operation, warnings: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The first of *warnings* that names *operation*, whose name may itself sound like a warning."""
    path = re.escape(operation.path)
    names = [rf"\b{operation.method}\s+{path}(?![\w/{{-])"]
    name = operation.node.get("operationId")
    names += [rf"(?<![\w.-]){re.escape(name)}(?![\w-])"] if isinstance(name, str) else []
    pattern = re.compile("|".join(names), re.IGNORECASE)
    named = (lines for lines in warnings if pattern.search(lines[0]))
    return next((lines for lines in named if _WARNING.search(pattern.sub("", lines[0]))), ())

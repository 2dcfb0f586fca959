"""Writes the standard responses and headers that operations lack into the text of a contract (`gate --fix`).

Lines are inserted; no other line changes. Each is written as the file writes it elsewhere. An operation that is not in
block style, one key a line, is left as it is. What several operations share, by an anchor or a `$ref`, is fixed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import yaml

from tickbox_contract.openapi.operations import Operation
from tickbox_contract.openapi.places import compose_any
from tickbox_contract.openapi.servable import WELL_FORMED

from .contracts import Contract
from .reading import UnreadableError, read
from .standard import Standard


class Fixed(NamedTuple):
    """A contract with what was missing, and a line about each operation that lacked something."""

    raw: bytes
    notes: tuple[str, ...]


class _Insertion(NamedTuple):
    """Lines to be inserted before the line *at*, from 0. `note` says what they add."""

    at: int
    lines: list[str]
    note: str


def fix(raw: bytes) -> Fixed:
    """The contract in *raw*, with the standard responses and headers; as it is if its form is not OpenAPI's.

    Raises UnreadableError.
    """
    contract = read(raw)
    if any(WELL_FORMED.check(contract)):
        return Fixed(raw, ())
    try:
        lines = raw.decode().splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise UnreadableError("this is not YAML in UTF-8") from error
    writer = _Writer(contract, lines, Standard(contract))
    insertions: list[_Insertion] = []
    notes = []
    for operation in contract.operations:
        found = [each for each in writer.insertions(operation) if not _is_among(insertions, each)]
        insertions += found
        if found:
            notes.append(f"{operation.name}: {'; '.join(insertion.note for insertion in found)}")
    return Fixed("".join(_inserted(lines, insertions)).encode(), tuple(notes)) if insertions else Fixed(raw, ())


def _is_among(insertions: list[_Insertion], wanted: _Insertion) -> bool:
    """Whether lines are inserted already where *wanted* belongs: two operations share the place."""
    return any(insertion.at == wanted.at for insertion in insertions)


def _inserted(lines: list[str], insertions: list[_Insertion]) -> list[str]:
    """*lines* with the insertions, whose lines end as the first one does."""
    ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
    lines = [*lines[:-1], lines[-1] if lines[-1].endswith("\n") else f"{lines[-1]}{ending}"]
    in_order = sorted(insertions, key=lambda each: each.at)
    for insertion in reversed(in_order):  # from the end, so that those before keep their places
        lines[insertion.at : insertion.at] = [f"{line}{ending}" for line in insertion.lines]
    return lines


@dataclass(frozen=True)
class _Writer:
    contract: Contract
    lines: list[str]
    standard: Standard

    @cached_property
    def nodes(self) -> yaml.Node | None:
        """The YAML nodes of the contract."""
        return compose_any(self.contract.raw)

    def insertions(self, operation: Operation) -> Iterator[_Insertion]:
        """What *operation* lacks, in the order of the file."""
        responses = self._block(*(str(step) for step in operation.node.pointer), "responses")
        if responses is None:
            return
        for status, missing in self.standard.headers(operation).items():
            if (response := self._block(*responses.pointer, status)) is not None:
                yield from self._headers(response, missing, f"headers of {status}:")
        missing = self.standard.responses(operation)
        written = {status: f"{responses.quoted(status)}: {self._reference(ref)}" for status, ref in missing.items()}
        yield from responses.insert(written, order=int, note="responses")

    def _headers(self, response: _Block, missing: Mapping[str, str], note: str) -> Iterator[_Insertion]:
        names = sorted(missing, key=self.standard.order)
        written = {name: f"{name}: {self._reference(missing[name])}" for name in names}
        if "headers" not in response.keys:
            step = "  "
            lines = [f"{response.indent}headers:", *(f"{response.indent}{step}{line}" for line in written.values())]
            yield _Insertion(response.line_after("description"), lines, f"{note} {', '.join(written)}")
        elif (headers := self._block(*response.pointer, "headers")) is not None:
            yield from headers.insert(written, order=self.standard.order, note=note)

    def _reference(self, ref: str) -> str:
        """`{$ref: ...}`, in the words of the first line of the file that has it so."""
        for line in self.lines:
            value = line.partition(": ")[2].strip()
            if value.startswith("{") and value.endswith("}") and ref in value:
                return value
        return f"{{$ref: '{ref}'}}"

    def _block(self, *pointer: str) -> _Block | None:
        """The object at *pointer*; None if it is not in block style."""
        node = self.nodes
        for step in pointer:
            pairs = node.value if isinstance(node, yaml.MappingNode) else []
            node = next((value for key, value in pairs if key.value == step), None)
        if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
            return None
        return _Block(pointer, node, self.lines)


@dataclass(frozen=True)
class _Block:
    """An object in block style."""

    pointer: tuple[str, ...]
    node: yaml.MappingNode
    lines: list[str]

    @property
    def keys(self) -> list[str]:
        return [key.value for key, _ in self.node.value]

    @property
    def indent(self) -> str:
        return " " * int(self.node.value[0][0].start_mark.column)

    def quoted(self, key: str) -> str:
        """*key* with the quotes that other keys have."""
        mark = self.node.value[0][0].start_mark
        first = self.lines[mark.line][mark.column]
        return f"{first}{key}{first}" if first in "'\"" else f"'{key}'"

    def line_after(self, key: str) -> int:
        """The line after the value of *key*, or the first one of the object."""
        if key not in self.keys:
            return int(self.node.start_mark.line)
        return self._last_line(next(value for name, value in self.node.value if name.value == key)) + 1

    def insert(self, written: Mapping[str, str], *, order: Callable[[str], int], note: str) -> Iterator[_Insertion]:
        """Each of *written*, by its key, before the first key that comes after it in *order*; the others at the end."""
        places: dict[int, list[str]] = {}
        for key in sorted(written, key=order):
            later = [name for name, _ in self.node.value if name.value.isdecimal() == key.isdecimal()]
            at = next((name.start_mark.line for name in later if order(name.value) > order(key)), None)
            places.setdefault(self._last_line(self.node) + 1 if at is None else at, []).append(key)
        for at, keys in places.items():
            yield _Insertion(at, [f"{self.indent}{written[key]}" for key in keys], f"{note} {', '.join(keys)}")

    def _last_line(self, node: yaml.Node) -> int:
        """The last line of *node* that is not blank, from 0."""
        while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
            last = node.value[-1]
            node = last[1] if isinstance(last, tuple) else last
        line = node.end_mark.line
        if node.end_mark.column == 0 and line > node.start_mark.line:  # of a text in block style
            line -= 1
        while not self.lines[line].strip():
            line -= 1
        return int(line)

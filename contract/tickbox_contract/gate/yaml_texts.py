"""YAML as plain data with its lines, read in one pass, and refused before it can do harm.

YAML can express what JSON cannot: endless structures, a few lines that unfold into gigabytes, sets and binaries. All of
this is found while the events of the parser come in. No tree of nodes is built: it takes ten times the memory of the
data.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from tickbox_contract.openapi import files
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.places import MAX_HEIGHT
from tickbox_contract.openapi.rules import MOST_HITS

_MOST_ADDED = 2_000_000
"""How many nodes the aliases of a file may add to those that are written."""
MOST_NODES = 3_100_000
"""How many objects, lists, keys and values a file may have; of 31 published contracts none has more than 172,443."""
MAX_MEMBERS = 100_000
"""How many keys or items one object or list may have."""
_LONGEST_SHARED, _MOST_SHARED = 60, 50_000
"""How long a text can be that is kept once for all places, and how many such texts are remembered."""
_MAX_DIGITS = 100
_TAG = "tag:yaml.org,2002:"
_CONTAINERS = {_TAG + "map", _TAG + "seq"}
_SCALARS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "merge")}
_RESOLVERS = files.CoreLoader.yaml_implicit_resolvers


class UnreadableError(Exception):
    """The file is not a contract that could be checked. The text is one line, and says what to do."""


@dataclass(slots=True)
class YamlLines:
    """The line of each key and item of a text, in few numbers: a text of 30 MB has three million nodes.

    A *table* is the members of one object or list, in the order of its data, from an index of `lines` and `tables` on.
    For each member, `lines` has its line, and `tables` the index of its own table, if it is an object or a list.
    """

    root: Any = None
    first: int = 0
    """The table of the root."""
    lines: array[int] = field(default_factory=lambda: array("I"))
    tables: array[int] = field(default_factory=lambda: array("I"))
    repeated: list[Pointer] = field(default_factory=list)
    known: dict[int, dict[str, int]] = field(default_factory=dict)
    """The indexes of the keys of the objects that were looked at, by their tables."""

    def line(self, pointer: Pointer) -> int:
        """The line, from 1, of the key or item that *pointer* names, or of the last step to it that exists."""
        node, line, table = self.root, 1, self.first
        for step in pointer:
            found = None
            if isinstance(node, dict) and step in node:
                found = self._keys(table, node).get(str(step))
            elif isinstance(node, list) and isinstance(step, int) and step < len(node):
                found = table + step
            if found is None:
                break
            line, table, node = self.lines[found], self.tables[found], node[step]
        return line

    def _keys(self, table: int, node: dict[str, Any]) -> dict[str, int]:
        """The index of each key of *node*. A member that was added to the root since then has none."""
        if not node:
            return {}  # its table has nothing, and the next one begins at the same index
        if table not in self.known:
            self.known[table] = dict(zip(node, range(table, len(self.lines)), strict=False))
        return self.known[table]

    def repeated_keys(self) -> Iterator[Pointer]:
        """The place of each key that its object has more than once."""
        yield from self.repeated


class _Value(NamedTuple):
    """What an event is: its data and table, the nodes that it has with aliases written out, and its levels."""

    data: Any
    table: int = 0
    size: int = 1
    height: int = 1


class _Open:
    """An object or a list that is being read, and the members of it that are known."""

    __slots__ = (
        "anchor", "data", "height", "indexes", "is_merge", "is_object", "key", "key_line", "line", "lines", "merged",
        "size", "tables",
    )  # fmt: skip

    def __init__(self, data: Any, anchor: str | None, line: int) -> None:
        self.data = data
        self.is_object = isinstance(data, dict)
        self.anchor = anchor
        self.line = line
        self.lines: list[int] = []
        self.tables: list[int] = []
        self.indexes: dict[str, int] | None = None
        """The place of each key, from when one is repeated."""
        self.key: str | None = None
        self.key_line = 0
        self.is_merge = False
        self.merged: list[tuple[dict[str, Any], int]] = []
        self.size = self.height = 1


class YamlReader:
    """Reads one text of YAML 1.2, with merge keys, as `files` does."""

    def __init__(self, raw: bytes, *, most_nodes: int = MOST_NODES) -> None:
        self._raw = raw
        self._most = most_nodes
        self._nodes = 0
        self._open = [_Open([], None, 1)]
        """First the list of documents."""
        self._anchors: dict[str, _Value] = {}
        self._texts: dict[str, str] = {}
        """Short texts, each once: most keys, and many values, are there many times."""
        self._documents = 0
        self.lines = YamlLines()

    def read(self) -> Any:  # JSON
        """The data. Raises UnreadableError."""
        take = {
            yaml.ScalarEvent: self._scalar, yaml.MappingStartEvent: self._begin, yaml.MappingEndEvent: self._end,
            yaml.SequenceStartEvent: self._begin, yaml.SequenceEndEvent: self._end, yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }  # fmt: skip
        try:
            for event in yaml.parse(self._raw, Loader=files.CoreLoader):
                handle: Any = take.get(type(event))
                if handle is not None:
                    self._nodes += 1
                    if self._nodes == self._most:
                        raise UnreadableError(f"line {_line(event)} is more than a contract can have")
                    handle(event)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise UnreadableError(f"line {line} is not valid YAML: {error.problem}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise UnreadableError("this is not YAML in UTF-8") from error
        (documents,) = self._open
        self.lines.root = documents.data[0] if documents.data else None
        self.lines.first = documents.tables[0] if documents.data else 0
        return self.lines.root

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise UnreadableError(f"line {_line(event)} begins a second document: write one in a file")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        frame = self._open[-1]
        if frame.is_object and frame.key is None:
            value = self._shared(event.value)
            frame.key, frame.key_line = value, _line(event)
            frame.is_merge = value == "<<" and event.implicit[0]
        else:
            value = _value_of(event)
            if isinstance(value, str):
                value = self._shared(value)
            self._add(frame, _line(event), value)
        if event.anchor:
            self._anchors[event.anchor] = _Value(value)

    def _shared(self, text: str) -> str:
        if len(text) > _LONGEST_SHARED:
            return text
        known = self._texts
        return known.setdefault(text, text) if len(known) < _MOST_SHARED else known.get(text, text)

    def _begin(self, event: Any) -> None:
        line, frame = _line(event), self._open[-1]
        if frame.is_object and frame.key is None:
            raise UnreadableError(f"line {line} has a key that is not a text: use a text")
        if event.tag and event.tag not in _CONTAINERS:
            raise UnreadableError(_foreign(line, event.tag))
        if len(self._open) > MAX_HEIGHT:
            raise UnreadableError(f"line {line} is not valid YAML: it is nested too deep")
        data: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Open(data, event.anchor, line))

    def _end(self, _event: Any) -> None:
        frame = self._open.pop()
        if frame.merged:
            self._merge(frame)
        value = _Value(frame.data, len(self.lines.lines), frame.size, frame.height)
        self.lines.lines.extend(frame.lines)
        self.lines.tables.extend(frame.tables)
        if frame.anchor:
            self._anchors[frame.anchor] = value
        self._add(self._open[-1], frame.line, *value)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = _line(event)
        opened = next((each for each in self._open if each.anchor == event.anchor), None)
        if opened is not None:
            raise UnreadableError(f"line {opened.line} has an anchor that contains itself: write it out")
        if event.anchor not in self._anchors:
            raise UnreadableError(f"line {line} is not valid YAML: it refers to an anchor that is not there")
        value = self._anchors[event.anchor]
        frame = self._open[-1]
        if not frame.is_object or frame.key is not None:
            self._add(frame, line, *value)
        elif isinstance(value.data, str):
            frame.key, frame.key_line, frame.is_merge = value.data, line, False
        else:
            raise UnreadableError(f"line {line} has a key that is not a text: use a text")

    def _add(self, frame: _Open, line: int, data: Any, table: int = 0, size: int = 1, height: int = 1) -> None:  # noqa: PLR0913, PLR0917  # a _Value; without one, three million calls take half the time
        """Add a value to *frame*, the innermost object or list."""
        if len(frame.data) == MAX_MEMBERS:
            raise UnreadableError(f"line {line} is in an object or list of more than {MAX_MEMBERS:,}: divide it")
        frame.size += size
        if height >= frame.height:
            frame.height = height + 1
        if frame.size > _MOST_ADDED + self._nodes or len(self._open) + height > MAX_HEIGHT + 2:
            raise UnreadableError(f"line {line} unfolds to more than a contract can have: write its anchors out")
        key = frame.key
        if key is None:
            frame.data.append(data)
            frame.lines.append(line)
            frame.tables.append(table)
            return
        frame.key = None
        if frame.is_merge:
            frame.merged += self._objects(_Value(data, table), line)
        elif key in frame.data:
            self._repeat(frame, key, _Value(data, table))
        else:
            if frame.indexes is not None:
                frame.indexes[key] = len(frame.data)
            frame.data[key] = data
            frame.lines.append(frame.key_line)
            frame.tables.append(table)

    def _repeat(self, frame: _Open, key: str, value: _Value) -> None:
        """Replace the value of *key*: the last one counts."""
        if len(self.lines.repeated) <= MOST_HITS:
            steps = [each.key if each.is_object else len(each.data) for each in self._open[1:-1]]
            self.lines.repeated.append((*(step for step in steps if step is not None), key))
        if frame.indexes is None:
            frame.indexes = {name: index for index, name in enumerate(frame.data)}
        index = frame.indexes[key]
        frame.data[key], frame.lines[index], frame.tables[index] = value.data, frame.key_line, value.table

    def _objects(self, value: _Value, line: int) -> list[tuple[dict[str, Any], int]]:
        """The objects that a merge key names, with their tables; the one that replaces the others last."""
        if isinstance(value.data, list):
            merged = [(each, self.lines.tables[value.table + i]) for i, each in enumerate(value.data)]
        else:
            merged = [(value.data, value.table)]
        if not all(isinstance(each, dict) for each, _ in merged):
            raise UnreadableError(f"line {line} merges what is not an object")
        return merged[::-1]

    def _merge(self, frame: _Open) -> None:
        """Insert what is merged before the object's own keys, which replace it."""
        found: dict[str, tuple[Any, int, int]] = {}
        for merged, table in frame.merged:
            lines, tables = self.lines.lines, self.lines.tables
            found |= {key: (value, lines[i], tables[i]) for i, (key, value) in enumerate(merged.items(), start=table)}
        own = zip(frame.data.items(), frame.lines, frame.tables, strict=True)
        found |= {key: (value, line, table) for (key, value), line, table in own}
        frame.data = {key: value for key, (value, _, _) in found.items()}
        frame.lines = [line for _, line, _ in found.values()]
        frame.tables = [table for _, _, table in found.values()]


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _foreign(line: int, tag: str) -> str:
    return f"line {line} has the YAML tag {tag}, which JSON does not have: use another one"


def _value_of(event: yaml.ScalarEvent) -> Any:  # JSON
    """The value of a scalar: plain ones have the forms of YAML 1.2, all others are texts. Raises UnreadableError."""
    text, tag = event.value, event.tag
    if tag is None and event.implicit[0]:
        for found, form in _RESOLVERS.get(text[:1], ()):
            if form.match(text):
                return _converted(found, text, _line(event))
        return text
    if tag is None or tag in {"!", _TAG + "str", _TAG + "merge"}:
        return text
    if tag not in _SCALARS:
        raise UnreadableError(_foreign(_line(event), tag))
    if not any(found == tag and form.match(text) for found, form in _RESOLVERS.get(text[:1], ())):
        raise UnreadableError(f"line {_line(event)} is not valid YAML: this is not a YAML 1.2 {tag.removeprefix(_TAG)}")
    return _converted(tag, text, _line(event))


def _converted(tag: str, text: str, line: int) -> Any:  # JSON
    kind = tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return _integer(text, line)
    if kind == "float":
        number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if math.isfinite(number):
            return number
        raise UnreadableError(f"line {line} has a number that JSON does not have: use another one")
    return text


def _integer(text: str, line: int) -> int | float:
    """As in JSON, one of more than 64 bits is a float."""
    if len(text) > _MAX_DIGITS:
        raise UnreadableError(f"line {line} has a number that JSON does not have: use another one")
    prefixes = {"0o": 8, "0x": 16}
    number = int(text[2:], prefixes[text[:2]]) if text[:2] in prefixes else int(text)
    return number if -(2**63) <= number < 2**64 else float(number)

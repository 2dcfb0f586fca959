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
from typing import Any

import yaml

from tickbox_contract.openapi import files
from tickbox_contract.openapi.objects import Pointer
from tickbox_contract.openapi.places import MAX_HEIGHT
from tickbox_contract.openapi.rules import MOST_HITS

_MOST_ADDED = 2_000_000
"""How many nodes the aliases of a file may add to those that are written."""
_MOST_NODES = 4_000_000
"""How many objects, lists, keys and values a file may have; of 31 published contracts none has more than 172,443."""
MAX_MEMBERS = 100_000
"""How many keys or items one object or list may have."""
_MAX_DIGITS = 100
_TAG = "tag:yaml.org,2002:"
_CONTAINERS = {_TAG + "map", _TAG + "seq"}
_SCALARS = {_TAG + name for name in ("str", "int", "float", "bool", "null", "merge")}
_RESOLVERS = files.CoreLoader.yaml_implicit_resolvers


class UnreadableError(Exception):
    """The file is not a contract that could be checked. The text is one line, and says what to do."""


@dataclass(slots=True)
class YamlLines:
    """The lines of each object and list, by its identity: in the order of its keys or items, or by its keys."""

    root: Any = None
    by_container: dict[int, array[int] | dict[str, int]] = field(default_factory=dict)
    repeated: list[Pointer] = field(default_factory=list)
    known: dict[int, dict[str, int]] = field(default_factory=dict)

    def line(self, pointer: Pointer) -> int:
        """The line, from 1, of the key or item that *pointer* names, or of the last step to it that exists."""
        node, line = self.root, 1
        for step in pointer:
            if isinstance(node, dict) and step in node:
                found = self.of_keys(node).get(str(step))
                if found is None:
                    break
                line, node = found, node[step]
            elif isinstance(node, list) and isinstance(step, int) and step < len(node):
                line, node = self.by_container[id(node)][step], node[step]  # type: ignore[index]  # of a list
            else:
                break
        return line

    def of_keys(self, node: dict[str, Any]) -> dict[str, int]:
        """The line of each key of *node*."""
        lines = self.by_container.get(id(node), {})
        if isinstance(lines, dict):
            return lines
        if id(node) not in self.known:
            self.known[id(node)] = dict(zip(node, lines, strict=False))
        return self.known[id(node)]

    def repeated_keys(self) -> Iterator[Pointer]:
        """The place of each key that its object has more than once."""
        yield from self.repeated


@dataclass(slots=True)
class _Open:
    """An object or a list that is being read. `size` counts its nodes with aliases written out, `height` its levels."""

    data: Any
    anchor: str | None
    line: int
    lines: Any = field(default_factory=lambda: array("I"))
    key: str | None = None
    key_line: int = 0
    is_merge: bool = False
    merged: list[Any] = field(default_factory=list)
    size: int = 1
    height: int = 1

    @property
    def awaits_key(self) -> bool:
        """Whether the next node is a key."""
        return self.key is None and isinstance(self.data, dict)


class YamlReader:
    """Reads one text of YAML 1.2, with merge keys, as `files` does."""

    def __init__(self, raw: bytes, *, most_nodes: int = _MOST_NODES) -> None:
        self._raw = raw
        self._most = _MOST_ADDED + len(raw)
        self._left = most_nodes
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
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
                    self._left -= 1
                    if not self._left:
                        raise UnreadableError(f"line {_line(event)} is more than a contract can have")
                    handle(event)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise UnreadableError(f"line {line} is not valid YAML: {error.problem}") from error
        except (yaml.YAMLError, ValueError) as error:
            raise UnreadableError("this is not YAML in UTF-8") from error
        return self.lines.root

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            raise UnreadableError(f"line {_line(event)} begins a second document: write one in a file")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        frame = self._open[-1] if self._open else None
        value = event.value if frame is not None and frame.awaits_key else _value_of(event)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1, 1)
        if frame is not None and frame.awaits_key:
            frame.key, frame.key_line = str(value), _line(event)
            frame.is_merge = value == "<<" and event.implicit[0]
        else:
            self._add(value, 1, 1, _line(event))

    def _begin(self, event: Any) -> None:
        line = _line(event)
        if self._open and self._open[-1].awaits_key:
            raise UnreadableError(f"line {line} has a key that is not a text: use a text")
        if event.tag and event.tag not in _CONTAINERS:
            raise UnreadableError(_foreign(line, event.tag))
        if len(self._open) >= MAX_HEIGHT:
            raise UnreadableError(f"line {line} is not valid YAML: it is nested too deep")
        data: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._open.append(_Open(data, event.anchor, line))

    def _end(self, _event: Any) -> None:
        frame = self._open.pop()
        if frame.merged:
            self._merge(frame)
        self.lines.by_container[id(frame.data)] = frame.lines
        if frame.anchor:
            self._anchors[frame.anchor] = (frame.data, frame.size, frame.height)
        self._add(frame.data, frame.size, frame.height, frame.line)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = _line(event)
        opened = next((each for each in self._open if each.anchor == event.anchor), None)
        if opened is not None:
            raise UnreadableError(f"line {opened.line} has an anchor that contains itself: write it out")
        if event.anchor not in self._anchors:
            raise UnreadableError(f"line {line} is not valid YAML: it refers to an anchor that is not there")
        value, size, height = self._anchors[event.anchor]
        frame = self._open[-1]
        if frame.awaits_key and isinstance(value, str):
            frame.key, frame.key_line, frame.is_merge = value, line, False
        elif frame.awaits_key:
            raise UnreadableError(f"line {line} has a key that is not a text: use a text")
        else:
            self._add(value, size, height, line)

    def _add(self, value: Any, size: int, height: int, line: int) -> None:
        """Add *value* to the innermost object or list."""
        if not self._open:
            self.lines.root = value
            return
        frame = self._open[-1]
        if len(frame.data) == MAX_MEMBERS:
            raise UnreadableError(f"line {line} is in an object or list of more than {MAX_MEMBERS:,}: divide it")
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if frame.size > self._most or len(self._open) + height > MAX_HEIGHT + 1:
            raise UnreadableError(f"line {line} unfolds to more than a contract can have: write its anchors out")
        if isinstance(frame.data, list):
            frame.data.append(value)
            frame.lines.append(line)
            return
        key, frame.key = str(frame.key), None
        if frame.is_merge:
            frame.merged += _objects(value, line)
        else:
            self._set(frame, key, value)

    def _set(self, frame: _Open, key: str, value: Any) -> None:  # JSON
        if key in frame.data:
            if len(self.lines.repeated) <= MOST_HITS:
                steps = [each.key if isinstance(each.data, dict) else len(each.data) for each in self._open[:-1]]
                self.lines.repeated.append((*(step for step in steps if step is not None), key))
            if isinstance(frame.lines, array):
                frame.lines = dict(zip(frame.data, frame.lines, strict=True))
        frame.data[key] = value
        if isinstance(frame.lines, dict):
            frame.lines[key] = frame.key_line
        else:
            frame.lines.append(frame.key_line)

    def _merge(self, frame: _Open) -> None:
        """Insert what is merged before the object's own keys, which replace it."""
        own = frame.lines if isinstance(frame.lines, dict) else dict(zip(frame.data, frame.lines, strict=True))
        data: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for merged in frame.merged:
            data |= merged
            lines |= self.lines.of_keys(merged)
        frame.data, frame.lines = data | frame.data, lines | own


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _foreign(line: int, tag: str) -> str:
    return f"line {line} has the YAML tag {tag}, which JSON does not have: use another one"


def _objects(value: Any, line: int) -> list[dict[str, Any]]:
    """The objects that a merge key names, the one that replaces the others last."""
    merged = list(reversed(value)) if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) for each in merged):
        raise UnreadableError(f"line {line} merges what is not an object")
    return merged


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

"""Lines of a JSON text. They are looked for in the text when a message needs them: most texts need few or none."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from tickbox_contract.openapi.objects import Pointer

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],]|[^\s{}\[\],":]+')
_OPENING, _CLOSING = b"{[", b"}]"


class _Member(NamedTuple):
    """Where the key or item begins in the text, and its value."""

    begin: int
    value: int


@dataclass(slots=True)
class JsonLines:
    """The lines of one JSON text, which is valid. The members of each object and list that is looked at are kept."""

    raw: bytes
    ends: array[int] = field(default_factory=lambda: array("Q"))
    known: dict[int, dict[str | int, _Member]] = field(default_factory=dict)

    def line(self, pointer: Pointer) -> int:
        """The line, from 1, of the key or item that *pointer* names, or of the last step to it that exists."""
        begin = at = 0
        for step in pointer:
            found = self._members(at).get(step)
            if found is None:
                break
            begin, at = found
        if not self.ends:
            self.ends.extend(found.start() for found in re.finditer(b"\n", self.raw))
            self.ends.append(len(self.raw))
        return bisect_left(self.ends, begin) + 1

    def repeated_keys(self) -> Iterator[Pointer]:
        """The place of each key that its object has more than once."""
        stack: list[tuple[set[str], list[str | int]]] = []
        expects_key = False
        for token in _TOKEN.finditer(self.raw):
            text = token[0]
            if text in (b"{", b"["):
                stack.append((set(), [0] if text == b"[" else [""]))
                expects_key = text == b"{"
            elif text in (b"}", b"]"):
                stack.pop()
            elif text == b",":
                expects_key = isinstance(stack[-1][1][0], str)
                if not expects_key:
                    stack[-1][1][0] = int(stack[-1][1][0]) + 1
            elif expects_key:
                expects_key = False
                key = orjson.loads(text)
                seen, here = stack[-1]
                here[0] = key
                if key in seen:
                    yield tuple(steps[0] for _, steps in stack)
                seen.add(key)

    def _members(self, at: int) -> dict[str | int, _Member]:
        """The members of the object or list whose text begins at or after *at*; none of anything else."""
        if at not in self.known:
            self.known[at] = dict(self._scan(at))
        return self.known[at]

    def _scan(self, at: int) -> Iterator[tuple[str | int, _Member]]:
        tokens = _TOKEN.finditer(self.raw, at)
        first = next(tokens, None)
        if first is None or first[0] not in (b"{", b"["):
            return
        is_list, depth, number = first[0] == b"[", 1, 0
        key: tuple[str, int] | None = None
        awaits = True
        while depth:
            token = next(tokens)
            text = token[0]
            if depth == 1 and awaits and text not in (b"}", b"]"):
                if is_list:
                    yield number, _Member(token.start(), token.start())
                    number, awaits = number + 1, False
                elif key is None:
                    key = orjson.loads(text), token.start()
                    continue
                else:
                    yield key[0], _Member(key[1], token.start())
                    key, awaits = None, False
            if text in (b"{", b"["):
                depth += 1
            elif text in (b"}", b"]"):
                depth -= 1
            elif text == b",":
                awaits = awaits or depth == 1

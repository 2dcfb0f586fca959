"""Schemas as what they mean in one direction, each with its place; `readers` reads them from a contract.

A meaning has the keywords of JSON Schema 2020-12, and its subschemas are meanings, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tickbox_contract.openapi.objects import Pointer

Keywords = Mapping[str, Any]
"""Keywords with plain values or `Meaning`s. They differ from JSON Schema: `type` is a tuple, `range` is the bounds that
a number has by its format, and `additionalProperties` is never a bool."""


class Meaning:
    """A schema as it is meant. Its keywords are read when they are needed: a schema may contain itself.

    Two meanings are equal only if they are the same object; a reader creates one for each place and use.
    """

    __slots__ = ("_keywords", "_write", "is_named", "is_written", "pointer")

    def __init__(
        self, pointer: Pointer, write: Callable[[], Keywords], *, is_named: bool = False, is_written: bool = True
    ) -> None:
        self.pointer = pointer
        self.is_named = is_named
        self.is_written = is_written
        self._write = write
        self._keywords: Keywords | None = None

    @property
    def keywords(self) -> Keywords:
        """The keywords that say something. Raises UnresolvedReferenceError."""
        if self._keywords is None:
            self._keywords = self._write()
        return self._keywords


def meaning(pointer: Pointer, **keywords: Any) -> Meaning:
    """A meaning with keywords that are not written at *pointer*, but follow from what is."""
    return Meaning(pointer, lambda: keywords, is_written=False)


def anything(pointer: Pointer) -> Meaning:
    """What every value fits."""
    return meaning(pointer)


def nothing(pointer: Pointer) -> Meaning:
    """What no value fits."""
    return meaning(pointer, type=())


def matching(pattern: str) -> Meaning:
    """The names that match *pattern*."""
    return meaning((), pattern=pattern)

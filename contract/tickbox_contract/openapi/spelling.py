"""The name that is meant where another one is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import islice

_LEAST = 0.8
"""How alike two names are (difflib's ratio): one letter in five may be wrong."""
_LEAST_ALIKE = 0.95
"""How alike two names are whose letters differ in their order and case only."""
_OF_REFERENCES = re.compile(r"[#/.]")
_LEAST_LETTERS = 3
_MOST_LETTERS = 100
_MOST_KNOWN = 5_000
"""How many known names are looked at."""


def meant(name: str, known: Iterable[str], *, least: float = _LEAST) -> str | None:
    """The one of *known* that *name* is a misspelling of; None if none is near.

    The case of letters, hyphens and underscores do not count, nor does the order of the letters behind the first one.
    """
    if not _LEAST_LETTERS <= len(name) <= _MOST_LETTERS:
        return None
    others = (other for other in islice(known, _MOST_KNOWN) if other != name and len(other) >= _LEAST_LETTERS)
    near = [(_likeness(name, other, least), other) for other in others]
    likeness, other = max(near, default=(0.0, ""))
    return other if likeness >= least else None


def means_reference(key: str, value: object) -> bool:
    """Whether *key* is a misspelled `$ref`: it has a reference. Without the dollar, no other letter may be wrong."""
    if key == "$ref" or not (isinstance(value, str) and _OF_REFERENCES.search(value)):
        return False
    name = f"${key.removeprefix('$')}"
    return name == "$ref" or meant(name, ("$ref",), least=_LEAST if key == name else _LEAST_ALIKE) is not None


def or_meant(near: str | None) -> str:
    """The end of a sentence about a wrong name: that *near* may be meant, if there is such a name."""
    return f": {near} may be meant" if near else ""


class Hints:
    """What is meant by wrong names. Only the first *most* are looked for: each takes a look at all known ones."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[str, str | None] = {}

    def meant(self, name: str, known: Iterable[str]) -> str | None:
        """As the function `meant`; *known* are the same each time."""
        if name not in self._found and len(self._found) < self._most:
            self._found[name] = meant(name, known)
        return self._found.get(name)


def _likeness(name: str, other: str, least: float) -> float:
    one, two = _letters(name), _letters(other)
    if 2 * min(len(one), len(two)) < least * (len(one) + len(two)):  # too different in length
        return 0.0
    if one == two:
        return 1.0
    if one[:1] == two[:1] and sorted(one) == sorted(two):
        return 0.99
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    is_near = matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least
    return matcher.ratio() if is_near else 0.0


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")

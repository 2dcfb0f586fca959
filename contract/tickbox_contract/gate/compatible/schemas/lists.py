"""Values that a schema lists: each of them can be checked, unless something in a schema is unknown to validators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .goals import json_key
from .meanings import Meaning
from .texts import KNOWN_FORMATS
from .verdicts import JSON


def listed_values(meanings: Iterable[Meaning]) -> list[JSON] | None:
    """The shortest list of values, each once, that a value which fits *meanings* is in; None if there is none."""
    found: list[list[JSON]] = []
    seen: set[Meaning] = set()
    waiting = [*meanings]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += each.keywords.get("allOf", ())
            found += [each.keywords["enum"]] if "enum" in each.keywords else []
            found += [[each.keywords["const"]]] if "const" in each.keywords else []
    return list({json_key(value): value for value in min(found, key=len)}.values()) if found else None


class Formats:
    """Knows which schemas lead to a format that nobody can check."""

    def __init__(self) -> None:
        self._known: dict[Meaning, bool] = {}

    def are_known(self, meaning: Meaning) -> bool:
        """Whether validators check each format in *meaning*, and in all that it leads to."""
        if meaning not in self._known:
            seen: set[Meaning] = set()
            waiting = [meaning]
            while waiting:
                each = waiting.pop()
                if each in seen or self._known.get(each):
                    continue
                if self._known.get(each) is False or each.keywords.get("format", "date") not in KNOWN_FORMATS:
                    self._known[meaning] = False
                    return False
                seen.add(each)
                waiting += [inner for value in each.keywords.values() for inner in _inside(value)]
            self._known |= dict.fromkeys(seen, True)
        return self._known[meaning]


def _inside(value: Any) -> Iterator[Meaning]:  # of a keyword
    if isinstance(value, Meaning):
        yield value
    elif isinstance(value, tuple | dict):
        inner = value.values() if isinstance(value, dict) else value
        yield from (each for each in inner if isinstance(each, Meaning))

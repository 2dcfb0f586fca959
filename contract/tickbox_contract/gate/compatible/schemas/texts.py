"""Texts that have some lengths, patterns and formats and do not have others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from tickbox_contract.openapi.formats import PLAINLY

from .languages import Spend, shortest
from .parts import Fact
from .patterns import Automaton, UnsupportedPatternError, automaton, literals

_MOST_LENGTH = 20_000
_MANY = 20
INFINITY = float("inf")


class _Format(NamedTuple):
    """Patterns of a format: texts with it certainly match `over`, and those that match `under` certainly have it."""

    over: str
    under: str | None = None


_EVERY = r"^[\s\S]*$"
_PRINTABLE = r"^[!-~]*$"
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_IP4 = rf"^({_BYTE}\.){{3}}{_BYTE}$"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
_LABELS = r"([a-z]{50}\.){0,4}[a-z]{1,60}"
"""A name of the DNS, in one way for each length."""
_FORMATS: Mapping[str, _Format] = {
    "uuid": _Format(_UUID, _UUID),
    "byte": _Format(_BASE64, _BASE64),
    "ipv4": _Format(_IP4, _IP4),
    "date": _Format(f"^{_DATE}$", PLAINLY["date"]),
    "date-time": _Format(f"^{_DATE}[Tt]{_TIME}$", PLAINLY["date-time"]),
    "time": _Format(f"^{_TIME}$", "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"),
    "email": _Format(r"^[\s\S]+@[\s\S]+$", f"^[a-z]{{1,9}}@{_LABELS}$"),
    "uri": _Format(r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]*$", "^https://a\\.com/[a-z0-9]*$"),
    "uri-reference": _Format(_PRINTABLE, "^(https://a\\.com)?/[a-z0-9]*$"),
    "hostname": _Format("^[A-Za-z0-9.-]+$", f"^{_LABELS}$"),
    "ipv6": _Format("^[0-9A-Fa-f:.]+$", "^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$"),
    "duration": _Format("^P[0-9A-Z]+$", "^P[1-9][0-9]{0,3}D$"),
    "json-pointer": _Format(r"^(/[\s\S]*)?$", "^(/[a-z0-9]*)*$"),
    "relative-json-pointer": _Format(r"^[0-9][\s\S]*$", "^[1-9][0-9]{0,3}$"),
    "regex": _Format(_EVERY, "^[a-z0-9]*$"),
    "iri": _Format(r"^[A-Za-z][A-Za-z0-9+.-]*:[\s\S]*$", "^https://a\\.com/[a-z0-9]*$"),
    "iri-reference": _Format(_EVERY, "^/[a-z0-9]*$"),
    "uri-template": _Format(_EVERY, "^/[a-z0-9]*$"),
    "idn-email": _Format(r"^[\s\S]+@[\s\S]+$", f"^[a-z]{{1,9}}@{_LABELS}$"),
    "idn-hostname": _Format(_EVERY, f"^{_LABELS}$"),
}
KNOWN_FORMATS = frozenset(_FORMATS)
"""The formats that validators check."""
_WITHOUT_FORMAT = ("", " ", "{", "%", "(", "\\", "a b", "-")
"""Texts that have few formats."""


@dataclass(slots=True)
class Texts:
    """What a text must be."""

    least: int = 0
    most: float = INFINITY
    patterns: list[str] = field(default_factory=list)
    not_patterns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    not_formats: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, facts: Iterable[Fact]) -> Texts:
        """What *facts* say together."""
        made = cls()
        for keyword, value, holds in facts:
            if keyword == "pattern":
                (made.patterns if holds else made.not_patterns).append(value)
            elif keyword == "format":
                (made.formats if holds else made.not_formats).append(value)
            elif (keyword == "minLength") == holds:
                made.least = max(made.least, value if holds else value + 1)
            else:
                made.most = min(made.most, value if holds else value - 1)
        return made

    def values(
        self, want: int, excluded: list[str], fits: Callable[[str], bool], spend: Spend
    ) -> tuple[list[str], bool]:
        """Up to *want* such texts that also *fits* accepts, and whether it is certain that there are no more."""
        found: list[str] = []
        while len(found) < want:
            text, is_complete = self._one([*excluded, *found], fits, spend)
            if text is None:
                return found, is_complete
            found.append(text)
        return found, False

    def _one(self, excluded: list[str], fits: Callable[[str], bool], spend: Spend) -> tuple[str | None, bool]:
        if (
            self.least > self.most
            or set(self.formats) & set(self.not_formats)
            or set(self.patterns) & set(self.not_patterns)
        ):
            return None, True
        if self.least > _MOST_LENGTH:
            return self._long(fits)
        beyond = max(map(len, excluded), default=-1) + 1
        if len(excluded) > _MANY:  # a longer text is certainly another one
            surely = self._search([], spend, is_sure=True, least=beyond)
            if surely is not None and fits(surely):
                return surely, False
        others = literals(excluded)
        surely = self._search(others, spend, is_sure=True)
        if surely is not None and fits(surely):
            return surely, False
        samples = (text for text in _WITHOUT_FORMAT if text not in excluded and self.least <= len(text) <= self.most)
        sample = next((text for text in samples if fits(text)), None)
        if sample is not None:
            return sample, False
        return None, self._search(others, spend, is_sure=False) is None

    def _long(self, fits: Callable[[str], bool]) -> tuple[str | None, bool]:
        text = "a" * self.least if self.least <= 100 * _MOST_LENGTH else ""
        return (text, False) if text and fits(text) else (None, False)

    def _search(self, others: list[Automaton], spend: Spend, *, is_sure: bool, least: int = 0) -> str | None:
        """A text. If *is_sure*, it certainly has the formats; otherwise there is certainly none without a result."""
        inside, outside = [*self.patterns], [*self.not_patterns]
        for name in self.formats:
            known = _FORMATS.get(name, _Format(_EVERY))
            inside.append((known.under or known.over) if is_sure else known.over)
        for name in self.not_formats:
            known = _FORMATS.get(name, _Format(_EVERY))
            if is_sure or known.under:
                outside.append(known.over if is_sure else known.under or "")
        return shortest(_automata(inside), [*_automata(outside), *others], max(self.least, least), self.most, spend)


def _automata(patterns: list[str]) -> list[Automaton]:
    """Automata of the patterns that have one. Without the others, more texts are found than there are."""
    made = (_automaton(pattern) for pattern in patterns)
    return [each for each in made if each is not None]


@cache
def _automaton(pattern: str) -> Automaton | None:
    """The automaton of *pattern*; None if there is none."""
    try:
        return automaton(pattern)
    except UnsupportedPatternError:
        return None

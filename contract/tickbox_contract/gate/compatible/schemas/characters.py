"""Sets of characters as ranges of code points."""

from __future__ import annotations

from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]
"""Ranges of code points, first and last, in order and apart."""

LAST = 0x10FFFF
EVERY: Ranges = ((0, 0xD7FF), (0xE000, LAST))
"""What a text of JSON can have: no surrogates."""


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The characters in any of *ranges*."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def others(ranges: Ranges) -> Ranges:
    """The characters that are not in *ranges*."""
    out, start = [], 0
    for low, high in ranges:
        out.append((start, low - 1))
        start = high + 1
    out.append((start, LAST))
    return common(EVERY, tuple((low, high) for low, high in out if low <= high))


def common(one: Ranges, other: Ranges) -> Ranges:
    """The characters in both."""
    found = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return joined((low, high) for low, high in found if low <= high)


def of(characters: str) -> Ranges:
    """The given characters."""
    return joined((ord(each), ord(each)) for each in characters)


DIGITS: Ranges = joined([(ord("0"), ord("9"))])
WORDS: Ranges = joined([*DIGITS, (ord("A"), ord("Z")), (ord("a"), ord("z")), (ord("_"), ord("_"))])
SPACES: Ranges = joined([*of("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"), (0x2000, 0x200A)])
NOT_LINE_ENDS: Ranges = others(of("\n\r\u2028\u2029"))

_NICE = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_. ,:/é"


def classes(sets: Iterable[Ranges]) -> list[tuple[str, frozenset[Ranges]]]:
    """The characters that no set of *sets* tells apart: one of each such class, and the sets that it is in."""
    distinct = set(sets)
    edges = {0, *(edge for ranges in distinct for low, high in ranges for edge in (low, high + 1) if edge <= LAST)}
    candidates = [*_NICE, *(chr(edge) for edge in sorted(edges) if has(EVERY, chr(edge)))]
    found: dict[frozenset[Ranges], str] = {}
    for character in candidates:
        found.setdefault(frozenset(each for each in distinct if has(each, character)), character)
    return [(character, within) for within, character in found.items()]


def has(ranges: Ranges, character: str) -> bool:
    """Whether *character* is in *ranges*."""
    point = ord(character)
    return any(low <= point <= high for low, high in ranges)

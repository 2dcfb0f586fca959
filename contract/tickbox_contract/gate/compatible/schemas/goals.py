"""What is searched: a value that fits some meanings and does not fit others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from .meanings import Meaning
from .verdicts import JSON


class Goal(NamedTuple):
    """The meanings that a value must fit, and those that it must not fit."""

    wanted: frozenset[Meaning]
    unwanted: frozenset[Meaning]


class Results(NamedTuple):
    """Values that were found, and whether it is certain that there are no others."""

    values: list[JSON]
    is_complete: bool

    @property
    def is_empty(self) -> bool:
        """Whether it is certain that there is no value."""
        return self.is_complete and not self.values


def goal_of(wanted: Iterable[Meaning], unwanted: Iterable[Meaning]) -> Goal:
    """The goal of a value that fits all of *wanted* and none of *unwanted*."""
    return Goal(frozenset(wanted), frozenset(unwanted))


def json_key(value: JSON) -> bytes:
    """Equal for values that are equal in JSON, such as 1 and 1.0."""
    return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS)


def _plain(value: JSON) -> JSON:
    if isinstance(value, str):
        return f"text {value}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"number {int(value) if value == int(value) else value}"
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value

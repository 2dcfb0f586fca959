"""Ratios of figures that were measured in turn."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios within each round, and the lowest and the highest of them."""

    median: float
    lowest: float
    highest: float


def ratio(ours: Sequence[float], others: Sequence[float]) -> Ratio:
    """How many times *others* is *ours*, round by round."""
    ratios = [mine / other for mine, other in zip(ours, others, strict=True)]
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))


def median_ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios within each round."""
    return ratio(ours, others).median


def rotated(items: Sequence[Item], number: int) -> list[Item]:
    """*items* in the order of that round, so that none is always the first."""
    first = number % len(items)
    return [*items[first:], *items[:first]]

"""How much work the search for an occurrence is: the bound that no rule can exceed."""

from typing import Final

MOST_STEPS: Final = 40_000
"""How many steps one search takes at most. The worst that tests have found for a next occurrence is in the ADR."""


class OutOfSteps(Exception):
    """A search took MOST_STEPS without a result."""


class Steps:
    """Counts steps, and ends a search that takes too many.

    A step is a period, a day or a candidate that is looked at, or a day that is worked out for a table of a period.
    """

    __slots__ = ("taken",)

    def __init__(self) -> None:
        self.taken = 0

    def take(self, count: int = 1) -> None:
        """Take *count* steps. Raises OutOfSteps."""
        self.taken += count
        if self.taken > MOST_STEPS:
            raise OutOfSteps

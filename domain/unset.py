"""The difference between "set it to nothing" (None) and "leave it alone" (UNSET), which a merge patch needs.

Source: RFC 7396.
"""

from enum import Enum
from typing import Any, Final


class Unset(Enum):
    """The type of UNSET: one value, so that a type checker can distinguish it from every other."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


def given(**values: object) -> dict[str, Any]:
    """Return those of *values* that are not UNSET, as keywords for `dataclasses.replace`."""
    return {name: value for name, value in values.items() if value is not UNSET}

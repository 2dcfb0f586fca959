"""The occurrences of a rule from a start, without COUNT and UNTIL."""

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from domain.recurrence.days import Days
from domain.recurrence.moments import filled
from domain.recurrence.parts import Frequency, Rule
from domain.recurrence.periods import Months, Periods, Weeks, Years

Schedule = Days | Periods

_KINDS: Final[Mapping[Frequency, type[Days] | type[Periods]]] = {
    Frequency.HOURLY: Days,
    Frequency.DAILY: Days,
    Frequency.WEEKLY: Weeks,
    Frequency.MONTHLY: Months,
    Frequency.YEARLY: Years,
}


@lru_cache(maxsize=64)
def schedule(rule: Rule, start: dt.datetime) -> Schedule:
    """Return the schedule of a rule from a wall-clock *start*. Those of late are kept, with what they worked out."""
    return _KINDS[rule.frequency](filled(rule, start), start)

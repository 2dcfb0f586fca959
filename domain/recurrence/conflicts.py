"""Which parts of a recurrence rule may be together.

Source: RFC 5545, 3.3.10; RFC 7529, 4; ADR 110.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, Final

from domain.checks import Checks
from domain.recurrence.calendar_days import HOURS_OF_A_DAY
from domain.recurrence.faults import RulePartsConflict
from domain.recurrence.parts import Frequency, Skip

MOST_TIMES: Final = 96
"""How many times of a day a rule may name: as many as a day has quarters of an hour."""
_LAST_DAY_OF_EACH_MONTH: Final = 28

Parts = Mapping[str, Any]
"""The values of the parts that a rule has, by their names."""


def check_parts(parts: Parts) -> None:
    """Raise a RulePartsConflict for what may not be together, or several as InvalidTogether."""
    checks = Checks()
    for is_wrong, message in _CONFLICTS:
        with checks:
            if is_wrong(parts):
                raise RulePartsConflict(message)
    checks.finish()


def _is(parts: Parts, *frequencies: Frequency) -> bool:
    return parts["FREQ"] in frequencies


def _moves(parts: Parts) -> bool:
    """Return whether SKIP moves days that do not exist."""
    return parts.get("SKIP", Skip.OMIT) is not Skip.OMIT


def _is_numbered(parts: Parts) -> bool:
    return any(each.number for each in parts.get("BYDAY", ()))


def _times(parts: Parts) -> int:
    """Return how many times of one day a rule names at most."""
    step = parts.get("INTERVAL", 1) if _is(parts, Frequency.HOURLY) else HOURS_OF_A_DAY
    hours = parts.get("BYHOUR", range(0, HOURS_OF_A_DAY, step))
    return len(hours) * prod(len(parts.get(name, (0,))) for name in ("BYMINUTE", "BYSECOND"))


_CONFLICTS: Final[tuple[tuple[Callable[[Parts], bool], str], ...]] = (
    (lambda parts: {"COUNT", "UNTIL"} <= parts.keys(), "`COUNT` and `UNTIL` must not be in one rule."),
    (
        lambda parts: "BYWEEKNO" in parts and not _is(parts, Frequency.YEARLY),
        "`BYWEEKNO` needs `FREQ=YEARLY`.",
    ),
    (
        lambda parts: "BYYEARDAY" in parts and not _is(parts, Frequency.YEARLY, Frequency.HOURLY),
        "`BYYEARDAY` needs `FREQ=YEARLY` or `FREQ=HOURLY`.",
    ),
    (
        lambda parts: "BYMONTHDAY" in parts and _is(parts, Frequency.WEEKLY),
        "`BYMONTHDAY` must not be in a rule with `FREQ=WEEKLY`.",
    ),
    (
        lambda parts: "BYMONTHDAY" in parts and _is(parts, Frequency.YEARLY) and "BYMONTH" not in parts,
        "`BYMONTHDAY` needs `BYMONTH` in a rule with `FREQ=YEARLY`. For each month, use `FREQ=MONTHLY`.",
    ),
    (
        lambda parts: _is_numbered(parts) and not _is(parts, Frequency.MONTHLY, Frequency.YEARLY),
        "`BYDAY` with numbers needs `FREQ=MONTHLY` or `FREQ=YEARLY`.",
    ),
    (
        lambda parts: _is_numbered(parts) and "BYWEEKNO" in parts,
        "`BYDAY` must not have numbers in a rule with `BYWEEKNO`.",
    ),
    (
        lambda parts: "BYSETPOS" in parts and not any(name.startswith("BY") for name in parts.keys() - {"BYSETPOS"}),
        "`BYSETPOS` needs another part whose name begins with BY.",
    ),
    (
        lambda parts: _times(parts) > MOST_TIMES,
        f"A rule must name at most {MOST_TIMES} times of a day.",
    ),
    (lambda parts: "SKIP" in parts and "RSCALE" not in parts, "`SKIP` needs `RSCALE=GREGORIAN`."),
    (
        lambda parts: _moves(parts) and "BYYEARDAY" in parts,
        "`SKIP` must not be in a rule with `BYYEARDAY`.",
    ),
    (
        lambda parts: _moves(parts) and min(parts.get("BYMONTHDAY", (0,))) < -_LAST_DAY_OF_EACH_MONTH,
        f"`BYMONTHDAY` must not be below -{_LAST_DAY_OF_EACH_MONTH} in a rule with `SKIP`.",
    ),
)

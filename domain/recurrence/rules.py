"""Recurrence rules as text: `parse` reads and checks one, `render` writes it in its normalised form.

`check` has what depends on the due value from which a series starts. Of that, `check_form` is repeated when the form of
the value changes: what a series has come to cannot be refused any more.
"""

import datetime as dt
from typing import Any, Final

from domain.checks import Checks
from domain.recurrence.conflicts import check_parts
from domain.recurrence.faults import CountTooLarge, RuleNeverOccurs, RuleUnlikeDue
from domain.recurrence.parts import MONDAY, WEEKDAYS, Rule, Skip, WeekdayNumber
from domain.recurrence.reading import form_of_until, read
from domain.recurrence.series import Series, count, is_after_until, recurs
from domain.wall_clocks import WallClock

__all__ = ["Rule", "check", "check_form", "parse", "read_rule", "render"]

_FIELDS: Final = {
    "FREQ": "frequency",
    "INTERVAL": "interval",
    "BYMONTH": "by_month",
    "BYWEEKNO": "by_week_number",
    "BYYEARDAY": "by_year_day",
    "BYMONTHDAY": "by_month_day",
    "BYDAY": "by_day",
    "BYHOUR": "by_hour",
    "BYMINUTE": "by_minute",
    "BYSECOND": "by_second",
    "BYSETPOS": "by_set_position",
    "WKST": "week_start",
    "COUNT": "count",
    "UNTIL": "until",
    "SKIP": "skip",
}
"""The field of each part, in the order in which a normalised rule has them."""


_DEFAULTS: Final = (("INTERVAL", 1), ("WKST", MONDAY), ("SKIP", Skip.OMIT))


def parse(text: str, *, start: WallClock) -> Rule:
    """Return the rule of a *text*, checked against the due value from which it starts.

    Raises one of `faults`, or several of them as InvalidTogether.
    """
    rule = read_rule(text, start=start)
    check(rule, start=start)
    return rule


def read_rule(text: str, *, start: WallClock | None = None) -> Rule:
    """Return the rule of a *text*, unchecked against the due value from which it starts. Raises as `parse` does.

    If *start* is that value, a message about the form of `UNTIL` is about the one that it needs.
    """
    parts = read(text, start=start)
    check_parts(parts)
    return Rule(**{field: parts[name] for name, field in _FIELDS.items() if name in parts})


def check(rule: Rule, *, start: WallClock) -> None:
    """Raise RuleUnlikeDue, RuleNeverOccurs or CountTooLarge if a *rule* cannot be used from a *start*."""
    check_form(rule, start=start)
    _check_occurs(Series(start=start, rule=rule))


def check_form(rule: Rule, *, start: WallClock, advice: str = "") -> None:
    """Raise RuleUnlikeDue, or two as InvalidTogether, if a *rule* needs a due value of another form than *start*.

    *advice* is added to the message: what to do about it.
    """
    checks = Checks()
    with checks:
        if start.time is None and rule.names_times:
            needs = "`FREQ=HOURLY`, `BYHOUR`, `BYMINUTE` and `BYSECOND` need a due value with a time."
            raise RuleUnlikeDue(needs + advice)
    with checks:
        if (message := _fault_of_until(rule.until, start)) is not None:
            raise RuleUnlikeDue(message + advice)
    checks.finish()


def _fault_of_until(until: dt.date | None, start: WallClock) -> str | None:
    is_time = isinstance(until, dt.datetime)
    is_utc = isinstance(until, dt.datetime) and until.tzinfo is not None
    if until is None or (is_time, is_utc) == (start.time is not None, start.time_zone is not None):
        return None
    return form_of_until(start)


def _check_occurs(series: Series) -> None:
    if is_after_until(series, series.start):
        raise RuleNeverOccurs("`UNTIL` must not be before the due value, which is the first occurrence.")
    if not recurs(series):
        raise RuleNeverOccurs("No occurrence follows the first one, which is the due value.")
    wanted = series.rule.count or 1
    if (found := count(series, most=wanted)) < wanted:
        raise CountTooLarge(f"`COUNT` must be at most {found} for a rule that occurs so rarely.")


def render(rule: Rule) -> str:
    """Return the text of a *rule*: its parts in one order, its lists in order, without what is the default."""
    texts = ((name, _text(name, getattr(rule, field))) for name, field in _FIELDS.items())
    parts = [f"{name}={text}" for name, text in texts if text is not None]
    return ";".join(["RSCALE=GREGORIAN", *parts] if rule.skip is not Skip.OMIT else parts)


def _text(name: str, value: Any) -> str | None:
    """Return the value of a part as text; None where the part is left out."""
    if value in (None, ()) or (name, value) in _DEFAULTS:
        return None
    if name == "WKST":
        return WEEKDAYS[value]
    if name == "UNTIL":
        return _text_of_until(value)
    return ",".join(map(_text_of_item, value)) if isinstance(value, tuple) else str(value)


def _text_of_item(item: int | WeekdayNumber) -> str:
    if isinstance(item, int):
        return str(item)
    return f"{item.number or ''}{WEEKDAYS[item.weekday]}"


def _text_of_until(until: dt.date) -> str:
    if not isinstance(until, dt.datetime):
        return f"{until:%Y%m%d}".rjust(8, "0")
    return f"{until:%Y%m%dT%H%M%S}".rjust(15, "0") + ("Z" if until.tzinfo else "")

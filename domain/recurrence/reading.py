"""Reads the text of a recurrence rule, part by part. No message repeats the text.

Source: RFC 5545, 3.3.10; RFC 7529, 4.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final

from domain.checks import Checks
from domain.errors import Invalid
from domain.recurrence.faults import CountTooLarge, RuleMalformed, RuleUnsupported
from domain.recurrence.parts import WEEKDAYS, Frequency, Skip, WeekdayNumber
from domain.wall_clocks import WallClock

_Readers = Mapping[str, Callable[[str], Any]]

MOST_CHARACTERS: Final = 500
MOST_OCCURRENCES: Final = 1000
"""How large COUNT may be. The interface of Google Calendar has at most 730, that of Outlook 999."""

_OF_CALENDARS: Final[Mapping[str, tuple[type[Invalid], str]]] = {
    "RRULE:": (RuleMalformed, "Leave out `RRULE:`: the value must begin with a part, such as `FREQ=DAILY`."),
    "DTSTART": (RuleMalformed, "Leave out `DTSTART`: the series starts at the due value."),
    "EXDATE": (RuleUnsupported, "`EXDATE` is not supported. Skip the occurrence when the task is at it."),
    "RDATE": (RuleUnsupported, "`RDATE` is not supported. Create another task for the date."),
}
"""What is beside a rule in a calendar file, and is sometimes sent with it."""
_NUMBER: Final = re.compile(r"([+-]?)([0-9]{1,9})")
_WEEKDAY: Final = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})")
_ANY_FORM_OF_UNTIL: Final = (
    "`UNTIL` must have the form of the due value: 20270131 if that has no time, 20270131T170000 if it has a "
    "time without a zone, or 20270131T170000Z, in UTC, if it has a time in a zone."
)
_FORM_OF_UNTIL: Final = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


def read(text: str, *, start: WallClock | None = None) -> Mapping[str, Any]:
    """Return the values of the parts of a rule by their names, in capitals: lists sorted and without doubles.

    *start* is the due value that it is for, if it is known. A message about `UNTIL` then says which form that needs.

    Raises RuleMalformed, RuleUnsupported, CountTooLarge, or several of them as InvalidTogether.
    """
    if len(text) > MOST_CHARACTERS:
        raise RuleMalformed(f"A recurrence rule must have at most {MOST_CHARACTERS} characters.")
    if not text.isascii():
        raise RuleMalformed("A recurrence rule must have only ASCII characters.")
    text = text.upper()
    _check_is_alone(text)
    readers: _Readers = {**_READERS, "UNTIL": partial(_until, start=start)}
    values: dict[str, Any] = {}
    checks = Checks()
    for part in text.split(";"):
        with checks:
            name, value = _named(part, known=readers)
            if name in values:
                raise RuleMalformed(f"`{name}` must not be given more than once.")
            values[name] = None  # named, even if its value is wrong
            values[name] = readers[name](value)
    with checks:
        if "FREQ" not in values:
            raise RuleMalformed("A recurrence rule must have a `FREQ`, such as `FREQ=WEEKLY`.")
    checks.finish()
    return values


def _check_is_alone(text: str) -> None:
    checks = Checks()
    for name, (fault, message) in _OF_CALENDARS.items():
        with checks:
            if name in text:
                raise fault(message)
    checks.finish()
    if any(map(str.isspace, text)):
        raise RuleMalformed("A recurrence rule must be written without spaces and line breaks.")


def _named(part: str, *, known: Collection[str]) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals or not value:
        raise RuleMalformed("Each part must have the form `NAME=VALUE`, with a `;` only between two parts.")
    if name not in known:
        raise RuleMalformed(f"The parts that a rule may have are {', '.join(sorted(known))}.")
    return name, value


def _frequency(value: str) -> Frequency:
    if value in ("SECONDLY", "MINUTELY"):
        raise RuleUnsupported("`FREQ` must be HOURLY or a longer period.")
    if value not in Frequency.__members__:
        raise RuleMalformed(f"`FREQ` must be one of {', '.join(Frequency)}.")
    return Frequency(value)


def _skip(value: str) -> Skip:
    if value not in Skip.__members__:
        raise RuleMalformed(f"`SKIP` must be one of {', '.join(Skip)}.")
    return Skip(value)


def _scale(value: str) -> str:
    if value != "GREGORIAN":
        raise RuleUnsupported("`RSCALE` must be GREGORIAN.")
    return value


def _interval(value: str) -> int:
    return _whole(value, what="`INTERVAL`", least=1, most=999_999_999)


def _count(value: str) -> int:
    if _NUMBER.fullmatch(value) and int(value) > MOST_OCCURRENCES:
        raise CountTooLarge(f"`COUNT` must be at most {MOST_OCCURRENCES}. Use `UNTIL`, or a series without an end.")
    return _whole(value, what="`COUNT`", least=1, most=MOST_OCCURRENCES)


def form_of_until(start: WallClock) -> str:
    """Return what the form of `UNTIL` must be for a due value, as a sentence."""
    if start.time is None:
        return "`UNTIL` must be a date, such as 20270131, because the due value has no time."
    if start.time_zone is None:
        return "`UNTIL` must be a time without a zone, such as 20270131T170000, as the due value is."
    return "`UNTIL` must be a time in UTC, such as 20270131T170000Z, because the due value has a zone."


def _until(value: str, *, start: WallClock | None) -> dt.date:
    form = _FORM_OF_UNTIL.fullmatch(value)
    if form is None:
        raise RuleMalformed(_ANY_FORM_OF_UNTIL if start is None else form_of_until(start))
    try:
        date = dt.date.fromisoformat(form[1])
        time = None if form[2] is None else dt.time.fromisoformat(form[2])
    except ValueError as error:
        raise RuleMalformed("`UNTIL` must have a date and a time that exist.") from error
    return date if time is None else dt.datetime.combine(date, time, tzinfo=dt.UTC if form[3] else None)


def _weekday(value: str) -> int:
    if value not in WEEKDAYS:
        raise RuleMalformed(f"`WKST` must be one of {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(value)


def _weekdays(value: str) -> tuple[WeekdayNumber, ...]:
    return tuple(sorted({_weekday_number(each) for each in value.split(",")}))


def _weekday_number(value: str) -> WeekdayNumber:
    form = _WEEKDAY.fullmatch(value)
    if form is None:
        raise RuleMalformed("`BYDAY` must be a list such as `MO,WE` or `1MO,-1FR`.")
    number = 0 if form[1] is None else _signed(form[1], name="BYDAY", most=53)
    return WeekdayNumber(number=number, weekday=WEEKDAYS.index(form[2]))


def _whole_numbers(value: str, *, name: str, least: int, most: int) -> tuple[int, ...]:
    what = f"Each number of `{name}`"
    return tuple(sorted({_whole(each, what=what, least=least, most=most) for each in value.split(",")}))


def _signed_numbers(value: str, *, name: str, most: int) -> tuple[int, ...]:
    return tuple(sorted({_signed(each, name=name, most=most) for each in value.split(",")}))


def _whole(value: str, *, what: str, least: int, most: int) -> int:
    form = _NUMBER.fullmatch(value)
    if form is None or form[1] or not least <= int(value) <= most:
        raise RuleMalformed(f"{what} must be a whole number from {least} to {most}.")
    return int(value)


def _signed(value: str, *, name: str, most: int) -> int:
    form = _NUMBER.fullmatch(value)
    if form is None or not 1 <= int(form[2]) <= most:
        raise RuleMalformed(f"Each number of `{name}` must be from 1 to {most}, or from -{most} to -1.")
    return int(value)


_READERS: Final[_Readers] = {
    "FREQ": _frequency,
    "INTERVAL": _interval,
    "COUNT": _count,
    "BYMONTH": partial(_whole_numbers, name="BYMONTH", least=1, most=12),
    "BYWEEKNO": partial(_signed_numbers, name="BYWEEKNO", most=53),
    "BYYEARDAY": partial(_signed_numbers, name="BYYEARDAY", most=366),
    "BYMONTHDAY": partial(_signed_numbers, name="BYMONTHDAY", most=31),
    "BYDAY": _weekdays,
    "BYHOUR": partial(_whole_numbers, name="BYHOUR", least=0, most=23),
    "BYMINUTE": partial(_whole_numbers, name="BYMINUTE", least=0, most=59),
    "BYSECOND": partial(_whole_numbers, name="BYSECOND", least=0, most=59),
    "BYSETPOS": partial(_signed_numbers, name="BYSETPOS", most=366),
    "WKST": _weekday,
    "RSCALE": _scale,
    "SKIP": _skip,
}
"""How the value of each part is read, but for `UNTIL`: its form depends on the due value."""

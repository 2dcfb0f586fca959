"""Formats of texts that are checked by functions, because JSON Schema allows more than this server accepts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:[0-5]\d)", re.ASCII)


def _is_date(text: str) -> bool:
    """A full-date of RFC 3339 that exists in the calendar: no year 0000."""
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_date_time(text: str) -> bool:
    """A date-time of RFC 3339 with an offset, at a moment that exists in UTC: no leap second, no year 10000.

    `t` and `z` may be in lower case (section 5.6), which `datetime` does not read.
    """
    try:
        return _DATE_TIME.fullmatch(text) is not None and bool(datetime.fromisoformat(text.upper()).astimezone(UTC))
    except (ValueError, OverflowError):
        return False


def _is_base64(text: str) -> bool:
    """Base64 with its padding (RFC 4648, section 4)."""
    return _BASE64.fullmatch(text) is not None


FORMATS: Mapping[str, Callable[[str], bool]] = {"date": _is_date, "date-time": _is_date_time, "byte": _is_base64}

INFINITY = float("inf")
RANGES: Mapping[object, tuple[float, float]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38),
}
"""Formats of numbers are ranges; a number that a double cannot hold is rejected anyway (`bodies`)."""

_YEAR = "(000[2-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])"
_DAY = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
PLAINLY: Mapping[str, str] = {
    "date": f"^{_YEAR}-{_DAY}$",
    "date-time": rf"^{_YEAR}-{_DAY}T{_CLOCK}:[0-5][0-9](\.[0-9]+)?(Z|[+-]{_CLOCK})$",
}
"""Patterns of values that certainly have a format. Only other values need the functions above, which cost ten times as
much: a 29 February, the first and the last year, and everything that is wrong."""

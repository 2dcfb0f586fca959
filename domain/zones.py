"""Names of time zones."""

import zoneinfo
from functools import cache

from domain.errors import TimeZoneUnknown


@cache
def _names() -> frozenset[str]:
    """Read from disk once: a name is never looked up as a path."""
    return frozenset(zoneinfo.available_timezones())


def check_zone(name: str, *, pointer: str) -> None:
    """Raise TimeZoneUnknown with this pointer unless *name* is, exactly as written, in the IANA database."""
    if name not in _names():
        raise TimeZoneUnknown(pointer=pointer)

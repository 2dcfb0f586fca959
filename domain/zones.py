"""Names of time zones."""

import zoneinfo
from functools import cache

from domain.errors import Invalid


class TimeZoneUnknown(Invalid):
    """Not the name of a zone in the IANA time zone database."""

    code = "time-zone"

    def __init__(self, *, pointer: str) -> None:
        super().__init__("This must be the name of an IANA time zone, such as Europe/Berlin.")
        self.pointer = pointer


@cache
def _names() -> frozenset[str]:
    """Return all names, read from disk once: a name is never looked up as a path."""
    return frozenset(zoneinfo.available_timezones())


def is_zone(name: str) -> bool:
    """Return whether *name* is, exactly as written, in the IANA database."""
    return name in _names()


def check_zone(name: str, *, pointer: str) -> None:
    """Raise TimeZoneUnknown with this pointer unless *name* is, exactly as written, in the IANA database."""
    if not is_zone(name):
        raise TimeZoneUnknown(pointer=pointer)

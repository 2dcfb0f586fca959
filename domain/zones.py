"""Time zones: their names and their data, which come from the package `tzdata` alone.

A host's files differ from it, and from each other, so the same task would be due at different instants on two servers.
This is the only module that may import `zoneinfo` (a rule of ruff), so that no zone is loaded before the search path is
emptied. See ADR 113.
"""

import zoneinfo
from functools import cache
from typing import Final

import tzdata

from domain.errors import Invalid

zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()  # what another package may have loaded before

DATA_VERSION: Final[str] = tzdata.IANA_VERSION
"""The release of the IANA database, such as `2026f`. Instants that were computed with another one may have moved."""

_NOT_OFFERED: Final = frozenset({"Factory", "localtime", "posixrules"})
"""Names in some copies of the database that do not name a place: a zone that is not set, and the host's own."""


class TimeZoneUnknown(Invalid):
    """Not the name of a zone in the IANA time zone database."""

    code = "time-zone"

    def __init__(self, *, pointer: str) -> None:
        super().__init__(
            "This must be the name of an IANA time zone, such as Europe/Berlin. Upper and lower case matter."
        )
        self.pointer = pointer


@cache
def names() -> frozenset[str]:
    """Return the names that can be chosen, read once: a name from a request is never looked up as a path."""
    return frozenset(zoneinfo.available_timezones()) - _NOT_OFFERED


def is_zone(name: str) -> bool:
    """Return whether *name* is, exactly as written, one that can be chosen."""
    return name in names()


def check_zone(name: str, *, pointer: str) -> None:
    """Raise TimeZoneUnknown with this pointer unless *name* is, exactly as written, one that can be chosen."""
    if not is_zone(name):
        raise TimeZoneUnknown(pointer=pointer)


def zone(name: str) -> zoneinfo.ZoneInfo:
    """Return the rules of a zone. A stored name that cannot be chosen any more has those of UTC."""
    return zoneinfo.ZoneInfo(name if is_zone(name) else "UTC")

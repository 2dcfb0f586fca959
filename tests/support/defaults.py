"""The time and the address of a test's requests, unless the test sets others."""

import datetime as dt

from domain.origins import Origin

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOME = Origin(address="192.0.2.7", device="Tickbox for phones 1.0")

"""When and where a request of a test comes from, unless the test says otherwise."""

import datetime as dt

from domain.origins import Origin

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOME = Origin(address="192.0.2.7", device="Tickbox for phones 1.0")

"""A time of day, which clients write as `HH:MM` or `HH:MM:SS`."""

import datetime as dt


def time_view(time: dt.time) -> str:
    """`HH:MM`, with `:SS` only if it has seconds."""
    return time.isoformat("seconds" if time.second else "minutes")

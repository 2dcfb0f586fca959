"""Series for tests, their occurrences one after the other, and what is wrong with a rule."""

import datetime as dt
from collections.abc import Iterator, Sequence

from domain.errors import DomainError, Invalid, InvalidTogether
from domain.recurrence.series import Position, Series, first, following
from domain.wall_clocks import WallClock


def positions(series: Series) -> Iterator[Position]:
    """Each occurrence, as a client that completes them in turn would see them."""
    position: Position | None = first(series)
    while position is not None:
        yield position
        position = following(series, position)


def occurrences(series: Series) -> Iterator[WallClock]:
    for position in positions(series):
        yield position.at


def local(at: WallClock) -> dt.datetime:
    return dt.datetime.combine(at.date, at.time or dt.time())


def value(moment: dt.datetime, like: WallClock) -> WallClock:
    return WallClock(date=moment.date(), time=None if like.time is None else moment.time(), time_zone=like.time_zone)


def faults_of(error: DomainError) -> Sequence[Invalid]:
    if isinstance(error, InvalidTogether):
        return error.errors
    assert isinstance(error, Invalid)
    return [error]

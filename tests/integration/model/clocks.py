"""A clock that jumps, for a server that is compared with the model."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

BEGIN: Final = dt.datetime(2027, 3, 20, 10, 0, 30, tzinfo=dt.UTC)
"""A week before the clocks of Berlin are changed. The seconds are those of no occurrence: see JumpingClock."""
_TICK: Final = dt.timedelta(milliseconds=1)


@dataclass
class JumpingClock:
    """Each reading is later than the one before, so that no two changes have one time.

    The readings of a whole run add up to a few seconds. So between the seconds at which it begins and the next full
    minute, which side of an occurrence it is on does not depend on how often it was read.
    """

    now: dt.datetime = BEGIN

    def __call__(self) -> dt.datetime:
        self.now += _TICK
        return self.now

    def check(self) -> None:
        """Raise AssertionError if the next full minute has come."""
        assert self.now.second >= BEGIN.second, f"{self.now}: the steps of a run read the clock too often"

    @property
    def elapsed(self) -> dt.timedelta:
        return self.now - BEGIN

    def begin(self) -> None:
        """Go back: another run begins, in a workspace of its own."""
        self.now = BEGIN

    def jump(self, by: dt.timedelta) -> None:
        self.now += by

"""Work, counted: how much is done is the same on any machine, however busy it is; how long it takes is not."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType


class TooMuchWorkError(Exception):
    """Raised when there were more calls than allowed: the work might never end."""


def calls_of(work: Callable[[], object], *, most: int = sys.maxsize) -> Counter[str]:
    """How often *work* calls each function written in Python, by its module and name. Raises TooMuchWorkError."""
    calls: Counter[str] = Counter()
    left = most

    def count(frame: FrameType, event: str, _arg: object) -> None:
        nonlocal left
        if event == "call":
            calls[f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"] += 1
            left -= 1
            if left < 0:
                sys.setprofile(None)
                raise TooMuchWorkError

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls

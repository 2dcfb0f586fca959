"""The order that people give to items: opaque strings, compared bytewise, with room between any two.

A position is an integer of variable length, then an optional fraction, in base 62. The integer's first character says
how many digits follow: 'a' one, 'b' two, and so on for integers from 0 on; 'Z' one, 'Y' two, and so on for those below.
So integers sort by their value, and adding at an end makes positions grow with the logarithm of their count. The
letters are enough: 'f' begins 62 to the power of 6 positions, more than fifty billion. A fraction does not end with the
digit 0, so that there is always room before it.

Source: David Greenspan, "Implementing Fractional Indexing" (2020).
"""

from collections.abc import Sequence
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ZERO, _LAST = _DIGITS[0], _DIGITS[-1]
_FIRST: Final = "a0"

END: Final = "~"
"""A text after all positions."""
LONGEST: Final = 48
"""How many characters a position has at most before its neighbours make room; see `domain/moves.py`."""


def after(last: str | None) -> str:
    """Return a position after *last*, or the first position without a *last*."""
    return between(last, None)


def between(low: str | None, high: str | None) -> str:
    """Return a position after *low* and before *high*, as short as can be. None is the end on that side."""
    if low is None:
        return _FIRST if high is None else _before(high)
    integer, fraction = _parts(low)
    above = _next(integer)
    if high is None or above < high:
        return above
    other, other_fraction = _parts(high)
    return integer + _middle(fraction, other_fraction if other == integer else None)


def spread(low: str | None, high: str | None, *, count: int) -> Sequence[str]:
    """Return *count* positions between *low* and *high*, in order.

    There is about as much room between any two of them. Towards an open end they are counted.
    """
    if low is not None and high is not None:
        return _shared(low, high, count=count)
    found: list[str] = []
    for _ in range(count):
        if high is None:
            found.append(between(found[-1] if found else low, None))
        else:
            found.append(between(None, found[-1] if found else high))
    return tuple(found if high is None else reversed(found))


def just_after(position: str) -> str:
    """Return a text that is greater than *position*, and not greater than any position after it."""
    return position + _ZERO


def _shared(low: str, high: str, *, count: int) -> Sequence[str]:
    if count == 0:
        return ()
    middle = between(low, high)
    left = (count - 1) // 2
    return (*_shared(low, middle, count=left), middle, *_shared(middle, high, count=count - 1 - left))


def _before(high: str) -> str:
    integer, fraction = _parts(high)
    if fraction:
        return integer
    head, digits = integer[0], integer[1:]
    room = digits.rstrip(_ZERO)
    if room:
        return head + room[:-1] + _DIGITS[_DIGITS.index(room[-1]) - 1] + _LAST * (len(digits) - len(room))
    if head == "a":
        return "Z" + _LAST
    length = len(digits) - 1 if head > "a" else len(digits) + 1
    return chr(ord(head) - 1) + _LAST * length


def _parts(position: str) -> tuple[str, str]:
    head = position[0]
    length = ord(head) - ord("a") + 1 if head >= "a" else ord("Z") - ord(head) + 1
    return position[: length + 1], position[length + 1 :]


def _next(integer: str) -> str:
    head, digits = integer[0], integer[1:]
    room = digits.rstrip(_LAST)
    if room:
        return head + room[:-1] + _DIGITS[_DIGITS.index(room[-1]) + 1] + _ZERO * (len(digits) - len(room))
    if head == "Z":
        return _FIRST
    length = len(digits) + 1 if head >= "a" else len(digits) - 1
    return chr(ord(head) + 1) + _ZERO * length


def _middle(low: str, high: str | None) -> str:
    """Return a fraction between two others; without *high*, below 1."""
    found = ""
    while True:
        least = _DIGITS.index(low[0]) if low else 0
        most = _DIGITS.index(high[0]) if high is not None else len(_DIGITS)
        if most - least > 1:
            return found + _DIGITS[(least + most) // 2]
        if high is not None and most > least and len(high) > 1:
            return found + high[0]
        found += _DIGITS[least]
        low = low[1:]
        high = high[1:] if high is not None and most == least else None

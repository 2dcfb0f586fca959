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
_BASE: Final = len(_DIGITS)
_ZERO: Final = _DIGITS[0]
_FIRST: Final = "a0"

END: Final = "~"
"""A text after all positions."""
LONGEST: Final = 48
"""How many characters a position has at most before its neighbours make room; see `domain/moves.py`."""
MOST_CHARACTERS: Final = 64
"""How many it has at most if they do not have room either."""


def after(last: str | None) -> str:
    """Return a position after *last*, or the first position without a *last*."""
    return between(last, None)


def between(low: str | None, high: str | None) -> str:
    """Return a position after *low* and before *high*, with as few digits as can be. None is the end on that side."""
    if low is None:
        return _FIRST if high is None else _from_number(_to_number(high, 0, up=True) - 1, 0)
    if high is None:
        return _from_number(_to_number(low, 0) + 1, 0)
    return _evenly(low, high, count=1)[0]


def spread(low: str | None, high: str | None, *, count: int) -> Sequence[str]:
    """Return *count* positions between *low* and *high*, in order.

    There is about as much room between any two of them. Towards an open end they are counted.
    """
    if low is not None and high is not None:
        return _evenly(low, high, count=count)
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


def _evenly(low: str, high: str, *, count: int) -> Sequence[str]:
    """Return positions at equal distances, whose fractions have as few digits as there must be."""
    assert low < high, "there is nothing between them"
    digits = 0
    while (room := _to_number(high, digits, up=True) - (first := _to_number(low, digits)) - 1) < count:
        digits += 1
    return tuple(_from_number(first + (room + 1) * (n + 1) // (count + 1), digits) for n in range(count))


def _to_number(position: str, digits: int, *, up: bool = False) -> int:
    """Return a position's value times the base to the power of *digits*, rounded down, or *up*."""
    integer, fraction = _parts(position)
    value = _read(integer[1:])
    value += _shorter(len(integer) - 1) if integer[0] >= "a" else -_shorter(len(integer))
    value = _read(fraction[:digits].ljust(digits, _ZERO), above=value)
    return value + 1 if up and len(fraction) > digits else value


def _shorter(length: int) -> int:
    """Return how many numbers have fewer digits than *length*, and at least one."""
    count: int = (_BASE**length - _BASE) // (_BASE - 1)
    return count


def _from_number(number: int, digits: int) -> str:
    """The inverse of `_to_number`."""
    value, rest = divmod(number, _BASE**digits)
    length = 1
    if value >= 0:
        while value >= _BASE**length:
            value -= _BASE**length
            length += 1
        head = chr(ord("a") + length - 1)
    else:
        while (value := value + _BASE**length) < 0:
            length += 1
        head = chr(ord("Z") - length + 1)
    return head + _write(value, length) + _write(rest, digits).rstrip(_ZERO)


def _read(digits: str, *, above: int = 0) -> int:
    """Return the number of some digits, which follow those of the number *above*."""
    for digit in digits:
        above = above * _BASE + _DIGITS.index(digit)
    return above


def _write(value: int, length: int) -> str:
    found = ""
    for _ in range(length):
        value, digit = divmod(value, _BASE)
        found = _DIGITS[digit] + found
    return found


def _parts(position: str) -> tuple[str, str]:
    head = position[0]
    length = ord(head) - ord("a") + 1 if head >= "a" else ord("Z") - ord(head) + 1
    return position[: length + 1], position[length + 1 :]

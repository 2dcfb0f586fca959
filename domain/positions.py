"""The order that people give to items: opaque strings, compared bytewise, with room between any two.

A position is an integer of variable length, then an optional fraction, in base 62. The integer's first character is the
number of digits that follow ('a': one, 'b': two, and so on), so that longer numbers sort after shorter ones, and adding
at the end makes positions grow with the logarithm of their count. The letters are enough: 'f' begins 62 to the power of
6 positions, more than fifty billion.

Source: David Greenspan, "Implementing Fractional Indexing" (2020).
"""

from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FIRST: Final = "a0"


def after(last: str | None) -> str:
    """Return a position after *last*, or the first position without a *last*."""
    if last is None:
        return _FIRST
    head = last[0]
    length = ord(head) - ord("a") + 1
    digits = last[1 : length + 1]
    room = digits.rstrip(_DIGITS[-1])
    if room:
        raised = room[:-1] + _DIGITS[_DIGITS.index(room[-1]) + 1]
        return head + raised + _DIGITS[0] * (length - len(raised))
    return chr(ord(head) + 1) + _DIGITS[0] * (length + 1)

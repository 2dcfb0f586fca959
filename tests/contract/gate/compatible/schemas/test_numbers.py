from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import pytest

from tickbox_contract.gate.compatible.schemas.numbers import Number, Numbers


def numbers(text: str) -> Numbers:
    """Numbers with what *text* says, such as `>=1 <2 /3 !/2`."""
    made = Numbers()
    for word in text.split():
        mark = word.rstrip("0123456789.-")
        value = float(word.removeprefix(mark)) if "." in word else int(word.removeprefix(mark))
        if mark in {"/", "!/"}:
            (made.multiples if mark == "/" else made.not_multiples).append(Fraction(str(value)))
        elif mark.startswith(">"):
            made.above(value, is_open=mark == ">")
        else:
            made.below(value, is_open=mark == "<")
    return made


def without(*values: Number) -> Callable[[Number], bool]:
    return lambda value: value in values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", [0]), (">5", [6]), (">=5", [5]), ("<-5", [-6]), (">0 <1", [0.5]), (">=1 <=1", [1]), ("/1 !/2", [1]),
        ("/1 >=10 !/2", [11]), ("/0.1 >0", [0.1]), ("!/1", [0.5]), (">=3 !/1", [4.0 - 0.5]), ("/4 /6 >0", [12]),
        (">0.1 <0.2", [0.11]), ("/2 <-3", [-4]), ("/1.5 >-9223372036854775808 <9223372036854775807 !/1", [1.5]),
        (">=0 >0 <=9 <9 /9 ", []), ("/1 >=1 <=1 !/1", []), (">1 <1", []), ("/2 !/1", []), ("/7 >1 <6", []),
    ],
)  # fmt: skip
def test_a_number_is_found_or_none_is_proved(text: str, values: list[Number]) -> None:
    found, is_complete = numbers(text).values(1, without())
    assert (found, is_complete) == (values, not values)


def test_all_numbers_between_bounds_are_found() -> None:
    assert numbers("/1 >=-1 <=2").values(9, without(0)) == ([1, -1, 2], True)


def test_some_numbers_are_not_all() -> None:
    found, is_complete = numbers(">0 <1").values(99, without())
    assert (len(found) > 5, is_complete) == (True, False)


def test_excluded_numbers_without_bounds_prove_nothing() -> None:
    assert numbers("/1 >=1 <=1").values(1, without(1)) == ([], True)
    assert numbers("/1 !/2").values(1, lambda _: True) == ([], False)


def test_a_number_that_no_float_has_proves_nothing() -> None:
    many = numbers("/0.5 !/1 >=1000000000000000000000 <=1000000000000000000001")
    assert many.values(1, without()) == ([], False)

from itertools import pairwise

import pytest

from domain import positions


def test_the_first_position_needs_no_other() -> None:
    assert positions.after(None) == "a0"


def test_ten_thousand_positions_in_a_row_ascend_bytewise_and_stay_short() -> None:
    created = [positions.after(None)]
    for _ in range(10_000):
        created.append(positions.after(created[-1]))

    assert all(one.encode() < next_one.encode() for one, next_one in pairwise(created))
    assert max(map(len, created)) == 4


@pytest.mark.parametrize(
    ("last", "expected"),
    [("a0", "a1"), ("aZ", "aa"), ("az", "b00"), ("b0z", "b10"), ("bzz", "c000"), ("ezzzzz", "f000000")],
)
def test_a_position_is_counted_up_with_carry(last: str, expected: str) -> None:
    assert positions.after(last) == expected


def test_a_position_between_two_others_is_followed_by_the_next_whole_one() -> None:
    assert positions.after("a1V") == "a2"

import random
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


def test_items_can_be_put_anywhere_and_any_number_of_times() -> None:
    chance = random.Random(1)  # noqa: S311 -- no secret
    created = [positions.after(None)]
    for _ in range(5_000):
        place = chance.choice((0, chance.randrange(len(created) + 1), len(created)))
        low, high = ([None, *created, None][place + at] for at in (0, 1))
        created.insert(place, positions.between(low, high))

    assert all(one.encode() < next_one.encode() for one, next_one in pairwise(created))
    assert not [each for each in created if len(each) > 2 and each[0] == "a" and each.endswith("0")]
    assert max(map(len, created)) < 12


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (None, "a0", "Zz"),
        (None, "Z0", "Yzz"),
        (None, "b00", "az"),
        (None, "a0V", "a0"),
        ("Zz", None, "a0"),
        ("Yzz", None, "Z0"),
        ("a0", "a1", "a0V"),
        ("a0", "a0V", "a0F"),
        ("a0z", "a1", "a0zV"),
        ("a0", "a2", "a1"),
        ("a0", "a001", "a000V"),
    ],
)
def test_a_position_between_two_others_is_short(low: str | None, high: str | None, expected: str) -> None:
    assert positions.between(low, high) == expected


@pytest.mark.parametrize(("low", "high"), [(None, None), ("a0", "a1"), ("Zz", "a0"), ("a0V", None), (None, "a0")])
def test_many_positions_share_the_room_between_two_others(low: str | None, high: str | None) -> None:
    found = positions.spread(low, high, count=100)

    ends = [each for each in (low, *found, high) if each is not None]
    assert (len(found), all(one < next_one for one, next_one in pairwise(ends))) == (100, True)
    assert max(map(len, found)) <= 4
    assert positions.spread(low, high, count=0) == ()

"""What many ask for at once is looked up together."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import pytest

from app.together import Together
from domain.errors import StorageUnavailable


class Doubles:
    """Looks up twice each number but 0, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Collection[int]] = []
        self.fails = False

    async def __call__(self, wanted: Collection[int]) -> Mapping[int, int]:
        self.asked.append(wanted)
        await asyncio.sleep(0)
        if self.fails:
            raise ConnectionError
        return {number: 2 * number for number in wanted if number}


async def test_what_is_asked_for_at_once_is_one_look_up() -> None:
    doubles = Doubles()
    look_up = Together(doubles)
    assert await asyncio.gather(*(look_up(number) for number in (1, 2, 0, 1))) == [2, 4, None, 2]
    assert await look_up(3) == 6
    assert doubles.asked == [{0, 1, 2}, {3}]


async def test_what_is_asked_for_later_is_not_found_by_a_look_up_that_has_begun() -> None:
    doubles = Doubles()
    look_up = Together(doubles)
    first = asyncio.create_task(look_up(1))
    while not doubles.asked:  # noqa: ASYNC110 -- seen from outside
        await asyncio.sleep(0)
    assert (await look_up(1), await first) == (2, 2)
    assert doubles.asked == [{1}, {1}]


async def test_one_who_is_cancelled_does_not_cancel_the_others() -> None:
    look_up = Together(Doubles())
    ending, other = (asyncio.create_task(look_up(1)) for _ in range(2))
    await asyncio.sleep(0)
    ending.cancel()
    assert await other == 2


async def test_all_who_ask_get_the_error() -> None:
    doubles = Doubles()
    look_up = Together(doubles)
    doubles.fails = True
    failed = await asyncio.gather(*(look_up(number) for number in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [ConnectionError] * 3
    doubles.fails = False
    assert await look_up(1) == 2


async def test_a_look_up_without_a_response_is_given_up_and_the_next_one_is_another() -> None:
    hangs = asyncio.Event()

    async def look_up(wanted: Collection[int]) -> Mapping[int, int]:
        if not hangs.is_set():
            hangs.set()
            await asyncio.Event().wait()
        return dict.fromkeys(wanted, 2)

    together = Together(look_up, longest_s=0.01)
    with pytest.raises(StorageUnavailable):
        await together(1)
    assert await together(1) == 2

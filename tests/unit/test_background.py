import asyncio
import logging

import pytest

from app.background import repeating

logger = logging.getLogger(__name__)


async def test_a_failure_is_logged_once_while_it_lasts_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    ways = iter([KeyError(), KeyError(), ValueError(), ValueError(), None, ValueError()])
    done = asyncio.Event()

    async def act() -> None:
        try:
            way = next(ways)
        except StopIteration:
            done.set()
            return
        if way is not None:
            raise way

    async with repeating(act, every_s=0, logger=logger, failure="it failed"):
        await done.wait()

    kinds = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert kinds == [KeyError, ValueError, ValueError]

"""Waiting for something that few can have at once."""

import asyncio

from domain.errors import StorageUnavailable


async def take(what: asyncio.Semaphore | asyncio.Lock, wait_s: float) -> None:
    """Acquire *what*, in the order of the calls. Raises StorageUnavailable after *wait_s* seconds."""
    if not what.locked():  # without the price of a timer
        await what.acquire()
        return
    try:
        async with asyncio.timeout(wait_s):
            await what.acquire()
    except TimeoutError as error:
        raise StorageUnavailable from error

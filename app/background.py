"""What a server does on the side, over and over."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def repeating(act: Callable[[], Awaitable[object]], *, every_s: float) -> AsyncIterator[None]:
    """Do *act* at once, and again so many seconds after it was done, while the context lasts. What fails is logged."""
    task = asyncio.create_task(_repeat(act, every_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _repeat(act: Callable[[], Awaitable[object]], every_s: float) -> None:
    while True:
        try:
            await act()
        except Exception:  # nobody else would see it; whatever it was, such as a database without a schema, may pass
            logger.exception("work in the background failed")
        await asyncio.sleep(every_s)

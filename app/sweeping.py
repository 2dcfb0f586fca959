"""What a server does on the side: forget the answers that are kept for repeated calls, once nobody may repeat them."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from persistence import retries
from persistence.unit_of_work import Dependencies

SWEEP_EVERY_S = 600

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def sweeping(dependencies: Dependencies, *, every_s: float = SWEEP_EVERY_S) -> AsyncIterator[None]:
    """Sweep at once, and again every so often, while the context lasts. Several servers may do it on one database."""
    task = asyncio.create_task(_sweep_for_ever(dependencies, every_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def sweep(dependencies: Dependencies) -> int:
    """Delete all that has expired, in small transactions, between which others get their turn. How much it was."""
    total = 0
    while swept := await _sweep_some(dependencies):
        total += swept
    return total


async def _sweep_some(dependencies: Dependencies) -> int:
    transaction = await dependencies.database.begin()
    try:
        swept = await retries.sweep(transaction, now=dependencies.clock())
        await transaction.commit()
    finally:
        await transaction.close()
    return swept


async def _sweep_for_ever(dependencies: Dependencies, every_s: float) -> None:
    while True:
        try:
            await sweep(dependencies)
        except Exception:  # nobody else would see it; whatever it was, such as a database without a schema, may pass
            logger.exception("could not sweep")
        await asyncio.sleep(every_s)

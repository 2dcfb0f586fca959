"""What a server does on the side: forget the answers that are kept for repeated calls, once nobody may repeat them."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from domain.errors import DomainError
from persistence.unit_of_work import Dependencies, UnitOfWork

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
    while True:
        async with UnitOfWork(
            dependencies, principal=None, workspace_id=None, safe=False, admit=lambda _role: None
        ) as work:
            swept = await work.sweep()
            await work.commit()
        total += swept
        if not swept:
            return total


async def _sweep_for_ever(dependencies: Dependencies, every_s: float) -> None:
    while True:
        try:
            await sweep(dependencies)
        except DomainError as error:  # the database is away: there is a next time
            logger.warning("could not sweep", extra={"cause": str(error)})
        await asyncio.sleep(every_s)

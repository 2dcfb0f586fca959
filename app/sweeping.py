"""Forget the answers that are kept for repeated calls, once nobody may repeat them."""

from persistence import retries
from persistence.unit_of_work import Dependencies

SWEEP_EVERY_S = 600


async def sweep(dependencies: Dependencies) -> int:
    """Delete all that has expired, in small transactions, between which others get their turn. How much it was.

    Several servers may do it on one database.
    """
    total = 0
    while swept := await _sweep_some(dependencies):
        total += swept
    return total


async def _sweep_some(dependencies: Dependencies) -> int:
    async with dependencies.database.transaction() as transaction:
        return await retries.sweep(transaction, now=dependencies.clock())

"""What a server does on the side: forget what nobody may ask for any more."""

import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator
from typing import Final, Protocol

from app.background import repeating
from persistence import one_time_tokens, retries
from persistence.database import Runner
from persistence.unit_of_work import Dependencies

SWEEP_EVERY_S = 600

logger = logging.getLogger(__name__)


class Sweep(Protocol):
    """Deletes some of what has expired."""

    async def __call__(self, runner: Runner, *, now: dt.datetime) -> int:
        """How much it was: 0 when nothing is left."""


SWEEPS: Final[tuple[Sweep, ...]] = (
    retries.sweep,  # answers that were kept for repeated calls
    one_time_tokens.sweep,  # tokens that were sent by mail
)


@contextlib.asynccontextmanager
async def sweeping(dependencies: Dependencies, *, every_s: float = SWEEP_EVERY_S) -> AsyncIterator[None]:
    """Sweep at once, and again every so often, while the context lasts. Several servers may do it on one database."""

    async def act() -> None:
        await sweep(dependencies)

    async with repeating(act, every_s=every_s, logger=logger, failure="could not sweep"):
        yield


async def sweep(dependencies: Dependencies) -> int:
    """Delete all that has expired, in small transactions, between which others get their turn. How much it was."""
    total = 0
    for sweep_some in SWEEPS:
        while swept := await _sweep_some(dependencies, sweep_some):
            total += swept
    return total


async def _sweep_some(dependencies: Dependencies, sweep_some: Sweep) -> int:
    transaction = await dependencies.database.begin()
    try:
        swept = await sweep_some(transaction, now=dependencies.clock())
        await transaction.commit()
    finally:
        await transaction.close()
    return swept

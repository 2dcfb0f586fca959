"""What a server does on the side: delete what has expired, and nobody would come back for."""

import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from app.background import repeating
from persistence import account_log, invitations, one_time_tokens, outbox, retries, sessions, tokens
from persistence.database import Runner
from persistence.unit_of_work import Dependencies

SWEEP_EVERY_S = 600


logger = logging.getLogger(__name__)


class Sweep(Protocol):
    """Deletes some of what has expired. Several servers may do it at once."""

    async def __call__(self, runner: Runner, *, now: dt.datetime) -> int:
        """How much it was; none, when nothing is left."""


SWEEPS: Final[Sequence[Sweep]] = (
    retries.sweep,
    sessions.sweep,
    tokens.sweep,
    invitations.sweep,
    one_time_tokens.sweep,
    outbox.sweep,
    account_log.sweep,
)
"""Each is repeated until there is nothing more."""


@contextlib.asynccontextmanager
async def sweeping(dependencies: Dependencies, *, every_s: float = SWEEP_EVERY_S) -> AsyncIterator[None]:
    """Sweep at once, and again every so often, while the context lasts. Several servers may do it on one database."""

    async def act() -> None:
        await sweep_all(dependencies)

    async with repeating(act, every_s=every_s, logger=logger, failure="could not sweep"):
        yield


async def sweep_all(dependencies: Dependencies) -> None:
    """Every sweep. One that fails keeps none of the others; what they raised is raised together, after the last."""
    errors: list[Exception] = []
    for which in SWEEPS:
        try:
            await sweep(dependencies, which)
        except Exception as error:  # noqa: BLE001  # it is raised, once the others had their turn
            errors.append(error)
    if errors:
        message = "sweeps failed"
        raise ExceptionGroup(message, errors)


async def sweep(dependencies: Dependencies, which: Sweep) -> int:
    """Delete all that has expired, in small transactions, between which others get their turn. How much it was."""
    total = 0
    while swept := await _sweep_some(dependencies, which):
        total += swept
    return total


async def _sweep_some(dependencies: Dependencies, which: Sweep) -> int:
    async with dependencies.database.transaction() as transaction:
        return await which(transaction, now=dependencies.clock())

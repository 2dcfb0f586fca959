"""What a server does on the side: delete what has expired, and nobody would come back for."""

import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

from app.background import repeating
from persistence import account_log, idempotency, invitations, one_time_tokens, queued_emails, sessions, tokens
from persistence.database import Runner
from persistence.unit_of_work import Dependencies

PURGE_EVERY_S = 600


logger = logging.getLogger(__name__)


class Purge(Protocol):
    """Deletes some of what has expired. Several servers may do it at once."""

    async def __call__(self, runner: Runner, *, now: dt.datetime) -> int:
        """How much it was; none, when nothing is left."""


PURGES: Final[Sequence[Purge]] = (
    idempotency.purge,
    sessions.purge,
    tokens.purge,
    invitations.purge,
    one_time_tokens.purge,
    queued_emails.purge,
    account_log.purge,
)
"""Each is repeated until there is nothing more."""


@contextlib.asynccontextmanager
async def purging(dependencies: Dependencies, *, every_s: float = PURGE_EVERY_S) -> AsyncIterator[None]:
    """Purge at once, and again every so often, while the context lasts. Several servers may do it on one database."""

    async def act() -> None:
        await purge_all(dependencies)

    async with repeating(act, every_s=every_s, logger=logger, failure="could not purge"):
        yield


async def purge_all(dependencies: Dependencies) -> None:
    """Every purge. One that fails keeps none of the others; what they raised is raised together, after the last."""
    errors: list[Exception] = []
    for which in PURGES:
        try:
            await purge(dependencies, which)
        except Exception as error:  # noqa: BLE001  # it is raised, once the others had their turn
            errors.append(error)
    if errors:
        message = "purges failed"
        raise ExceptionGroup(message, errors)


async def purge(dependencies: Dependencies, which: Purge) -> int:
    """Delete all that has expired, in small transactions, between which others get their turn. How much it was."""
    total = 0
    while swept := await _purge_some(dependencies, which):
        total += swept
    return total


async def _purge_some(dependencies: Dependencies, which: Purge) -> int:
    async with dependencies.database.transaction() as transaction:
        return await which(transaction, now=dependencies.clock())

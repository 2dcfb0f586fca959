"""Deletes what has expired and nobody can ask for any more."""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

from app.jobs.loop import Job
from domain.policy import Policy
from persistence import (
    account_log,
    erasures,
    fired_reminders,
    idempotency,
    invitations,
    log_purges,
    one_time_tokens,
    queued_emails,
    sessions,
    tokens,
    trash_purges,
    workspaces,
)
from persistence.runners import Runner
from persistence.unit_dependencies import Dependencies

PURGE_EVERY_S: Final = 600


class Purge(Protocol):
    """Deletes a bounded number of expired rows. Several processes may run it at the same time."""

    async def __call__(self, runner: Runner, *, now: dt.datetime) -> int:
        """Return how many rows were deleted; 0 if none are left."""


_PURGES: Final[Sequence[Purge]] = (
    idempotency.purge,
    sessions.purge,
    tokens.purge,
    invitations.purge,
    one_time_tokens.purge,
    queued_emails.purge,
    account_log.purge,
    workspaces.purge,
    trash_purges.purge,
    erasures.purge,
)


def purges(policy: Policy) -> Sequence[Purge]:
    """Return all purges. Each is repeated until nothing is left."""
    kept = (log_purges.purge, fired_reminders.purge)
    return (*_PURGES, *(partial(each, kept=policy.log_retention) for each in kept))


def purge_job(dependencies: Dependencies, *, every_s: float = PURGE_EVERY_S) -> Job:
    """Run every purge each *every_s*."""
    return Job(name="purge", run=partial(purge_all, dependencies), every_s=every_s)


async def purge_all(dependencies: Dependencies) -> None:
    """Run every purge. One that fails does not stop the others: their errors are raised together after the last."""
    errors: list[Exception] = []
    for which in purges(dependencies.policy):
        try:
            await purge(dependencies, which)
        except Exception as error:  # noqa: BLE001  # it is raised, once the others had their turn
            errors.append(error)
    if errors:
        message = "purges failed"
        raise ExceptionGroup(message, errors)


async def purge(dependencies: Dependencies, which: Purge) -> int:
    """Delete everything that has expired, in small transactions between which requests get their turn.

    Returns how many rows were deleted.
    """
    total = 0
    while purged := await _purge_some(dependencies, which):
        total += purged
    return total


async def _purge_some(dependencies: Dependencies, which: Purge) -> int:
    async with dependencies.database.transaction() as transaction:
        purged = await which(transaction, now=dependencies.clock())
    await dependencies.database.give_way(transaction.age_s)
    return purged

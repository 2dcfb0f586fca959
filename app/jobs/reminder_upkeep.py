"""Keeps reminders in step with the settings of their owners, and with the zone data of this version."""

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from uuid import UUID

from app.jobs.loop import Job
from app.units import read, write
from domain import reminder_upkeep
from persistence.unit_dependencies import Dependencies
from persistence.unit_of_work import SqlUnitOfWork

LOOK_EVERY_S: Final = 2

_ROUNDS: Final = 100
"""After so many, workspaces that have failed are looked at again: in the next run."""

Step = Callable[[SqlUnitOfWork], Awaitable[bool]]


def reminder_upkeep_job(dependencies: Dependencies, *, every_s: float = LOOK_EVERY_S) -> Job:
    """Look every *every_s* for reminders that are to be computed anew."""
    return Job(name="reminder upkeep", run=partial(renew_all, dependencies), every_s=every_s)


async def renew_all(dependencies: Dependencies) -> None:
    """Compute anew what is to be, in steps, between which requests get their turn.

    Workspaces that fail, such as those of which somebody holds the lock for long, are left out from then on: others
    must not wait for them. Their errors are raised in the end, and they are looked at again the next time.
    """
    failed: dict[UUID, Exception] = {}
    for _ in range(_ROUNDS):
        if not any([await _renew_stale(dependencies, failed), await _renew_outdated(dependencies, failed)]):
            break
    if failed:
        message = "some reminders could not be computed anew"
        raise ExceptionGroup(message, list(failed.values()))


async def _renew_stale(dependencies: Dependencies, failed: dict[UUID, Exception]) -> bool:
    """Take one step for each note, from the first to the last. Return whether there was something to do.

    So whoever changes their settings again and again does not keep others waiting.
    """
    is_done, last = False, None
    while found := await read(dependencies, partial(reminder_upkeep.stale, after=last)):
        for each in found:
            step = partial(reminder_upkeep.renew_stale, workspace_id=each.workspace_id, user_id=each.user_id)
            is_done |= await _take(dependencies, step, each.workspace_id, failed)
        last = found[-1]
    return is_done


async def _renew_outdated(dependencies: Dependencies, failed: dict[UUID, Exception]) -> bool:
    """Take a step for each workspace of the first reminders. Return whether there was something to do."""
    together: dict[UUID, list[UUID]] = defaultdict(list)
    for workspace_id, reminder_id in await read(dependencies, partial(reminder_upkeep.outdated, without=failed.keys())):
        together[workspace_id].append(reminder_id)
    is_done = False
    for workspace_id, reminder_ids in together.items():
        step = partial(reminder_upkeep.renew_outdated, workspace_id=workspace_id, reminder_ids=reminder_ids)
        is_done |= await _take(dependencies, step, workspace_id, failed)
    return is_done or any(each in failed for each in together)


async def _take(dependencies: Dependencies, step: Step, workspace_id: UUID, failed: dict[UUID, Exception]) -> bool:
    """Take a step in a workspace, unless it has *failed*. Return whether there was something to do."""
    if workspace_id in failed:
        return False
    began_s = time.monotonic()
    try:
        is_done = await write(dependencies, step)
    except Exception as error:  # noqa: BLE001  # it is raised, once the others had their turn
        failed[workspace_id] = error
        return False
    await dependencies.database.give_way(time.monotonic() - began_s)
    return is_done

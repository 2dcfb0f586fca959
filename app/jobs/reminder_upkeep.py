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

Step = Callable[[SqlUnitOfWork], Awaitable[bool]]


def reminder_upkeep_job(dependencies: Dependencies, *, every_s: float = LOOK_EVERY_S) -> Job:
    """Look every *every_s* for reminders that are to be computed anew."""
    return Job(name="reminder upkeep", run=partial(renew_all, dependencies), every_s=every_s)


async def renew_all(dependencies: Dependencies) -> None:
    """Compute anew what is to be, in steps, between which requests get their turn.

    A workspace that is busy for long does not keep others waiting: its error is raised after them, and it is looked at
    again the next time.
    """
    errors: list[Exception] = []
    for find in (_stale_steps, _outdated_steps):
        while not errors and any([await _done(dependencies, step, errors) for step in await find(dependencies)]):
            pass
    if errors:
        message = "some reminders could not be computed anew"
        raise ExceptionGroup(message, errors)


async def _stale_steps(dependencies: Dependencies) -> list[Step]:
    found = await read(dependencies, reminder_upkeep.stale)
    return [
        partial(reminder_upkeep.renew_stale, workspace_id=each.workspace_id, user_id=each.user_id) for each in found
    ]


async def _outdated_steps(dependencies: Dependencies) -> list[Step]:
    together: dict[UUID, list[UUID]] = defaultdict(list)
    for workspace_id, reminder_id in await read(dependencies, reminder_upkeep.outdated):
        together[workspace_id].append(reminder_id)
    return [
        partial(reminder_upkeep.renew_outdated, workspace_id=workspace_id, reminder_ids=reminder_ids)
        for workspace_id, reminder_ids in together.items()
    ]


async def _done(dependencies: Dependencies, step: Step, errors: list[Exception]) -> bool:
    began_s = time.monotonic()
    try:
        is_done = await write(dependencies, step)
    except Exception as error:  # noqa: BLE001  # it is raised, once the others had their turn
        errors.append(error)
        return False
    await dependencies.database.give_way(time.monotonic() - began_s)
    return is_done

"""Fires the reminders that are due."""

import asyncio
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from app.jobs.loop import Job
from app.units import read, write
from domain import due_reminders
from domain.model.due_reminders import DueReminder
from persistence.unit_dependencies import Dependencies

LOOK_EVERY_S: Final = 1
_AHEAD: Final = dt.timedelta(seconds=2 * LOOK_EVERY_S)
"""What is due so soon is waited for: the next look would be too late."""
_PAUSE_S: Final = 0.05
"""After what is left could not be done, because somebody else is at it."""
_MOST_IDLE: Final = 1_000
"""So many workspaces in which nothing could be done are left out at most: each is a parameter of a statement. Those of
locked accounts are fewer. There are more where another server was faster, and nothing is due there any more."""


def reminder_job(dependencies: Dependencies) -> Job:
    """Look for reminders every LOOK_EVERY_S, and fire each at its time.

    One that was set less than a second before its time may be late by that second.
    """
    return Job(name="reminders", run=partial(fire_all, dependencies), every_s=LOOK_EVERY_S)


async def fire_all(dependencies: Dependencies) -> None:
    """Fire what is due, and what becomes due, until nothing is due soon. The earliest come first.

    Workspaces that fail, such as those of which somebody holds the lock for long, are left out from then on: others
    must not wait for them. Those in which nothing could be done are left out until the others are done: an owner whose
    account is locked may have all that is found first. Raises the first error in the end.
    """
    failed: dict[UUID, Exception] = {}
    idle = set[UUID]()
    while True:
        without = failed.keys() | idle
        due = await read(dependencies, partial(due_reminders.first, within=_AHEAD, without=without))
        now = dependencies.clock()
        if due and due[0].fires_at <= now:
            idle |= await _fire(dependencies, [each for each in due if each.fires_at <= now], failed)
            if len(idle) > _MOST_IDLE:
                idle.clear()
        elif idle:
            idle.clear()
            await asyncio.sleep(_PAUSE_S)
        elif due:
            await asyncio.sleep(min((due[0].fires_at - now).total_seconds(), LOOK_EVERY_S))
        else:
            break
    for error in failed.values():
        raise error


async def _fire(dependencies: Dependencies, due: Sequence[DueReminder], failed: dict[UUID, Exception]) -> set[UUID]:
    """Fire reminders, those of each workspace together. Stop at what has *failed*.

    Return the workspaces in which nothing was done, as somebody else is at it.
    """
    together: dict[UUID, list[UUID]] = defaultdict(list)
    for each in due:
        together[each.workspace_id].append(each.reminder_id)
    idle = set[UUID]()
    for workspace_id, reminder_ids in together.items():
        try:
            if await _fire_in(dependencies, workspace_id, reminder_ids) == 0:
                idle.add(workspace_id)
        except Exception as error:  # noqa: BLE001  # it is raised, once the others had their turn
            failed[workspace_id] = error
            break  # the next look says whether the database is there
    return idle


async def _fire_in(dependencies: Dependencies, workspace_id: UUID, reminder_ids: Sequence[UUID]) -> int:
    """Fire reminders of a workspace in their order, AT_ONCE in a transaction. Return how many are done.

    Stop where not all could be done: what is left comes before those that follow.
    """
    count = 0
    for start in range(0, len(reminder_ids), due_reminders.AT_ONCE):
        some = reminder_ids[start : start + due_reminders.AT_ONCE]
        began_s = time.monotonic()
        done = await write(dependencies, partial(due_reminders.fire, workspace_id=workspace_id, reminder_ids=some))
        await dependencies.database.give_way(time.monotonic() - began_s)
        count += done
        if done < len(some):
            break
    return count

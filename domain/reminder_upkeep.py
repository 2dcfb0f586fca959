"""Computes reminders anew after what they depend on has changed in many places: the owner's settings, and zone data.

It is done in steps by a job, each in a transaction that holds the lock on one workspace. Until it is done for a
reminder, that does not fire (`domain.due_reminders`), so none fires by what is not true any more.

Source: ADR 115.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from domain import reminder_instants
from domain.model.reminders import Stale
from domain.unit_of_work import UnitOfWork
from domain.zones import DATA_VERSION

AT_ONCE: Final = 100
"""How many reminders are computed in one transaction at most."""


async def stale(uow: UnitOfWork, *, after: Stale | None = None) -> Sequence[Stale]:
    """Return whose reminders are to be computed anew, and where: at most AT_ONCE, those that come *after* one."""
    return await uow.reminders.stale(after=after, limit=AT_ONCE)


async def renew_stale(uow: UnitOfWork, workspace_id: UUID, user_id: UUID) -> bool:
    """Compute some of a user's reminders in a workspace anew. Return False if somebody else does, or nothing is left.

    In a workspace that is deleted there is nothing to do.
    """
    if not await uow.enter(workspace_id):
        await uow.reminders.end_stale(workspace_id, user_id)
        return True
    found = await uow.reminders.lock_stale(workspace_id, user_id)
    if found is None:
        return False
    some = await uow.reminders.of_user(workspace_id, user_id, after=found.after, limit=AT_ONCE)
    await reminder_instants.renew_later(uow, some)
    if len(some) < AT_ONCE:
        await uow.reminders.end_stale(workspace_id, user_id)
    else:
        await uow.reminders.set_stale(replace(found, after=some[-1].reminder.id))
    return True


async def outdated(uow: UnitOfWork, *, without: Collection[UUID] = ()) -> Sequence[tuple[UUID, UUID]]:
    """Return the workspace and the id of reminders that were computed with older zone data: at most AT_ONCE.

    But not in those *without* which it is asked for.
    """
    return await uow.reminders.outdated(zone_data=DATA_VERSION, without=without, limit=AT_ONCE)


async def renew_outdated(uow: UnitOfWork, workspace_id: UUID, reminder_ids: Collection[UUID]) -> bool:
    """Compute reminders anew. Return False if they, or their workspace, were deleted meanwhile."""
    if not await uow.enter(workspace_id):
        return False
    found = await uow.reminders.named(workspace_id, reminder_ids)
    await reminder_instants.renew_later(uow, found)
    return bool(found)

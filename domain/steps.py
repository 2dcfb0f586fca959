"""Changes of many things, some in each transaction, so that nobody waits for long (ADR 81)."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from domain.unit_of_work import UnitOfWork

SMALL: Final = 1000
"""Fewer things are changed in one transaction."""
FEW: Final = 300
"""As SMALL, where each thing is read, and its event has all of it: that takes some times as long as a deletion."""
STEP: Final = 100
"""How many of more are changed in each transaction after the first. Others wait for one at most."""


async def in_steps(
    uow: UnitOfWork, change_some: Callable[[int], Awaitable[int]], *, first: int = SMALL, within: UUID | None = None
) -> None:
    """Call *change_some* with how many it may change at most, until it changes fewer. It returns how many it changed.

    The first time these are *first* things, SMALL or FEW. *within* is the workspace that *change_some* enters, if any.

    It must read anew what it needs: each call is in a transaction of its own. The last one is still open.
    """
    limit = first
    while await change_some(limit) == limit:
        await uow.next_step(within=within)
        limit = STEP

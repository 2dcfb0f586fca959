"""Changes of many things, some in each transaction, so that nobody waits for long (ADR 81)."""

from collections.abc import Awaitable, Callable
from typing import Final

from domain.unit_of_work import UnitOfWork

SMALL: Final = 1000
"""Fewer things are changed in one transaction."""
STEP: Final = 100
"""How many of more are changed in each transaction after the first. Others wait for one at most."""


async def in_steps(uow: UnitOfWork, change_some: Callable[[int], Awaitable[int]]) -> None:
    """Call *change_some* with how many it may change at most, until it changes fewer. It returns how many it changed.

    It must read anew what it needs: each call is in a transaction of its own. The last one is still open.
    """
    limit = SMALL
    while await change_some(limit) == limit:
        await uow.next_step()
        limit = STEP

"""Work that waits in the database, is shared by several processes, and has an effect outside of it.

An item is claimed in one transaction. Then it is acted on while no transaction is open: what the action itself writes
has transactions of its own. A process that fails or dies in between leaves the item claimed, and it is due again when
the claim ends. So an action may be repeated, and none is lost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from app.units import read, write
from domain.unit_of_work import UnitOfWork
from persistence.unit_dependencies import Dependencies

Item = TypeVar("Item")


async def work_off(
    dependencies: Dependencies,
    *,
    are_due: Callable[[UnitOfWork], Awaitable[bool]],
    claim: Callable[[UnitOfWork], Awaitable[Sequence[Item]]],
    act: Callable[[Item], Awaitable[None]],
) -> None:
    """Claim items and *act* on them, until none are due. The items of one claim are acted on at the same time.

    Raises the first error of *act*, once the other items of its claim are done.
    """
    while await read(dependencies, are_due):
        claimed = await write(dependencies, claim)
        if not claimed:  # other processes were faster
            return
        done = await asyncio.gather(*map(act, claimed), return_exceptions=True)
        for error in filter(None, done):
            raise error

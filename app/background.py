"""What a server does beside answering: again and again, each time in units of work that nobody called for."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from persistence.unit_of_work import Dependencies, SqlUnitOfWork

Result = TypeVar("Result")


@contextlib.asynccontextmanager
async def repeating(
    act: Callable[[], Awaitable[object]], *, every_s: float, logger: logging.Logger, failure: str
) -> AsyncIterator[None]:
    """Do something at once, and again every so often, while the context lasts.

    When it fails, *failure* is logged; not again while it goes on to fail in the same way.
    """
    task = asyncio.create_task(_repeat(act, every_s, logger, failure))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def read(dependencies: Dependencies, service: Callable[[SqlUnitOfWork], Awaitable[Result]]) -> Result:
    """What *service* finds, without a transaction."""
    async with _unit(dependencies, safe=True) as uow:
        return await service(uow)


async def write(dependencies: Dependencies, service: Callable[[SqlUnitOfWork], Awaitable[Result]]) -> Result:
    """What *service* does, committed."""
    async with _unit(dependencies, safe=False) as uow:
        result = await service(uow)
        await uow.commit()
        return result


def _unit(dependencies: Dependencies, *, safe: bool) -> SqlUnitOfWork:
    return SqlUnitOfWork(dependencies, principal=None, workspace_id=None, safe=safe, admit=lambda _role: None)


async def _repeat(act: Callable[[], Awaitable[object]], every_s: float, logger: logging.Logger, failure: str) -> None:
    last: type[Exception] | None = None
    while True:
        try:
            await act()
        except Exception as error:  # nobody else would see it; whatever it was, such as a lost database, may pass
            if type(error) is not last:
                logger.exception(failure)
            last = type(error)
        else:
            last = None
        await asyncio.sleep(every_s)

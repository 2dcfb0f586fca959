"""Units of work that no request asked for: of jobs, of commands, and of the account that a first token creates."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from persistence.unit_dependencies import Dependencies
from persistence.unit_of_work import SqlUnitOfWork

Result = TypeVar("Result")


async def read(dependencies: Dependencies, service: Callable[[SqlUnitOfWork], Awaitable[Result]]) -> Result:
    """Call *service* without a transaction, and return its result."""
    async with _unit(dependencies, safe=True) as uow:
        return await service(uow)


async def write(dependencies: Dependencies, service: Callable[[SqlUnitOfWork], Awaitable[Result]]) -> Result:
    """Call *service* in one transaction, commit, and return its result."""
    async with _unit(dependencies, safe=False) as uow:
        result = await service(uow)
        await uow.commit()
        return result


def _unit(dependencies: Dependencies, *, safe: bool) -> SqlUnitOfWork:
    return SqlUnitOfWork(dependencies, principal=None, workspace_id=None, safe=safe, admit=lambda _role: None)

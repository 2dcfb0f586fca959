"""What many ask for at once is looked up together, and none of them waits for long."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Final, Generic, TypeVar

from domain.errors import StorageUnavailable

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")
Result = TypeVar("Result")

LONGEST_S: Final = 5
"""How long an open stream waits for a read, which usually takes milliseconds. It sends no heartbeats meanwhile."""


class Together(Generic[Key, Found]):
    """Calls *look_up* once for all keys that are asked for in one round of the event loop, and in the next one.

    After *longest_s* it raises StorageUnavailable.
    """

    def __init__(
        self, look_up: Callable[[Collection[Key]], Awaitable[Mapping[Key, Found]]], *, longest_s: float = LONGEST_S
    ) -> None:
        self._look_up = look_up
        self._longest_s = longest_s
        self._waiting: list[tuple[Key, asyncio.Future[Found | None]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, key: Key) -> Found | None:
        """Return what was found for *key*, or None. Raises what the look-up raises."""
        if not self._waiting:
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        found: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, found))
        return await found

    async def _run(self) -> None:
        await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        look_up = in_time(self._look_up({key for key, _ in waiting}), longest_s=self._longest_s)
        (result,) = await asyncio.gather(look_up, return_exceptions=True)
        for key, found in waiting:
            if found.done():  # nobody waits any more
                continue
            if isinstance(result, BaseException):
                found.set_exception(result)
            else:
                found.set_result(result.get(key))


async def in_time(read: Awaitable[Result], *, longest_s: float) -> Result:
    """Return what *read* returns. Raises StorageUnavailable after *longest_s*: the database does not respond."""
    try:
        async with asyncio.timeout(longest_s):
            return await read
    except TimeoutError as error:
        raise StorageUnavailable(f"no response in {longest_s} seconds") from error

"""What many ask for at once is looked up together."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Together(Generic[Key, Found]):
    """Calls *look_up* once for all keys that are asked for in one round of the event loop, and in the next one."""

    def __init__(self, look_up: Callable[[Collection[Key]], Awaitable[Mapping[Key, Found]]]) -> None:
        self._look_up = look_up
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
        (result,) = await asyncio.gather(self._look_up({key for key, _ in waiting}), return_exceptions=True)
        for key, found in waiting:
            if found.done():  # nobody waits any more
                continue
            if isinstance(result, BaseException):
                found.set_exception(result)
            else:
                found.set_result(result.get(key))

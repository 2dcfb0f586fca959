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
        self._wanted: set[Key] = set()
        self._next: asyncio.Task[Mapping[Key, Found]] | None = None

    async def __call__(self, key: Key) -> Found | None:
        """Return what was found for *key*, or None. Raises what the look-up raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._run())
            self._next.add_done_callback(_noticed)
        self._wanted.add(key)
        return (await asyncio.shield(self._next)).get(key)

    async def _run(self) -> Mapping[Key, Found]:
        await asyncio.sleep(0)
        wanted, self._wanted, self._next = self._wanted, set(), None
        return await self._look_up(wanted)


def _noticed(task: asyncio.Task[object]) -> None:
    """Those who asked may have been cancelled: nobody else looks at an error then."""
    if not task.cancelled():
        task.exception()

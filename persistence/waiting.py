"""Waiting for something that few can have at once, in the order of the requests."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from domain.errors import StorageUnavailable

MOST_WAITING: Final = 1000
"""How many can wait for one turn. They would get it within the time that they wait, if nothing is wrong."""


async def take(what: asyncio.Semaphore, wait_s: float, name: str) -> None:
    """Acquire *what*, in the order of the calls. Raises StorageUnavailable, with the *name*, after *wait_s* seconds."""
    if not what.locked():  # nobody waits: without the price of a timer
        await what.acquire()
        return
    try:
        async with asyncio.timeout(wait_s):
            await what.acquire()
    except TimeoutError as error:
        raise StorageUnavailable(f"waited {wait_s:g} s for {name}") from error


@dataclass(slots=True)
class _Turn:
    lock: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, 1))
    users: int = 0
    """Who has it, and who waits for it."""


class Turns:
    """One turn at a time for each key, such as a workspace, in the order of the calls.

    It is taken before a connection, so that those who wait do not hold what everybody needs (ADR 80). Nobody takes two.
    """

    def __init__(self, wait_s: float, *, most_waiting: int = MOST_WAITING) -> None:
        self._wait_s = wait_s
        self._most_waiting = most_waiting
        self._turns: dict[Hashable, _Turn] = {}

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return sum(turn.users - 1 for turn in self._turns.values())

    async def take(self, key: Hashable) -> None:
        """Wait for the turn of *key*. Raises StorageUnavailable if it takes too long, and at once if too many wait."""
        turn = self._turns.setdefault(key, _Turn())
        if turn.users > self._most_waiting:
            raise StorageUnavailable(f"{self._most_waiting} requests wait for the same workspace or account")
        turn.users += 1
        try:
            await take(turn.lock, self._wait_s, "other requests in the same workspace or account")
        except BaseException:
            self._leave(key, turn)
            raise

    def end(self, key: Hashable) -> None:
        """Give the turn to whoever has waited longest."""
        turn = self._turns[key]
        turn.lock.release()
        self._leave(key, turn)

    def _leave(self, key: Hashable, turn: _Turn) -> None:
        turn.users -= 1
        if not turn.users:
            del self._turns[key]

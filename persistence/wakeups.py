"""Wakes the streams of a process when something that they are about was committed: here, or in another process.

    a commit of this process       `signal`, called by the unit of work
    one of another process         a notification of PostgreSQL (`persistence/notifications.py`), which calls `receive`
    one that was missed            `look_around` compares the heads of what is watched, each INTERVAL_S

Between two processes on SQLite, the last one is the only way. Without any change, `remind` lets each stream ask for its
caller's access. It does not need the database, so that all streams send heartbeats while that does not respond.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from domain.errors import StorageUnavailable
from domain.model.streams import Topics
from persistence.compiled import padded
from persistence.memberships import members, workspaces
from persistence.runners import Row, Runner
from persistence.users import users

INTERVAL_S: Final = 0.8
"""How often each stream is reminded, and everything is looked at. With the time that it takes, it is about a second."""
TOGETHER_S: Final = 0.05
"""After the first change of a workspace, streams are woken once for all of those that follow in this time."""
_IDS_AT_ONCE: Final = 1024
"""How many workspaces one statement names: it can have 32,766 values, and a user's stream is about up to 500."""
TURN: Final = 100
"""How many streams are reminded or looked at at once: other requests come in between."""

_HEADS: Final = select(workspaces.c.id, workspaces.c.head).where(
    workspaces.c.id.in_(bindparam("workspaces", expanding=True))
)
_HEAD: Final = select(workspaces.c.head).where(workspaces.c.id == members.c.workspace_id).scalar_subquery()
_JOINED: Final = select(func.sum(_HEAD + 1)).where(members.c.user_id == users.c.id).scalar_subquery()
_ACCOUNTS: Final = select(users.c.id, users.c.reminders_fired + func.coalesce(_JOINED, 0)).where(
    users.c.id.in_(bindparam("users", expanding=True))
)
"""It changes with each change in a user's workspaces, when they join or leave one, and when a reminder fires."""


class Subscription:
    """Implements domain.model.streams.Subscription."""

    def __init__(self, follow: Callable[["Subscription", Topics], None]) -> None:
        self.topics = Topics()
        self._follow = follow
        self._woken = asyncio.Event()
        self._has_news = False

    async def wait(self, topics: Topics) -> bool:
        """See the port."""
        if topics is not self.topics:
            self._follow(self, topics)
        await self._woken.wait()
        self._woken.clear()
        has_news, self._has_news = self._has_news, False
        return has_news

    def wake(self, *, has_news: bool) -> None:
        """Let `wait` return, now or at its next call."""
        self._has_news |= has_news
        self._woken.set()


class Wakeups:
    """The streams of a process, by what they wait for. It holds no connection, and does nothing by itself."""

    def __init__(self) -> None:
        self.publish: Callable[[Collection[UUID]], None] = _nobody
        """Called with what this process has committed, to inform the others."""
        self.count = 0
        """How often somebody was woken because of a change."""
        self._subscriptions: dict[Subscription, None] = {}
        self._by_id: defaultdict[UUID, dict[Subscription, None]] = defaultdict(dict)
        self._seen: dict[UUID, int] = {}
        self._held_back: dict[UUID, bool] = {}

    @contextmanager
    def subscribe(self, topics: Topics) -> Iterator[Subscription]:
        """A subscription to *topics*, while the context lasts."""
        subscription = Subscription(self._follow)
        self._subscriptions[subscription] = None
        self._follow(subscription, topics)
        try:
            yield subscription
        finally:
            self._follow(subscription, Topics())
            del self._subscriptions[subscription]

    def signal(self, ids: Collection[UUID]) -> None:
        """Implements domain.model.streams.Changed."""
        if self._subscriptions:
            self.receive(ids)
        self.publish(ids)

    def receive(self, ids: Iterable[UUID]) -> None:
        """Wake who waits for one of *ids*: at once, or soon if that has just been done."""
        for each in ids:
            if each in self._held_back:
                self._held_back[each] = True
            elif each in self._by_id:
                self._wake_and_hold_back(each)

    async def remind(self) -> None:
        """Let each stream ask for its caller's access, some at a time. It takes INTERVAL_S."""
        async for some in self._in_turn():
            for subscription in some:
                subscription.wake(has_news=False)

    async def look_around(self, runner: Runner) -> None:
        """Look once at all that is watched, some at a time. It takes INTERVAL_S, and the time of the database.

        It mostly finds what has woken its streams already. So the next change is not held back because of it.
        """
        async for some in self._in_turn():
            with suppress(StorageUnavailable):  # the next look finds the same
                for each, state in (await _state(some, runner)).items():
                    if self._seen.get(each) != state and each in self._by_id:
                        self._seen[each] = state
                        self._wake(each)

    async def _in_turn(self) -> AsyncIterator[Collection[Subscription]]:
        """All subscriptions, some at a time, within INTERVAL_S."""
        everyone = list(self._subscriptions)
        turns = max(1, ceil(len(everyone) / TURN))
        for turn in range(turns):
            yield everyone[turn * TURN : (turn + 1) * TURN]
            await asyncio.sleep(INTERVAL_S / turns)

    def _wake(self, each: UUID) -> None:
        self.count += 1
        for subscription in self._by_id[each]:
            subscription.wake(has_news=True)

    def _wake_and_hold_back(self, each: UUID) -> None:
        self._wake(each)
        self._held_back[each] = False
        asyncio.get_running_loop().call_later(TOGETHER_S, self._wake_again, each)

    def _wake_again(self, each: UUID) -> None:
        if self._held_back.pop(each) and each in self._by_id:
            self._wake_and_hold_back(each)

    def _follow(self, subscription: Subscription, topics: Topics) -> None:
        before, now = _ids(subscription.topics), _ids(topics)
        subscription.topics = topics
        for each in now - before:
            self._by_id[each][subscription] = None
        for each in before - now:
            del self._by_id[each][subscription]
            if not self._by_id[each]:
                del self._by_id[each]
                self._seen.pop(each, None)


async def _state(subscriptions: Collection[Subscription], runner: Runner) -> Mapping[UUID, int]:
    """What differs once something has changed, for each workspace and user that *subscriptions* are about."""
    workspace_ids = sorted({each for one in subscriptions for each in one.topics.workspace_ids})
    user_ids = sorted({each for one in subscriptions for each in one.topics.user_ids})
    rows: list[Row] = []
    for start in range(0, len(workspace_ids), _IDS_AT_ONCE):
        some = workspace_ids[start : start + _IDS_AT_ONCE]
        rows += await runner.rows(_HEADS, {"workspaces": padded(some)})
    if user_ids:
        rows += await runner.rows(_ACCOUNTS, {"users": padded(user_ids)})
    return {row[0]: int(row[1]) for row in rows}


def _ids(topics: Topics) -> frozenset[UUID]:
    return topics.workspace_ids | topics.user_ids


def _nobody(_ids: Collection[UUID]) -> None:
    """There is no other process, or no way to inform it."""

"""A history: several people write at once in some workspaces, while others follow them in every way."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from typing import Any, Final, TypeVar
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from persistence.fired_reminders import fired_reminders
from persistence.reminder_rows import reminders
from tests.integration.followers.accounts import OfAccount, OfAccountByStream
from tests.integration.followers.followers import (
    ByChanges,
    ByStream,
    Follower,
    FromTheLog,
    Returning,
    WithoutClosedTasks,
    run,
)
from tests.integration.followers.servers import PersistentClient, Servers
from tests.integration.followers.writers import KnownWorkspace, Writer, change_much
from tests.integration.model.requests import Draw
from tests.support.clients import Person, register
from tests.support.programs import patiently
from tests.support.tables import Tables

WRITERS: Final = 4
STEPS: Final = 6
"""How many requests each of them sends in a round, knowing what there was before it."""
LARGE_EVERY: Final = 8
"""In each so many rounds, much is changed at once."""
LONGEST_S: Final = 1.5
"""How long it is before a reminder fires."""
SOME: Final = {"types": ["task", "label", "comment"]}
BYTES: Final = 65_536
"""Random bytes for a round."""
THREADS: Final = 32
"""More than there are followers."""

Result = TypeVar("Result")


def drawn(plan: Callable[[Draw], Result], *, chance: random.Random) -> Result:
    """What *plan* returns, which draws from strategies, and from what is there: Hypothesis cannot repeat it."""
    found: list[Result] = []

    @settings(database=None, deadline=None)
    @given(st.data())
    def once(data: st.DataObject) -> None:
        found.append(plan(data.draw))

    while not found:  # unless it used up all bytes
        once.hypothesis.fuzz_one_input(chance.randbytes(BYTES))  # type: ignore[attr-defined]  # as documented
    return found[-1]


@dataclass
class History:
    """Two people on some servers, in two workspaces of small changes, and one of large ones."""

    servers: Servers
    tables: Tables
    seed: int
    done: Counter[str] = field(default_factory=Counter)
    obstacles: Counter[str] = field(default_factory=Counter)
    followers: list[Follower] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  # no secret
        self._client = PersistentClient(self.servers)
        self._clients = [self._client]
        self.owner, self.guest = (register(self._client, name=name) for name in ("Ada", "Bob"))
        self.homes = [f"/v1/workspaces/{self.owner.create('/v1/workspaces', name=name)['id']}" for name in "ABC"]
        self._writers = [Writer([self._again(self.owner), self._again(self.guest)]) for _ in range(WRITERS)]
        self._known = [KnownWorkspace(self._new_client(self.owner), home) for home in self.homes[:2]]
        self._reminded = [self._again(person) for person in (self.owner, self.guest)]
        self._stopping = Event()
        for known in self._known:
            self._plant(known.home)

    def _plant(self, home: str) -> None:
        """Something of each kind, to begin with."""
        project = self.owner.create(f"{home}/projects", name="Garden", description="Outside")["id"]
        section = self.owner.create(f"{home}/sections", name="Beds", project_id=project)["id"]
        label = self.owner.create(f"{home}/labels", name="wet")["id"]
        place = {"section_id": section, "label_ids": [label], "assignee_ids": [self.owner.id]}
        for title in ("Plant", "Dig", "Lift", "Pull"):
            task = self.owner.create(f"{home}/tasks", title=title, description="Before May", **place)["id"]
            self.owner.create(f"{home}/tasks/{task}/comments", text="Not yet")
            place = {"parent_id": task}

    def close(self) -> None:
        self._client.close()

    @property
    def authorization(self) -> dict[str, str]:
        """The header of a request of the owner."""
        return {"Authorization": f"Bearer {self.owner.tokens['access_token']}"}

    def rejections(self) -> int:
        """How many requests got a 503, up to now."""
        return sum(client.obstacles["problems 503"] for client in self._clients)

    def play(self, *, rounds: int, meanwhile: Callable[[int], None]) -> None:
        """Let everybody write for some rounds, and then compare everything.

        *meanwhile* is called in each round with its number, while they write.
        """
        following: list[Future[None]] = []
        with ThreadPoolExecutor(THREADS) as threads:
            self._follow(threads, following, self._first_followers())
            try:
                for number in range(rounds):
                    if number == rounds // 2:
                        self._follow(threads, following, self._late_followers())
                    plan = drawn(partial(self._plan, number=number), chance=self._chance)
                    writing = [threads.submit(*each) for each in plan]
                    meanwhile(number)
                    for each in (*writing, *(run for run in following if run.done())):
                        each.result()
                self._await_reminders()
            finally:
                self._stopping.set()
        for each in following:
            each.result()
        self._check()

    def _follow(self, threads: ThreadPoolExecutor, runs: list[Future[None]], followers: Iterator[Follower]) -> None:
        for each in followers:
            self.followers.append(each)
            runs.append(threads.submit(run, each, self._stopping, chance=self._new_chance()))

    def _plan(self, draw: Draw, *, number: int) -> list[tuple[Any, ...]]:
        """What each writer does in a round. What they know is of before it."""
        for known in self._known:
            known.sync(limit=200)
        plan: list[tuple[Any, ...]] = []
        for writer in self._writers:
            known = draw(st.sampled_from(self._known))
            plan.append((writer.perform, known.home, writer.plan(draw, known.view(), count=STEPS)))
        plan += [(self._remind, person, self._chance.uniform(0, LONGEST_S)) for person in self._reminded]
        if number % LARGE_EVERY == 1:
            much = partial(change_much, owner=self.owner)
            plan.append((self._writers[0].perform, self.homes[2], [much]))
        return plan

    def _remind(self, person: Person, after_s: float) -> None:
        """Let two reminders of a task of somebody's own, which nobody closes, fire after some time.

        One whose time is over when the server gets it does not fire: another one is created, for later.
        """
        task = person.create("tasks", title="Sow")["id"]
        for _ in range(2):
            while not self._is_ahead(person, task, after_s):
                after_s = 2 * after_s + 1

    def _is_ahead(self, person: Person, task: str, after_s: float) -> bool:
        at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=after_s)
        return person.create(f"tasks/{task}/reminders", at=at.isoformat())["fires_at"] is not None

    def _await_reminders(self) -> None:
        """Wait until all of these have fired, those of the last round, too."""
        homes = [UUID(person.workspace_id) for person in self._reminded]
        waiting = select(func.count()).where(reminders.c.workspace_id.in_(homes), reminders.c.fires_at.is_not(None))
        for _ in patiently():
            if self.tables.rows(waiting) == [(0,)]:
                return
        raise TimeoutError

    def _fired_for(self, user_id: str) -> list[str]:
        """The record of the reminders of a user that have fired."""
        which = select(fired_reminders.c.reminder_id).where(fired_reminders.c.user_id == UUID(user_id))
        return [str(row[0]) for row in self.tables.rows(which.order_by(fired_reminders.c.number))]

    def _again(self, person: Person) -> Person:
        """The same person, with a client of their own."""
        return Person(self._new_client(person), person.user, person.tokens, person.home)

    def _new_client(self, person: Person) -> PersistentClient:
        client = self._client.with_token(str(person.tokens["access_token"]))
        self._clients.append(client)
        return client

    def _new_chance(self) -> random.Random:
        return random.Random(self._chance.random())  # noqa: S311  # no secret

    def _first_followers(self) -> Iterator[Follower]:
        for home in self.homes:
            for kind in (ByChanges, ByStream):
                yield kind(self._new_client(self.owner), home, self._new_chance())
            for by_list in (False, True):
                yield Returning(self._new_client(self.owner), home, self._new_chance(), by_list=by_list)
        yield ByChanges(self._new_client(self.owner), self.homes[0], self._new_chance(), SOME)
        yield ByStream(self._new_client(self.owner), self.homes[1], self._new_chance(), SOME)
        for person in (self.owner, self.guest):
            yield OfAccount(person.id, self._new_client(person), self._new_chance())
            yield OfAccountByStream(person.id, self._new_client(person), self._new_chance())

    def _late_followers(self) -> Iterator[Follower]:
        """Those that begin in the middle, at a head at which nobody writes."""
        for home in self.homes[:2]:
            yield WithoutClosedTasks(self._new_client(self.owner), home, self._new_chance())
            yield FromTheLog(self._new_client(self.owner), home, self._new_chance(), tables=self.tables)

    def _check(self) -> None:
        for follower in self.followers:
            follower.check()
            if isinstance(follower, OfAccount):
                assert follower.fired == self._fired_for(follower.user_id) != []
        for writer in self._writers:
            self.done += writer.done
        for client in self._clients:
            self.obstacles += client.obstacles

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

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.followers import firings
from tests.integration.followers.accounts import AwayFromAccount, OfAccount, OfAccountByStream
from tests.integration.followers.agendas import Agenda
from tests.integration.followers.firings import Firing
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
from tests.support.shared_clocks import SharedClock
from tests.support.tables import Tables

WRITERS: Final = 4
STEPS: Final = 6
"""How many requests each of them sends in a round, knowing what there was before it."""
LARGE_EVERY: Final = 8
"""In each so many rounds, much is changed at once."""
CHANGES: Final = 2
"""How many changes each person makes to tasks of their own in each round after the first."""
LAST_JUMP: Final = dt.timedelta(hours=6)
"""Much of what they have planned comes due in the end, and at once."""
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
    fired: Counter[str] = field(default_factory=Counter)
    followers: list[Follower] = field(default_factory=list)
    clock: SharedClock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = self.servers.clock
        self._chance = random.Random(self.seed)  # noqa: S311  # no secret
        self._client = PersistentClient(self.servers)
        self._clients = [self._client]
        self.owner, self.guest = (register(self._client, name=name) for name in ("Ada", "Bob"))
        self.homes = [f"/v1/workspaces/{self.owner.create('/v1/workspaces', name=name)['id']}" for name in "ABC"]
        self._writers = [Writer([self._again(self.owner), self._again(self.guest)]) for _ in range(WRITERS)]
        self._known = [KnownWorkspace(self._new_client(self.owner), home, self.clock) for home in self.homes[:2]]
        self._agendas = [
            Agenda(self._again(self.owner), self.clock, self._new_chance(), changes_settings=True),
            Agenda(self._again(self.guest), self.clock, self._new_chance(), changes_settings=False),
        ]
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
                self.clock.jump(LAST_JUMP)
                firings.await_all(self.tables, self.clock)
                for agenda in self._agendas:
                    agenda.end()
                since = firings.await_all(self.tables, self.clock)
                fired = {agenda.person.id: firings.record(self.tables, agenda.person.id) for agenda in self._agendas}
            finally:
                self._stopping.set()
        for each in following:
            each.result()
        self._check()
        self._check_fired(fired, since=since)

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
        plan += [(partial(agenda.go_on, CHANGES) if number else agenda.begin,) for agenda in self._agendas]
        if number % LARGE_EVERY == 1:
            much = partial(change_much, owner=self.owner)
            plan.append((self._writers[0].perform, self.homes[2], [much]))
        return plan

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
        yield AwayFromAccount(self.owner.id, self._new_client(self.owner), self._new_chance())

    def _late_followers(self) -> Iterator[Follower]:
        """Those that begin in the middle, at a head at which nobody writes."""
        for home in self.homes[:2]:
            yield WithoutClosedTasks(self._new_client(self.owner), home, self._new_chance())
            yield FromTheLog(self._new_client(self.owner), home, self._new_chance(), tables=self.tables)

    def _check(self) -> None:
        for follower in self.followers:
            follower.check()
        for writer in self._writers:
            self.done += writer.done
        for client in self._clients:
            self.obstacles += client.obstacles

    def _check_fired(self, before: dict[str, list[Firing]], *, since: dt.datetime) -> None:
        """Check what has fired for each person: *before* the followers read all, and since then."""
        firings.check_in_step(self.tables, self.clock, since=since)
        for agenda in self._agendas:
            fired = firings.record(self.tables, agenda.person.id)
            agenda.check(fired, since=since)
            self.fired["reminders fired"] += len(fired)
            self.fired["reminders that had to fire"] += len(agenda.expected.must)
            self.fired["reminders that may have fired"] += len(agenda.expected.may - agenda.expected.must)
            for follower in self.followers:
                if isinstance(follower, OfAccount) and follower.user_id == agenda.person.id:
                    self._check_follower(follower, fired, before=before[follower.user_id])

    def _check_follower(self, follower: OfAccount, fired: list[Firing], *, before: list[Firing]) -> None:
        """Check that a client got all that has fired, each once and in order.

        But it may not have got what has fired in a workspace that the guest was not in when it asked.
        """
        not_always = set() if follower.user_id == self.owner.id else {home.rpartition("/")[2] for home in self.homes}
        least, most, got = (
            [each for each in firings if each.workspace_id not in not_always]
            for firings in (before, fired, follower.fired)
        )
        assert least == most[: len(least)] == got[: len(least)] != []
        assert got == most[: len(got)]
        rest = iter(fired)
        assert all(each in rest for each in follower.fired)

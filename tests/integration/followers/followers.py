"""Clients that keep copies, each by another way of the contract, over connections and servers that are lost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final, Protocol

import httpx

from tests.integration.followers.servers import PersistentClient
from tests.integration.model.things import Json
from tests.support.clients import NO_CERTIFICATES, ok
from tests.support.copies import Copy, Key, all_things
from tests.support.logs import check_log, folded
from tests.support.streams import streaming
from tests.support.tables import Tables

PARTIAL: Final = {"project", "task"}
"""What an event can leave the description out of."""
_LONGEST_S: Final = 0.3
FEW: Final = (1, 2, 3, 5, 8, 50, 200)
"""How many items a page may have."""
MOST_MESSAGES: Final = 40
"""A stream is left after at most as many messages."""


class Follower(Protocol):
    """Keeps something equal to the server, a step at a time. Each is used by one thread."""

    def step(self) -> None:
        """Go on for a moment."""

    def finish(self) -> None:
        """Nobody writes any more: catch up with what there is."""

    def check(self) -> None:
        """Raise AssertionError unless all that it has is what the server has."""


def run(follower: Follower, stopping: Event, *, chance: random.Random) -> None:
    """Let a follower follow until it is to stop, and then catch up."""
    while not stopping.wait(chance.uniform(0, _LONGEST_S)):
        follower.step()
    follower.finish()


def lose(client: PersistentClient, path: str, parameters: dict[str, Any]) -> None:
    """Request something, and lose the response after the server has begun to send it."""
    url = client.servers.any() + path
    try:
        with httpx.stream(
            "GET",
            url,
            params=parameters,
            headers=client.headers,
            timeout=client.timeout,
            trust_env=False,
            verify=NO_CERTIFICATES,
        ):
            pass
    except httpx.TransportError:
        pass


@dataclass
class Listening:
    """Messages of a stream that is left in the middle, or lost, after at most *messages*. The last one may be lost."""

    client: PersistentClient
    path: str
    chance: random.Random
    messages: int | None
    has_ended: bool = False

    def messages_after(self, cursor: str | None, **query: Any) -> Iterator[tuple[Json | None, str | None]]:
        """Events or heartbeats, each with the place after it."""
        headers = {}
        if self.chance.random() < 0.5:
            headers["Last-Event-ID"] = str(cursor)
        else:
            query["cursor"] = str(cursor)
        self.client.base_url = httpx.URL(self.client.servers.any())
        try:
            with streaming(self.client, self.path, headers=headers, **query) as stream:
                while self.messages is None or self.messages > 0:
                    event = stream.message()
                    if self.messages is not None:
                        self.messages -= 1
                        if self.chance.random() < 0.05:
                            return
                    yield event, stream.place
        except EOFError:
            self.has_ended = True
        except httpx.TransportError:
            self.client.obstacles["streams lost"] += 1
        except httpx.HTTPStatusError as error:
            if error.response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                raise
            self.client.obstacles["problems 503"] += 1


@dataclass
class ByChanges:
    """Follows by `list_changes`: pages of random sizes, some of them lost, and now and then from the beginning."""

    client: PersistentClient
    home: str
    chance: random.Random
    parameters: dict[str, Any] = field(default_factory=dict)
    copy: Copy = field(init=False)

    def __post_init__(self) -> None:
        self.copy = Copy(self.client, self.home, self.parameters)

    def step(self) -> None:
        """A page, or one that does not arrive."""
        if self.chance.random() < 0.02:
            self.copy = Copy(self.client, self.home, self.parameters)
        limit = self.chance.choice(FEW)
        if self.chance.random() < 0.2:
            cursor = {} if self.copy.cursor is None else {"cursor": self.copy.cursor}
            lose(self.client, f"{self.home}/changes", {**self.parameters, **cursor, "limit": limit})
        else:
            self.copy.page(limit=limit)

    def finish(self) -> None:
        self.copy.sync(limit=self.chance.choice(FEW))

    def check(self) -> None:
        assert self.copy.things == of_types(all_things(self.client, self.home), self.parameters.get("types"))


@dataclass
class WithoutClosedTasks(ByChanges):
    """Follows by `list_changes`, without the tasks that were closed at the beginning, at *head*."""

    head: int = 0

    def __post_init__(self) -> None:
        """Nobody writes meanwhile."""
        self.parameters = {"completed": "none"}
        super().__post_init__()
        self.head = ok(self.client.get(self.home))["head"]
        self.copy.page(limit=1)

    def step(self) -> None:
        """A page. If it has a task that the copy did not have, list its comments, as the contract says."""
        self._with_comments(self.chance.choice(FEW))

    def finish(self) -> None:
        while self._with_comments(self.chance.choice(FEW)):
            pass

    def _with_comments(self, limit: int) -> bool:
        known = {*self.copy.things}
        page = self.copy.page(limit=limit)
        for change in page["items"]:
            if change["type"] == "task" and not change["deleted"] and ("task", change["id"]) not in known:
                self._list_comments(change["id"])
        return bool(page["has_more"])

    def _list_comments(self, task_id: str) -> None:
        response = self.client.get(f"{self.home}/tasks/{task_id}/comments", params={"limit": 200})
        if response.status_code == httpx.codes.NOT_FOUND:  # it was deleted meanwhile
            return
        page = ok(response)
        assert not page["has_more"]
        self.copy.things |= {("comment", each["id"]): each for each in page["items"]}

    def check(self) -> None:
        def is_old(thing: Json) -> bool:
            return bool(thing["revision"] <= self.head)

        found = all_things(self.client, self.home)
        left_out = {
            thing["id"]
            for (kind, _), thing in found.items()
            if kind == "task" and thing["status"] != "open" and is_old(thing)
        }
        expected = {
            (kind, thing_id): thing
            for (kind, thing_id), thing in found.items()
            if not (kind == "task" and thing_id in left_out)
            and not (kind == "comment" and thing["task_id"] in left_out and is_old(thing))
        }
        assert self.copy.things == expected


@dataclass
class FromTheLog(ByChanges):
    """A first sync by `list_changes` that began at *head*. The log since then, in the database, gives what there is."""

    head: int = 0
    tables: Tables = field(kw_only=True)
    is_done: bool = False

    def __post_init__(self) -> None:
        """Nobody writes meanwhile."""
        super().__post_init__()
        self.head = ok(self.client.get(self.home))["head"]
        self.copy.page(limit=1)

    def step(self) -> None:
        self.is_done = self.is_done or not self.copy.page(limit=2)["has_more"]

    def finish(self) -> None:
        while not self.is_done:
            self.step()

    def check(self) -> None:
        log = check_log(self.tables, self.home.rpartition("/")[2])
        replayed = folded([event for event in log if event.revision > self.head], before=self.copy.things)
        found = all_things(self.client, self.home)
        is_alive = {key: thing is None or thing.keys() != {"id"} for key, thing in replayed.items()}
        assert {key for key in replayed if is_alive[key]} == found.keys()
        not_erased = {key: thing for key, thing in replayed.items() if is_alive[key] and thing is not None}
        assert not_erased == {key: found[key] for key in not_erased}


class OutOfStep(Exception):
    """An event does not have all of a thing, nor has the copy."""


@dataclass
class ByStream(ByChanges):
    """Follows by `stream_changes`, and by `list_changes` whenever an event is not enough, and now and then."""

    events: int = 0

    def step(self) -> None:
        """Some events of a stream that is left in the middle, or lost. The last one may be lost, too."""
        if self.copy.cursor is None or self.chance.random() < 0.1:
            self.copy.sync(limit=self.chance.choice(FEW))
        self._stream(messages=self.chance.randint(1, MOST_MESSAGES))

    def finish(self) -> None:
        if self.copy.cursor is None:
            self.copy.sync()
        while not self._stream(until="head"):
            pass

    def _stream(self, *, messages: int | None = None, **query: Any) -> bool:
        """Apply some messages, or all. Whether the stream has ended by itself."""
        query |= {name: value for name, value in self.parameters.items() if name == "types"}
        stream = Listening(self.client, f"{self.home}/events", self.chance, messages=messages)
        try:
            for event, place in stream.messages_after(self.copy.cursor, **query):
                self._apply(event)
                self.copy.cursor = place
        except OutOfStep:
            self.copy.sync()
            return False
        return stream.has_ended

    def _apply(self, event: Json | None) -> None:
        for change in event["changes"] if event else ():
            self._change(change)
            self.events += 1

    def _change(self, change: Json) -> None:
        """Raises OutOfStep."""
        key: Key = (change["type"], change["id"])
        known = self.copy.things.get(key, {})
        if change["revision"] < known.get("revision", 0):
            return
        if change["deleted"]:
            self.copy.things.pop(key, None)
            return
        if change["erased"]:
            raise OutOfStep
        thing = {**known, **change[change["type"]]}
        if change["type"] in PARTIAL and "description" not in thing:
            raise OutOfStep
        self.copy.things[key] = thing


@dataclass
class Returning(ByStream):
    """A client that is away after its first sync, and reads all events in the end, or all changes *by_list*."""

    by_list: bool = False

    def step(self) -> None:
        if self.copy.cursor is None:
            self.copy.sync()

    def finish(self) -> None:
        self.step()
        if self.by_list:
            self.copy.sync(limit=self.chance.choice(FEW))
        super().finish()


def of_types(things: dict[Key, Json], types: list[str] | None) -> dict[Key, Json]:
    """Those of *things* that are of some types; None means all."""
    return {key: thing for key, thing in things.items() if types is None or key[0] in types}

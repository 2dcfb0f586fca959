"""Clients that follow all workspaces of a user."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.integration.followers.firings import Firing
from tests.integration.followers.followers import FEW, MOST_MESSAGES, Listening, lose
from tests.integration.followers.servers import PersistentClient
from tests.integration.model.things import Json
from tests.support.clients import everything, ok
from tests.support.copies import AccessLost, Copy, all_things

FEED = "/v1/users/me/changes"


@dataclass
class OfAccount:
    """Follows all workspaces of a user: `list_my_changes` says which have moved, and those are synchronised.

    `fired` are the firings of the user's reminders since the beginning, in the order in which they arrived.
    """

    user_id: str
    client: PersistentClient
    chance: random.Random
    copies: dict[str, Copy] = field(default_factory=dict)
    known: dict[str, tuple[int, str]] = field(default_factory=dict)
    cursor: str | None = None
    fired: list[Firing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._page()

    def step(self) -> None:
        """A page, or one that does not arrive."""
        if self.chance.random() < 0.2:
            cursor = {"cursor": self.cursor} if self.cursor else {}
            lose(self.client, FEED, cursor)
        else:
            self._page()

    def finish(self) -> None:
        while self._page():
            pass

    def _page(self) -> bool:
        parameters = {"limit": self.chance.choice(FEW), **({"cursor": self.cursor} if self.cursor else {})}
        page = ok(self.client.get(FEED, params=parameters))
        for item in page["items"]:
            self._move(item)
        self.fired += map(Firing.shown, page["fired_reminders"])
        self.cursor = page["next_cursor"]
        return bool(page["has_more"])

    def _move(self, item: Json) -> None:
        workspace_id = item["workspace_id"]
        if item["head"] is None:
            self.known.pop(workspace_id, None)
            self.copies.pop(workspace_id, None)
            return
        self.known[workspace_id] = item["head"], item["role"]
        home = f"/v1/workspaces/{workspace_id}"
        copy = self.copies.setdefault(workspace_id, Copy(self.client, home))
        try:
            copy.sync(limit=self.chance.choice(FEW))
        except AccessLost:  # which the next page says, too, unless they are back by then
            self.copies[workspace_id] = Copy(self.client, home)

    def check(self) -> None:
        listed = everything(self.client, "/v1/workspaces", limit=200)
        assert self.known == {each["id"]: (each["head"], each["role"]) for each in listed}
        assert self.copies.keys() == self.known.keys()
        for workspace_id, copy in self.copies.items():
            assert copy.things == all_things(self.client, f"/v1/workspaces/{workspace_id}")


@dataclass
class OfAccountByStream(OfAccount):
    """The same by `stream_my_changes`, and by `list_my_changes` to begin with, now and then, and in the end."""

    def step(self) -> None:
        """Some messages of a stream."""
        if self.chance.random() < 0.1:
            self.finish()
        stream = Listening(self.client, f"{FEED}/events", self.chance, messages=self.chance.randint(1, MOST_MESSAGES))
        for event, place in stream.messages_after(self.cursor):
            for item in event["changes"] if event else ():
                self._move(item)
            self.fired += map(Firing.shown, event["fired_reminders"] if event else ())
            self.cursor = place


@dataclass
class AwayFromAccount(OfAccount):
    """A client that is away until the end, and then reads all that has fired meanwhile in small pages."""

    def step(self) -> None:
        """It is away."""

    def finish(self) -> None:
        while self._page():
            pass

"""Which reminders of somebody's own tasks must fire, may, or must not: said by their requests and the clock.

Nobody else changes these tasks. So whether a task was open when a reminder came due is known, except for what comes due
while a request is processed, or is due and not done yet when its task is opened again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.integration.followers.accounts import FEED
from tests.integration.followers.firings import SKEW, Firing, instant
from tests.integration.model.things import Json
from tests.support.clients import Person, ok
from tests.support.shared_clocks import SharedClock

_PAGE: Final = 200

Firings = set[tuple[str, dt.datetime]]
"""Ids of reminders, each with the instant that it fired for."""


@dataclass(eq=False)
class Planned:
    """A reminder, *at* an instant or so many minutes *before_due*. `awaited` is the instant at which it fires next."""

    id: str
    at: dt.datetime | None
    before_due: int | None
    awaited: dt.datetime | None = None


@dataclass(eq=False)
class Entry:
    """A task, as it was shown last, with its reminders. `done` is what was completed or skipped, the latest last."""

    path: str
    task: Json
    reminders: list[Planned] = field(default_factory=list)
    done: list[tuple[Json, str]] = field(default_factory=list)
    is_trashed: bool = False

    @property
    def is_active(self) -> bool:
        """Whether its reminders fire."""
        return self.task["status"] == "open" and not self.is_trashed


@dataclass(frozen=True, slots=True)
class Window:
    """When a request was processed, by the clock of any server: not before it *began*, nor after it *ended*."""

    began: dt.datetime
    ended: dt.datetime


@dataclass
class Expectations:
    """What must have fired of the reminders of *person*, and what may have.

    `settings` are those of the account. A change of them is carried out some time later, and until then nothing fires.
    What comes due in between passes if the account is changed again.
    """

    person: Person
    clock: SharedClock
    settings: Json = field(init=False)
    must: Firings = field(default_factory=set)
    may: Firings = field(default_factory=set)
    _seen: Firings = field(default_factory=set)
    _cursor: str | None = None

    def __post_init__(self) -> None:
        self.settings = self.person.user
        self._read_feed()

    def change(
        self,
        entries: Collection[Entry],
        send: Callable[[], None],
        *,
        of_settings: bool = False,
        passed: Collection[str] = (),
    ) -> Window:
        """Send what changes these entries, and conclude what follows, now that there is a response.

        *passed* are the ids of reminders that have nothing to fire any more, while their task is closed.
        """
        before = {each: entry.is_active for entry in entries for each in entry.reminders}
        began = self.clock() - SKEW
        send()
        window = Window(began, self.clock() + SKEW)
        now = {each: entry for entry in entries for each in entry.reminders}
        if any(each.awaited and each.awaited <= window.ended for each in before):
            self._read_feed()
        for each in {**before, **now}:
            entry = now.get(each)
            was_active = before.get(each, entry is not None and entry.is_active)
            if not self._is_pending(each, entry, window, was_active=was_active, of_settings=of_settings):
                self._schedule(each, entry, window, may_be_late=not was_active and each.id not in passed)
        return window

    def instant(self, planned: Planned, entry: Entry) -> dt.datetime | None:
        """When a reminder fires as its task and the settings are, past or not."""
        if planned.before_due is None:
            return planned.at
        reminder_time = dt.time.fromisoformat(self.settings["reminder_time"])
        zone = self.settings["time_zone"]
        return instant(entry.task["due"], planned.before_due, time_zone=zone, reminder_time=reminder_time)

    def check(self, entries: Sequence[Entry], fired: Sequence[Firing], *, since: dt.datetime) -> None:
        """Check the record of all that has *fired*. What had come due *since* then has fired, or passed."""
        until = self.clock() + SKEW
        for entry in entries:
            for each in entry.reminders if entry.is_active else ():
                if each.awaited is not None and each.awaited <= until:
                    (self.must if each.awaited <= since - SKEW else self.may).add((each.id, each.awaited))
        mine = {each for each in fired if each.workspace_id == self.person.workspace_id}
        found = {(each.reminder_id, each.fires_at) for each in mine}
        assert self.must <= found, f"they did not fire: {self.must - found}"
        assert found <= self.must | self.may, f"they fired: {found - self.must - self.may}"

    def _is_pending(
        self, planned: Planned, entry: Entry | None, window: Window, *, was_active: bool, of_settings: bool
    ) -> bool:
        """Whether a reminder that has come due is still to be looked at, and nothing has changed for it.

        After the response to what has changed for it, it does not fire for that instant any more.
        """
        old = planned.awaited
        if old is None or old > window.ended:
            return False
        if (planned.id, old) in self._seen:
            if was_active:
                self.must.add((planned.id, old))
            return False
        if entry is None or self.instant(planned, entry) != old or entry.is_active != was_active:
            return False
        if of_settings and was_active:
            self.may.add((planned.id, old))
        return not of_settings

    def _schedule(self, planned: Planned, entry: Entry | None, window: Window, *, may_be_late: bool) -> None:
        """Await the instant of a reminder, if it is still to come."""
        planned.awaited = None
        at = self.instant(planned, entry) if entry else None
        if entry is None or at is None:
            return
        if at > window.ended:
            planned.awaited = at
        elif entry.is_active and (at > window.began or may_be_late):
            self.may.add((planned.id, at))

    def _read_feed(self) -> None:
        """See what has fired up to now."""
        has_more = True
        while has_more:
            query: dict[str, Any] = {"limit": _PAGE, **({"cursor": self._cursor} if self._cursor else {})}
            page = ok(self.person.client.get(FEED, params=query))
            fired = map(Firing.shown, page["fired_reminders"])
            self._seen |= {(each.reminder_id, each.fires_at) for each in fired}
            self._cursor, has_more = page["next_cursor"], page["has_more"]

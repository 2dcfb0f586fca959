"""Somebody with tasks of their own, many of which recur: completes, skips, reopens and moves them, and is reminded."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Collection
from typing import Final

import httpx

from domain import zones
from tests.integration.followers.expectations import Entry, Expectations, Planned, Window
from tests.integration.followers.firings import Firing
from tests.integration.followers.next_occurrences import check_next
from tests.integration.model.things import Json
from tests.support.clients import Person, created, everything, new_id, ok
from tests.support.shared_clocks import SharedClock

_RECENT: Final = 12
"""So many tasks are changed. Older ones stay as they are."""
_HOUR: Final = dt.timedelta(hours=1)
_SOON: Final = dt.timedelta(seconds=4)
_ZONES: Final = ("Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")
_SETTINGS: Final = {"time_zone": _ZONES, "reminder_time": ("00:30", "06:00", "12:30", "18:00", "21:15")}
"""What of an account decides when reminders fire."""
_OF_DAYS: Final = ("FREQ=DAILY", "FREQ=DAILY;COUNT=3")
_RULES: Final = (*_OF_DAYS, "FREQ=HOURLY;INTERVAL=3", "FREQ=DAILY;BYHOUR=2,9,17")
_OVERDUE: Final = ("skip", "skip", "step")
_ANCHOR: Final = ("due", "due", "completion")
_BEFORE_DUE: Final = (0, 0, 5, 60, 600)


class Agenda:
    """The tasks of *person*. Whether this *changes_settings*, or somebody else changes the account."""

    def __init__(self, person: Person, clock: SharedClock, chance: random.Random, *, changes_settings: bool) -> None:
        self.person = person
        self._clock = clock
        self._chance = chance
        self._changes_settings = changes_settings
        self._entries: list[Entry] = []
        self.expected = Expectations(person, clock)

    def begin(self) -> None:
        """Make each kind of change to a task of its own, of which most reminders are still to come."""
        ends = (self._complete, self._skip, self._cancel, self._delete)
        for acts in (*((each, self._undo) for each in ends), *((each,) for each in ends)):
            self._create(recurs=True)
            for act in acts:
                act(self._entries[-1])
        for act in (self._move, self._move_reminder, self._delete_reminder):
            self._create()
            act(self._entries[-1])
        for name in _SETTINGS if self._changes_settings else ():
            self._create(has_time=False)
            self._remind(self._entries[-1], {"before_due": 0})
            self._change_settings(name)

    def go_on(self, changes: int) -> None:
        """Make some changes, one after the other."""
        for _ in range(changes):
            if self._chance.random() < 0.25:
                self._create()
            elif self._changes_settings and self._chance.random() < 0.15:
                self._change_settings(self._chance.choice(tuple(_SETTINGS)))
            else:
                self._change(self._chance.choice(self._entries[-_RECENT:]))

    def end(self) -> None:
        """Complete what recurs, much of which is overdue."""
        for entry in self._entries[-_RECENT:]:
            if entry.is_active and entry.task["recurrence"]:
                self._complete(entry)

    def check(self, fired: list[Firing], *, since: dt.datetime) -> None:
        """Check all that has *fired* for this person. What had come due *since* then has fired, or passed."""
        self.expected.check(self._entries, fired, since=since)
        for entry in self._entries:
            if not entry.is_trashed:
                shown = everything(self.person.client, f"{entry.path}/completions", limit=200)
                found = [(each["occurrence"], each["kind"]) for each in shown]
                # They are listed by the clocks of servers, of which one is ahead.
                assert sorted(found, key=str) == sorted(entry.done, key=str), f"{found} are not {entry.done}"

    def _create(self, *, recurs: bool = False, has_time: bool | None = None) -> None:
        has_time = self._chance.random() < 0.75 if has_time is None else has_time  # most have one
        body: Json = {"title": "Sow", "due": self._due(has_time=has_time)}
        if recurs or self._chance.random() < 0.75:
            rule = self._chance.choice(_RULES if has_time else _OF_DAYS)
            overdue, anchor = self._chance.choice(_OVERDUE), self._chance.choice(_ANCHOR)
            body["recurrence"] = {"rule": rule, "overdue": overdue, "anchor": anchor}
        task = created(self._post(f"{self.person.home}/tasks", body))
        entry = Entry(f"{self.person.home}/tasks/{task['id']}", task)
        self._entries.append(entry)
        for _ in range(self._chance.randint(1, 3)):
            self._remind(entry)

    def _due(self, *, has_time: bool) -> Json:
        """A day or a time that is soon, or was so."""
        zone = self._chance.choice((None, *_ZONES)) if has_time else None
        instant = self._clock() + self._chance.uniform(-3, 8) * _HOUR
        local = instant.astimezone(zones.zone(zone or self.expected.settings["time_zone"]))
        day = {"date": local.date().isoformat()}
        return {**day, "time": f"{local:%H:%M}", "time_zone": zone} if has_time else day

    def _remind(self, entry: Entry, when: Json | None = None) -> None:
        body = when or self._when()

        def send() -> None:
            shown = created(self._post(f"{entry.path}/reminders", body))
            entry.reminders.append(Planned(shown["id"], *_planned(shown)))

        self.expected.change([entry], send)

    def _when(self) -> Json:
        """At an instant, often at once, or before the task is due."""
        at = self._clock() + self._chance.random() * self._chance.choice((_SOON, 4 * _HOUR))
        return self._chance.choice(({"before_due": self._chance.choice(_BEFORE_DUE)}, {"at": at.isoformat()}))

    def _change_settings(self, name: str) -> None:
        others = [each for each in _SETTINGS[name] if each != self.expected.settings[name]]
        change = {name: self._chance.choice(others)}

        def send() -> None:
            self.expected.settings = ok(self._patch("/v1/users/me", change))

        self.expected.change(self._entries, send, of_settings=True)

    def _change(self, entry: Entry) -> None:
        acts: list[Callable[[Entry], object]]
        if entry.is_trashed:
            acts = [self._undo]
        elif entry.task["status"] != "open":
            acts = [self._reopen, self._reopen, self._delete]
        else:
            acts = [self._move, self._move, self._remind, self._move_reminder, self._delete_reminder, self._delete]
            acts += [self._cancel, self._complete, self._complete]
            if entry.task["recurrence"]:
                acts += [self._complete, self._complete, self._skip, *[self._reopen] * 3 * bool(entry.done)]
        self._chance.choice(acts)(entry)

    def _complete(self, entry: Entry) -> None:
        self._end(entry, "complete", "completed")

    def _skip(self, entry: Entry) -> None:
        self._end(entry, "skip", "skipped")

    def _end(self, entry: Entry, action: str, kind: str) -> None:
        before, zone = entry.task, self.expected.settings["time_zone"]
        body = {"occurrence": before["occurrence"]} if before["recurrence"] else {}
        window = self._act(entry, action, body)
        if before["recurrence"]:
            entry.done.append((before["occurrence"], kind))
            check_next(self.person, before, entry.task, window, time_zone=zone)

    def _reopen(self, entry: Entry) -> None:
        """Take back the latest completion, or only that the task was cancelled."""
        was = entry.task["status"]
        self._act(entry, "reopen", passed=self._passed(entry))
        if entry.done and was != "cancelled":
            entry.done.pop()

    def _undo(self, entry: Entry) -> None:
        (self._restore if entry.is_trashed else self._reopen)(entry)

    def _passed(self, entry: Entry) -> set[str]:
        """The reminders that have nothing to fire, unless it is still to be computed by other settings."""
        shown = everything(self.person.client, f"{entry.path}/reminders")
        known = [each for each in shown if each["at"] or not self._changes_settings]
        return {each["id"] for each in known if each["fires_at"] is None}

    def _cancel(self, entry: Entry) -> None:
        self._act(entry, "cancel")

    def _restore(self, entry: Entry) -> None:
        self._act(entry, "restore")

    def _act(self, entry: Entry, action: str, body: Json | None = None, *, passed: Collection[str] = ()) -> Window:
        def send() -> None:
            entry.task = ok(self._post(f"{entry.path}/{action}", body))
            entry.is_trashed = False

        return self.expected.change([entry], send, passed=passed)

    def _move(self, entry: Entry) -> None:
        """Let this occurrence be another time, and all that follow if that is another one of the day."""
        due = self._due(has_time=entry.task["due"]["time"] is not None)

        def send() -> None:
            entry.task = ok(self._patch(entry.path, {"due": due}))

        self.expected.change([entry], send)

    def _move_reminder(self, entry: Entry) -> None:
        if not entry.reminders:
            return
        planned = self._chance.choice(entry.reminders)

        def send() -> None:
            shown = ok(
                self._patch(f"{entry.path}/reminders/{planned.id}", {"at": None, "before_due": None, **self._when()})
            )
            planned.at, planned.before_due = _planned(shown)

        self.expected.change([entry], send)

    def _delete_reminder(self, entry: Entry) -> None:
        if not entry.reminders:
            return
        planned = self._chance.choice(entry.reminders)

        def send() -> None:
            self._delete_path(f"{entry.path}/reminders/{planned.id}")
            entry.reminders.remove(planned)

        self.expected.change([entry], send)

    def _delete(self, entry: Entry) -> None:
        def send() -> None:
            self._delete_path(entry.path)
            entry.is_trashed = True

        self.expected.change([entry], send)

    def _post(self, path: str, body: Json | None = None) -> httpx.Response:
        """A request that is processed once, although it may be sent again."""
        return self.person.client.post(path, json=body, headers={"Idempotency-Key": new_id()})

    def _patch(self, path: str, body: Json) -> httpx.Response:
        return self.person.client.merge(path, body, Idempotency_Key=new_id())

    def _delete_path(self, path: str) -> None:
        """Delete something, or find that a request that got no response has done so."""
        assert self.person.client.delete(path).status_code in {204, 404}


def _planned(shown: Json) -> tuple[dt.datetime | None, int | None]:
    """When a reminder fires: at an instant, or so many minutes before its task is due."""
    return shown["at"] and dt.datetime.fromisoformat(shown["at"]), shown["before_due"]

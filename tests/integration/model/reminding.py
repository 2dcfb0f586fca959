"""What must be equal in the model and on the server of each person's own: their reminders, and which of them fired."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import select

from persistence.reminder_rows import reminders
from tests.integration.model.jobs import ReminderJobs
from tests.integration.model.reminders import fire, renew
from tests.integration.model.things import Account, Json, Reminder
from tests.integration.model.workspace import Workspace
from tests.support.clients import Person, everything, ok, rejected
from tests.support.prepared import OPERATIONS
from tests.support.tables import Tables

HOMES: Final = (("America/New_York", "09:00"), ("Pacific/Auckland", "18:30"))
"""The zones of the owner and the guest, and the time of their reminders, to begin with."""
_FEED: Final = OPERATIONS["list_my_changes"].path
_STORED: Final = (
    *("user_id", "id", "task_id", "at", "before_due", "fires_at"),
    *("fired_at", "created_at", "updated_at", "revision"),
)
_OF_CLOCK: Final = ("created_at", "updated_at", "fired_at")
"""Members of which the minute must be right: see JumpingClock."""


@dataclass
class Reminding:
    """The reminders of two people in a workspace. `unread` has what they are sent next of those that have fired."""

    people: tuple[Person, Person]
    tables: Tables
    home: str
    jobs: ReminderJobs
    cursors: dict[str, str] = field(default_factory=dict)
    unread: defaultdict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for person in self.people:
            self.read_feed(person, limit=200)

    def run_jobs(self, now: Workspace, *, renewing: bool) -> None:
        """Fire what is due, after reminders are computed anew or before."""
        if renewing:
            self.jobs.renew()
            renew(now)
        self.jobs.fire()
        for user_id, sent in fire(now):
            self.unread[user_id].append({**sent, "workspace_id": self._workspace_id})
        self.check_stored(now)

    def check_feeds(self, now: Workspace, *, limit: int) -> None:
        """Whoever is not a member does not get what fired, and not later either."""
        for person in self.people:
            fired = self.read_feed(person, limit=limit)
            expected = self.unread.pop(person.id, [])
            is_member = person.id in {member.id for member in now.members}
            assert fired == ([_by_minute(each) for each in expected] if is_member else [])

    def read_feed(self, person: Person, *, limit: int) -> list[Json]:
        """What of a person's reminders has fired since the last time."""
        fired: list[Json] = []
        has_more = True
        while has_more:
            cursor = {"cursor": self.cursors[person.id]} if person.id in self.cursors else {}
            page = ok(person.client.get(_FEED, params={"limit": limit, **cursor}))
            assert len(page["fired_reminders"]) <= limit
            fired += page["fired_reminders"]
            self.cursors[person.id], has_more = page["next_cursor"], page["has_more"]
        return [_by_minute(each) for each in fired]

    def check_stored(self, now: Workspace) -> None:
        """All of them, as the tables have them: most change without a request about them."""
        here = reminders.c.workspace_id == UUID(self._workspace_id)
        columns = [reminders.c[name] for name in _STORED]
        rows = self.tables.rows(select(*columns).where(here).order_by(reminders.c.id))
        found = [_by_minute(dict(zip(_STORED, map(_plain, row), strict=True))) for row in rows]
        expected = [{"user_id": each.user_id, **each.shown()} for each in now.reminders]
        assert found == sorted(map(_by_minute, expected), key=lambda each: each["id"])

    def check_shown(self, shown: Json, reminder: Reminder) -> None:
        """What the server sends for one."""
        assert _by_minute(shown) == _by_minute({**reminder.shown(), "workspace_id": self._workspace_id})

    def check_everything(self, now: Workspace, *, limit: int) -> None:
        """Each person has their own, and nobody else's. What is in the trash is not found."""
        self.check_feeds(now, limit=limit)
        for person in self.people:
            if person.id not in {member.id for member in now.members}:
                continue
            mine = [each for each in now.reminders if each.user_id == person.id and now.find(each.task_id)]
            self._check_list(everything(person.client, self._path("list_my_reminders"), limit=limit), mine)
            for task in now.tasks:
                found = everything(person.client, self._path("list_reminders", task_id=task.id), limit=limit)
                self._check_list(found, [each for each in mine if each.task_id == task.id])
            for reminder in now.reminders:
                self._check_one(now, person, reminder)

    def _check_list(self, found: list[Json], expected: list[Reminder]) -> None:
        """The oldest first, that is by id."""
        for shown, reminder in zip(found, sorted(expected, key=lambda each: each.id), strict=True):
            self.check_shown(shown, reminder)

    def _check_one(self, now: Workspace, person: Person, reminder: Reminder) -> None:
        path = self._path("get_reminder", task_id=reminder.task_id, reminder_id=reminder.id)
        response = person.client.get(path)
        if person.id == reminder.user_id and now.find(reminder.task_id):
            self.check_shown(ok(response), reminder)
            assert response.headers["ETag"] == f'"{reminder.revision}"'
        else:
            rejected(response, 404, "not-found")

    def _path(self, operation_id: str, **names: str) -> str:
        return OPERATIONS[operation_id].path.format(workspace_id=self._workspace_id, **names)

    @property
    def _workspace_id(self) -> str:
        return self.home.rpartition("/")[2]


def settle(person: Person, home: tuple[str, str], *, now: dt.datetime) -> Account:
    """Give a person a zone and a time for reminders, as a change of their account of *now*."""
    zone, time = home
    for each in ("UTC", zone):
        account = ok(person.client.merge("/v1/users/me", {"time_zone": each, "reminder_time": time}))
    return Account(time_zone=account["time_zone"], reminder_time=account["reminder_time"], changed_at=now)


def _by_minute(shown: Json) -> Json:
    """The same, with instants that can be compared."""
    instants = {name: _instant(shown[name]) for name in shown if name.endswith("_at") or name == "at"}
    minutes = {name: at.replace(second=0, microsecond=0) for name in _OF_CLOCK if (at := instants.get(name))}
    return {**shown, **instants, **minutes}


def _instant(value: str | dt.datetime | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


def _plain(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value

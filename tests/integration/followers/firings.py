"""Which reminders have fired, and when they are to fire: read from the database, computed without the domain."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from domain import zones
from persistence.fired_reminders import fired_reminders
from persistence.memberships import members
from persistence.reminder_rows import reminders, stale_reminders
from persistence.task_rows import tasks
from persistence.users import users
from tests.integration.followers.servers import AHEAD_S
from tests.integration.model.things import Json
from tests.support.programs import patiently
from tests.support.shared_clocks import SharedClock
from tests.support.tables import Tables

SKEW: Final = dt.timedelta(seconds=2 * AHEAD_S)
"""More than the clocks of two servers differ."""
_IN_STEP: Final = (
    select(reminders, tasks.c.due_date, tasks.c.due_time, tasks.c.due_time_zone)
    .add_columns(users.c.time_zone, users.c.reminder_time)
    .join_from(
        reminders,
        tasks,
        (tasks.c.workspace_id == reminders.c.workspace_id) & (tasks.c.id == reminders.c.task_id),
    )
    .join(users, users.c.id == reminders.c.user_id)
    .join(members, (members.c.workspace_id == reminders.c.workspace_id) & (members.c.user_id == reminders.c.user_id))
)
"""The reminders that may fire, those of members, with all that this depends on."""


class Firing(NamedTuple):
    """One entry of the record, or what a client got of it."""

    reminder_id: str
    workspace_id: str
    task_id: str
    fires_at: dt.datetime
    fired_at: dt.datetime

    @classmethod
    def shown(cls, shown: Json) -> Firing:
        """What a response has."""
        fires_at, fired_at = (dt.datetime.fromisoformat(shown[name]) for name in ("fires_at", "fired_at"))
        return cls(shown["reminder_id"], shown["workspace_id"], shown["task_id"], fires_at, fired_at)


def instant(due: Json | None, before_due: int, *, time_zone: str, reminder_time: dt.time) -> dt.datetime | None:
    """When a reminder of a task that is due then fires, as its owner's settings are; None if it is not due."""
    if due is None:
        return None
    time = reminder_time if due["time"] is None else dt.time.fromisoformat(due["time"])
    zone = zones.zone(due["time_zone"] or time_zone)
    local = dt.datetime.combine(dt.date.fromisoformat(due["date"]), time, zone)
    return local.astimezone(dt.UTC) - dt.timedelta(minutes=before_due)


def record(tables: Tables, user_id: str) -> list[Firing]:
    """The record of a user, in order. Its numbers must have no gap, and nothing may fire early, or twice for a time."""
    names = [fired_reminders.c[name] for name in Firing._fields]
    which = select(fired_reminders.c.number, *names).where(fired_reminders.c.user_id == UUID(user_id))
    rows = tables.rows(which.order_by(fired_reminders.c.number))
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    fired = [Firing(str(row[1]), str(row[2]), str(row[3]), row[4], row[5]) for row in rows]
    assert all(each.fired_at >= each.fires_at for each in fired)
    assert len({(each.reminder_id, each.fires_at) for each in fired}) == len(fired)
    return fired


def await_all(tables: Tables, clock: SharedClock) -> dt.datetime:
    """Wait until all that is due by now has fired or passed, and all is computed by the settings of now. Return now."""
    now = clock()
    is_member = (members.c.workspace_id == reminders.c.workspace_id) & (members.c.user_id == reminders.c.user_id)
    due = select(func.count()).select_from(reminders).join(members, is_member).where(reminders.c.fires_at <= now)
    for _ in patiently():
        if [tables.rows(each) for each in (due, select(func.count()).select_from(stale_reminders))] == [[(0,)]] * 2:
            return now
    raise TimeoutError


def check_in_step(tables: Tables, clock: SharedClock, *, since: dt.datetime) -> None:
    """Check that each reminder that exists is to fire at its instant: at none that had come *since* then.

    And that it says itself when it last fired, unless that was after then.
    """
    fired = select(fired_reminders.c.reminder_id, func.max(fired_reminders.c.fired_at))
    fired = fired.where(fired_reminders.c.fired_at <= since)
    last = dict(tables.rows(fired.group_by(fired_reminders.c.reminder_id)))
    for values in tables.rows(_IN_STEP):
        row = dict(zip(_IN_STEP.selected_columns.keys(), values, strict=True))
        at = _instant_of(row)
        if at is None or at <= since - SKEW:
            assert row["fires_at"] is None, row
        elif at > clock() + SKEW:
            assert row["fires_at"] == at, row
        assert row["fired_at"] == last.get(row["id"]) or row["fired_at"] > since, row


def _instant_of(row: Json) -> dt.datetime | None:
    if row["before_due"] is None:
        at: dt.datetime = row["at"]
        return at
    due = None
    if row["due_date"] is not None:
        time = row["due_time"] and row["due_time"].isoformat()
        due = {"date": row["due_date"].isoformat(), "time": time, "time_zone": row["due_time_zone"]}
    return instant(due, row["before_due"], time_zone=row["time_zone"], reminder_time=row["reminder_time"])

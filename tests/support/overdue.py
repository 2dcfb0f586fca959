"""Many reminders that are overdue, of several users, and a check that each of them has fired once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from domain import reminders, tasks
from domain.model.reminders import Reminder
from domain.tasks import TaskDraft
from persistence import reminder_rows
from persistence.database import Database
from persistence.fired_reminders import fired_reminders
from persistence.users import users
from tests.support.defaults import NOON
from tests.support.service_callers import Caller, Clock
from tests.support.things import HOUR

SECOND = dt.timedelta(seconds=1)


async def remind(caller: Caller) -> Reminder:
    """A reminder of a new task in an hour."""
    task = await caller.write(tasks.create, TaskDraft(title="Sow"))
    return await caller.write(reminders.create, task.id, at=NOON + HOUR)


def later(caller: Caller, **changes: Any) -> Caller:
    """What fires reminders an hour later."""
    return replace(caller.account, principal=None, clock=Clock(NOON + HOUR), **changes)


async def add_overdue(database: Database, names: Sequence[str], *, each: int) -> dict[UUID, list[UUID]]:
    """Register users who have *each* so many reminders, one a second, in their personal workspaces.

    The ids of the reminders in the order of their times, by user.
    """
    added: dict[UUID, list[UUID]] = {}
    now = dt.datetime.now(dt.UTC)
    for name in names:
        owner = await Caller(database=database).register(name)
        task = await owner.write(tasks.create, TaskDraft(title="Sow"))
        ids = [uuid7() for _ in range(each)]
        common = {"workspace_id": owner.workspace_id, "task_id": task.id, "user_id": owner.user_id, "revision": 1}
        times = {"created_at": now, "updated_at": now}
        rows = [
            {**common, **times, "id": ids[n], "at": now - n * SECOND, "fires_at": now - n * SECOND} for n in range(each)
        ]
        async with database.transaction() as transaction:
            await transaction.run(insert(reminder_rows.reminders), rows)
        added[owner.user_id] = ids[::-1]
    return added


async def check_fired(database: Database, expected: Mapping[UUID, Sequence[UUID]]) -> None:
    """Raise AssertionError unless each of these has fired once, in their order, and nothing else has."""
    columns = (fired_reminders.c.user_id, fired_reminders.c.number, fired_reminders.c.reminder_id)
    rows = await database.rows(select(*columns).order_by(*columns[:2]), {})
    found = {user: list(of_user) for user, of_user in groupby(rows, key=lambda row: row[0])}
    assert {user: [row[2] for row in of_user] for user, of_user in found.items()} == expected
    assert all([row[1] for row in of_user] == list(range(1, 1 + len(of_user))) for of_user in found.values())
    counts = await database.rows(select(users.c.id, users.c.reminders_fired), {})
    assert {row[0]: row[1] for row in counts} == {user: len(ids) for user, ids in expected.items()}
    table = reminder_rows.reminders
    left = select(table.c.id).where(table.c.fires_at.is_not(None) | table.c.fired_for.is_(None))
    assert await database.rows(left, {}) == []

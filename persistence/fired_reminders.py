"""The table and the repository of reminders that have fired. They are kept as long as what the logs have."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Time,
    Uuid,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from domain.model.fired_reminders import FiredReminder
from persistence.compiled import BULK
from persistence.mapping import Mapper
from persistence.metadata import INSTANT, UNLOGGED, metadata
from persistence.purges import Expired
from persistence.runners import Runner
from persistence.task_rows import wall_clock
from persistence.users import users

fired_reminders: Final = Table(
    "fired_reminders",
    metadata,
    Column("user_id", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("reminder_id", Uuid, nullable=False),
    Column("workspace_id", Uuid, nullable=False),
    Column("task_id", Uuid, nullable=False),
    Column("fires_at", INSTANT, nullable=False),
    Column("fired_at", INSTANT, nullable=False),
    Column("due_date", Date),
    Column("due_time", Time),
    Column("due_time_zone", Text),
    Column("occurrence_date", Date),
    Column("occurrence_time", Time),
    Column("occurrence_time_zone", Text),
    PrimaryKeyConstraint("user_id", "number"),
    ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
    Index(None, "fired_at"),
    info=UNLOGGED,
)
"""The number is the user's next one, taken under the lock on the user (`users.reminders_fired`): so the numbers are in
the order of the commits, and nobody who has read one misses a lower one."""

_MAPPER: Final = Mapper(
    FiredReminder,
    fired_reminders,
    stored={
        name: wall_clock(*(fired_reminders.c[f"{name}_{part}"] for part in ("date", "time", "time_zone")))
        for name in ("due", "occurrence")
    },
)
_BETWEEN: Final = (
    select(*_MAPPER.columns)
    .where(
        fired_reminders.c.user_id == bindparam("user"),
        fired_reminders.c.number > bindparam("after"),
        fired_reminders.c.number <= bindparam("to"),
    )
    .order_by(fired_reminders.c.number)
    .limit(bindparam("limit"))
)
_INSERT: Final = insert(fired_reminders)
_MINE: Final = fired_reminders.c.user_id == bindparam("user")
_some: Final = select(fired_reminders.c.number).where(_MINE).limit(bindparam("limit"))
_DELETE_SOME: Final = (
    delete(fired_reminders).where(_MINE, fired_reminders.c.number.in_(_some)).execution_options(**BULK)
)
_COUNT: Final = update(users).where(users.c.id == bindparam("user"))
_OLD: Final = Expired(fired_reminders, fired_reminders.c.fired_at)


async def purge(runner: Runner, *, now: dt.datetime, kept: dt.timedelta) -> int:
    """Delete some of those that fired longer ago than *kept*. Return how many; repeat until there are none."""
    return await _OLD.delete_some(runner, before=now - kept)


class FiredReminders:
    """Implements domain.model.fired_reminders.FiredReminderRepository."""

    def __init__(self, runner: Runner, wake: Callable[[UUID], None]) -> None:
        self._runner = runner
        self._wake = wake

    async def add(self, fired: Sequence[FiredReminder]) -> None:
        last = {each.user_id: each.number for each in fired}
        if fired:
            await self._runner.run(_INSERT, [_MAPPER.values(each) for each in fired])
            await self._runner.run(_COUNT, [{"user": user, "reminders_fired": n} for user, n in last.items()])
        for user_id in last:
            self._wake(user_id)

    async def between(self, user_id: UUID, *, after: int, to: int, limit: int) -> Sequence[FiredReminder]:
        place = {"user": user_id, "after": after, "to": to, "limit": limit}
        return _MAPPER.all(await self._runner.rows(_BETWEEN, place))

    async def delete_some(self, user_id: UUID, *, limit: int) -> int:
        return await self._runner.run(_DELETE_SOME, {"user": user_id, "limit": limit})

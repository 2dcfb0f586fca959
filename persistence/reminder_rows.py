"""The tables of reminders. They are not with their repository, as jobs that delete tasks and workspaces need them.

Any repository may change them: nobody but its owner sees a reminder, so none is in the log of its workspace.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Uuid,
)

from domain.errors import IdTaken
from domain.model.reminders import Reminder
from persistence.mapping import Mapper
from persistence.metadata import INSTANT, SORTED_TEXT, UNLOGGED, means, metadata, partial_index

reminders: Final = Table(
    "reminders",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("task_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("at", INSTANT),
    Column("before_due", Integer),
    Column("fires_at", INSTANT),
    Column("fired_for", INSTANT),
    Column("fired_at", INSTANT),
    Column("zone_data", SORTED_TEXT),
    Column("created_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    Column("revision", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "id", info=means(IdTaken)),
    ForeignKeyConstraint(
        ["workspace_id", "task_id"],
        ["tasks.workspace_id", "tasks.id"],
        name="fk_reminders_task_id",
        ondelete="CASCADE",
    ),
    CheckConstraint("(at IS NULL) <> (before_due IS NULL)", name="at"),
    CheckConstraint("fires_at IS NOT NULL OR zone_data IS NULL", name="zone_data"),
    info=UNLOGGED,
)
Index(
    "ix_reminders_task_id",
    reminders.c.workspace_id,
    reminders.c.task_id,
    reminders.c.user_id,
    reminders.c.id,
)
Index("ix_reminders_user_id", reminders.c.workspace_id, reminders.c.user_id, reminders.c.id, reminders.c.task_id)
"""The task is there to be counted: 10,000 rows need not be read for it."""
partial_index("ix_reminders_fires_at", reminders.c.fires_at, where=reminders.c.fires_at.is_not(None))
"""In all workspaces: what is due. Most reminders have fired or passed, and are not in it."""
partial_index("ix_reminders_zone_data", reminders.c.zone_data, where=reminders.c.zone_data.is_not(None))
"""In all workspaces: what was computed with older zone data."""

stale_reminders: Final = Table(
    "stale_reminders",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("after", Uuid),
    PrimaryKeyConstraint("workspace_id", "user_id"),
    info=UNLOGGED,
)
"""Users and workspaces in which their reminders are to be computed anew; those up to the id `after` have been."""

REMINDERS: Final = Mapper(Reminder, reminders, fixed=("id", "workspace_id", "task_id", "user_id", "created_at"))

"""Reminders, and the time of day at which tasks that are due on a day count as due for them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_VERSION: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """There are none. Each user's `reminder_time` is 09:00, in the form in which either database stores it."""
    op.add_column("users", sa.Column("reminder_time", sa.Time(), nullable=False, server_default="09:00:00.000000"))
    op.create_table(
        "reminders",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", _INSTANT, nullable=True),
        sa.Column("before_due", sa.Integer(), nullable=True),
        sa.Column("fires_at", _INSTANT, nullable=True),
        sa.Column("fired_for", _INSTANT, nullable=True),
        sa.Column("fired_at", _INSTANT, nullable=True),
        sa.Column("zone_data", _VERSION, nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_reminders"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "task_id"],
            ["tasks.workspace_id", "tasks.id"],
            name="fk_reminders_task_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("(at IS NULL) <> (before_due IS NULL)", name="at"),
        sa.CheckConstraint("fires_at IS NOT NULL OR zone_data IS NULL", name="zone_data"),
    )
    op.create_index("ix_reminders_task_id", "reminders", ["workspace_id", "task_id", "user_id", "id"])
    op.create_index("ix_reminders_user_id", "reminders", ["workspace_id", "user_id", "id", "task_id"])
    for name in ("fires_at", "zone_data"):
        where = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_reminders_{name}", "reminders", [name], postgresql_where=where, sqlite_where=where)
    op.create_table(
        "stale_reminders",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="pk_stale_reminders"),
    )


def downgrade() -> None:
    """All reminders are lost, and what users set for them."""
    op.drop_table("stale_reminders")
    op.drop_table("reminders")
    op.drop_column("users", "reminder_time")

"""Completions of recurring tasks."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """There are none."""
    op.create_table(
        "completions",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurrence_date", sa.Date(), nullable=False),
        sa.Column("occurrence_time", sa.Time()),
        sa.Column("occurrence_time_zone", sa.Text()),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("due_time", sa.Time()),
        sa.Column("due_time_zone", sa.Text()),
        sa.Column("completed_by", sa.Uuid(), nullable=False),
        sa.Column("completed_at", _INSTANT, nullable=False),
        sa.Column("start_date", sa.Date()),
        sa.Column("start_time", sa.Time()),
        sa.Column("start_time_zone", sa.Text()),
        sa.Column("series_start_date", sa.Date(), nullable=False),
        sa.Column("series_start_time", sa.Time()),
        sa.Column("remaining", sa.BigInteger()),
        sa.Column("occurrence_since", _INSTANT, nullable=False),
        sa.Column("previous_id", sa.Uuid()),
        sa.Column("is_last", sa.Boolean(), nullable=False),
        sa.Column("reopened", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_completions"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "task_id"],
            ["tasks.workspace_id", "tasks.id"],
            name="fk_completions_task_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("kind IN ('completed', 'skipped')", name=op.f("ck_completions_kind")),
    )
    op.create_index("ix_completions_completed_at", "completions", ["workspace_id", "task_id", "completed_at", "id"])
    op.add_column("tasks", sa.Column("completion_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """All completions are lost, and no longer count against the quota."""
    octets = "length(CAST(reopened AS BLOB))" if op.get_bind().dialect.name == "sqlite" else "octet_length(reopened)"
    size = f"SELECT sum(300 + {octets}) FROM completions WHERE workspace_id = workspaces.id"  # noqa: S608 -- our own names
    op.execute(f"UPDATE workspaces SET content_bytes = content_bytes - coalesce(({size}), 0)")  # noqa: S608 -- as above
    op.drop_column("tasks", "completion_id")
    op.drop_table("completions")

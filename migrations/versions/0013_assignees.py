"""Assignees of tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody is assigned to a task."""
    op.add_column("tasks", sa.Column("assignee_ids", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.create_table(
        "task_assignees",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "task_id", "user_id", name="pk_task_assignees"),
        sa.ForeignKeyConstraint(
            ["workspace_id", "task_id"],
            ["tasks.workspace_id", "tasks.id"],
            name="fk_task_assignees_task_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_task_assignees_user_id", "task_assignees", ["workspace_id", "user_id", "task_id"])


def downgrade() -> None:
    """The assignees of tasks are lost."""
    op.drop_table("task_assignees")
    op.drop_column("tasks", "assignee_ids")

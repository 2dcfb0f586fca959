"""Tasks that are to be closed before other tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No task depends on another one."""
    op.add_column("tasks", sa.Column("depends_on_ids", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.add_column("tasks", sa.Column("blocked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "task_dependencies",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("depends_on_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "task_id", "depends_on_id", name="pk_task_dependencies"),
        *(
            sa.ForeignKeyConstraint(
                ["workspace_id", column],
                ["tasks.workspace_id", "tasks.id"],
                name=f"fk_task_dependencies_{column}",
                ondelete="CASCADE",
            )
            for column in ("task_id", "depends_on_id")
        ),
    )
    op.create_index(
        "ix_task_dependencies_depends_on_id", "task_dependencies", ["workspace_id", "depends_on_id", "task_id"]
    )


def downgrade() -> None:
    """What tasks depend on is lost."""
    op.drop_table("task_dependencies")
    op.drop_column("tasks", "blocked")
    op.drop_column("tasks", "depends_on_ids")

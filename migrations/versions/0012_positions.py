"""Positions are unique."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The domain has made them unique from the first one on."""
    op.create_index("uq_tasks_position", "tasks", ["workspace_id", "project_id", "position"], unique=True)


def downgrade() -> None:
    """Nothing is lost."""
    op.drop_index("uq_tasks_position", "tasks")

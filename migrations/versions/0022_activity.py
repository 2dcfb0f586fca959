"""What happened to one thing is read from the log of its workspace."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing changes but an index."""
    op.create_index("ix_events_entity_id", "events", ["workspace_id", "entity_id", "revision", "sequence"])


def downgrade() -> None:
    """Nothing is lost."""
    op.drop_index("ix_events_entity_id", "events")

"""Clients that keep a copy of a workspace read its log."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No tombstone was deleted yet. In each change, the last event of each entity is found."""
    op.add_column("workspaces", sa.Column("changes_from", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("events", sa.Column("is_last", sa.Boolean(), nullable=False, server_default=sa.true()))
    events = sa.table(
        "events",
        sa.column("workspace_id", sa.Uuid()),
        sa.column("revision", sa.BigInteger()),
        sa.column("sequence", sa.Integer()),
        sa.column("entity_id", sa.Uuid()),
        sa.column("is_last", sa.Boolean()),
    )
    later = events.alias("later")
    is_followed = sa.exists().where(
        later.c.workspace_id == events.c.workspace_id,
        later.c.revision == events.c.revision,
        later.c.sequence > events.c.sequence,
        later.c.entity_id == events.c.entity_id,
    )
    op.execute(events.update().where(is_followed).values(is_last=sa.false()))


def downgrade() -> None:
    """It can be found again."""
    op.drop_column("events", "is_last")
    op.drop_column("workspaces", "changes_from")

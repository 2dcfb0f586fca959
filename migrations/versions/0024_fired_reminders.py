"""Which reminders have fired, for the feeds of their owners."""

import sqlalchemy as sa
from alembic import op

from persistence.metadata import INSTANT

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None has fired."""
    op.add_column("users", sa.Column("reminders_fired", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "fired_reminders",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("reminder_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("fires_at", INSTANT, nullable=False),
        sa.Column("fired_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "number", name="pk_fired_reminders"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_fired_reminders_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_fired_reminders_fired_at", "fired_reminders", ["fired_at"])


def downgrade() -> None:
    """What has fired does not fire again."""
    op.drop_table("fired_reminders")
    op.drop_column("users", "reminders_fired")

"""The devices of sessions. At most one refresh token of a session is live: the database sees to it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0002"
branch_labels = None
depends_on = None

_LIVE = "replaced_at IS NULL"


def upgrade() -> None:
    """Nobody knows the devices of older sessions. One of their refresh tokens is live, too: each was spent for the next."""
    op.add_column("sessions", sa.Column("device", sa.Text(), nullable=True))
    op.create_index(
        "uq_refresh_tokens_live",
        "refresh_tokens",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text(_LIVE),
        sqlite_where=sa.text(_LIVE),
    )


def downgrade() -> None:
    """The devices are forgotten."""
    op.drop_index("uq_refresh_tokens_live", "refresh_tokens")
    op.drop_column("sessions", "device")

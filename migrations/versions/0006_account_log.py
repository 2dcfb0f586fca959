"""At most one refresh token of a session is live: the database sees to it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0002"
branch_labels = None
depends_on = None

_LIVE = "replaced_at IS NULL"


def upgrade() -> None:
    """Of older sessions it holds, too: each refresh spent a token for the next."""
    op.create_index(
        "uq_refresh_tokens_live",
        "refresh_tokens",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text(_LIVE),
        sqlite_where=sa.text(_LIVE),
    )


def downgrade() -> None:
    """Nothing is lost."""
    op.drop_index("uq_refresh_tokens_live", "refresh_tokens")

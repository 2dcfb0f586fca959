"""Which workspaces users are not in any more."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Nothing is known of those that were left before."""
    op.create_table(
        "departures",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("departed_at", _INSTANT, nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "departed_at", "workspace_id", name="pk_departures"),
    )
    op.create_index("ix_departures_departed_at", "departures", ["departed_at"])


def downgrade() -> None:
    """They are forgotten."""
    op.drop_table("departures")

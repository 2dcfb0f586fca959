"""Personal tokens, and when they and sessions were last used."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Of the sessions that are there, the last refresh is the last use that is known."""
    op.add_column("sessions", sa.Column("last_used_at", _INSTANT, nullable=True))
    op.execute("UPDATE sessions SET last_used_at = last_refreshed_at")
    op.create_table(
        "personal_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("workspace_ids", sa.Text(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=True),
        sa.Column("last_used_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_personal_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_personal_tokens_user_id", ondelete="CASCADE"),
        sa.UniqueConstraint("digest", name="uq_personal_tokens_digest"),
    )
    op.create_index("ix_personal_tokens_user_id_id", "personal_tokens", ["user_id", "id"])
    op.create_index("ix_personal_tokens_expires_at", "personal_tokens", ["expires_at"])


def downgrade() -> None:
    """The personal tokens are lost."""
    op.drop_table("personal_tokens")
    op.drop_column("sessions", "last_used_at")

"""A log of each account; the devices of sessions; at most one live refresh token in each."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_LIVE = "replaced_at IS NULL"


def upgrade() -> None:
    """Older sessions have no device, and one live refresh token as it is: each was spent for the next."""
    op.add_column("sessions", sa.Column("device", sa.Text(), nullable=True))
    for name, column, unique in (
        ("uq_refresh_tokens_live", "session_id", True),
        ("ix_refresh_tokens_live_expires_at", "expires_at", False),
    ):
        op.create_index(
            name,
            "refresh_tokens",
            [column],
            unique=unique,
            postgresql_where=sa.text(_LIVE),
            sqlite_where=sa.text(_LIVE),
        )
    _create_log()


def downgrade() -> None:
    """The logs are lost, and the devices are forgotten."""
    op.drop_table("account_events")
    for name in ("ix_refresh_tokens_live_expires_at", "uq_refresh_tokens_live"):
        op.drop_index(name, "refresh_tokens")
    op.drop_column("sessions", "device")


def _create_log() -> None:
    op.create_table(
        "account_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account_events"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_account_events_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_account_events_user_id_id", "account_events", ["user_id", "id"])
    op.create_index("ix_account_events_recorded_at", "account_events", ["recorded_at"])

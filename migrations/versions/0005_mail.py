"""Mails that are to be sent, the tokens that they bring, and when an address was verified.

Of the accounts that are there, no address is verified.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Two tables are new, and a column of the accounts."""
    op.add_column("users", sa.Column("email_verified_at", _INSTANT, nullable=True))
    _create_one_time_tokens()
    _create_outbox()


def downgrade() -> None:
    """Deletes the e-mails that wait, the tokens of those that were sent, and which addresses are verified."""
    op.drop_table("outbox")
    op.drop_table("one_time_tokens")
    op.drop_column("users", "email_verified_at")


def _create_one_time_tokens() -> None:
    op.create_table(
        "one_time_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_one_time_tokens"),
        sa.UniqueConstraint("user_id", "kind", name="uq_one_time_tokens_user_id_kind"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_one_time_tokens_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("kind IN ('verification', 'reset')", name=op.f("ck_one_time_tokens_kind")),
    )
    op.create_index("ix_one_time_tokens_expires_at", "one_time_tokens", ["expires_at"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("workspace_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_outbox_user_id", ondelete="CASCADE"),
        sa.CheckConstraint("kind IN ('verification', 'reset', 'invitation')", name=op.f("ck_outbox_kind")),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])
    op.create_index("ix_outbox_user_id", "outbox", ["user_id"])
    op.create_index(
        "uq_outbox_kind_email_key",
        "outbox",
        ["kind", "email_key"],
        unique=True,
        postgresql_where=sa.text("invitation_id IS NULL"),
        sqlite_where=sa.text("invitation_id IS NULL"),
    )

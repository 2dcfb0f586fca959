"""Personal tokens, invitations, and when tokens and sessions were last used."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_OF_MEMBERS = "type IN ('member.added', 'member.updated', 'member.removed')"


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
    _create_invitations()
    _index_events_of_members(["entity_id"])


def downgrade() -> None:
    """The personal tokens and invitations are lost."""
    _index_events_of_members(["workspace_id", "entity_id"])
    op.drop_table("invitations")
    op.drop_table("personal_tokens")
    op.drop_column("sessions", "last_used_at")


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name="pk_invitations"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_invitations_workspace_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("workspace_id", "email_key", name="uq_invitations_workspace_id_email_key"),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'admin', 'owner')", name=op.f("ck_invitations_role")),
    )
    op.create_index("ix_invitations_digest", "invitations", ["digest"])
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"])


def _index_events_of_members(columns: list[str]) -> None:
    """Deleting a person also deletes their data in workspaces that they have left."""
    op.drop_index("ix_events_members", "events")
    condition = sa.text(_OF_MEMBERS)
    op.create_index("ix_events_members", "events", columns, postgresql_where=condition, sqlite_where=condition)

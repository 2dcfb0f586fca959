"""The log of each workspace, tombstones, ids that clients created, and responses to return again.

A log begins with the first write after this migration.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT: TypeEngine[Any] = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
_OF_MEMBERS = "type IN ('member.added', 'member.updated', 'member.removed')"


def upgrade() -> None:
    """Four tables are new."""
    _create_log()
    _create_retries()


def downgrade() -> None:
    """Deletes the logs, and what makes retries safe."""
    for table in ("idempotency_keys", "client_ids", "tombstones", "events"):
        op.drop_table(table)


def _create_log() -> None:
    op.create_table(
        "events",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("workspace_id", "revision", "sequence", name="pk_events"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_events_workspace_id", ondelete="CASCADE"),
    )
    op.create_index(
        "ix_events_members",
        "events",
        ["workspace_id", "entity_id"],
        postgresql_where=sa.text(_OF_MEMBERS),
        sqlite_where=sa.text(_OF_MEMBERS),
    )
    op.create_table(
        "tombstones",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("deleted_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "revision", "sequence", name="pk_tombstones"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name="fk_tombstones_workspace_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_tombstones_entity_id", "tombstones", ["workspace_id", "entity_id"])


def _create_retries() -> None:
    op.create_table(
        "client_ids",
        sa.Column("space_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("space_id", "id", name="pk_client_ids"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("space_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("space_id", "user_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_recorded_at", "idempotency_keys", ["recorded_at"])
